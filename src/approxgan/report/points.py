"""Points of a data set and of samples as whole numbers in one square frame."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

SIDE = 1000
"""Points are whole numbers from 0 to this, across the frame of their data set."""
TRUE_POINTS = 500
MARGIN = 0.15
"""How far a frame reaches beyond the true points, as a share of their range."""

Frame = dict[str, Any]
"""low: its least coordinates; size: its side, in data units; x, y: the true points in it."""


def frames(data: pd.DataFrame) -> dict[str, Frame]:
    """Every data set's, from the table data."""
    known = data[np.isfinite(data[["x", "y"]].astype(float)).all(axis=1)]
    return {str(name): _frame(part) for name, part in known.groupby("dataset")}


def _frame(points: pd.DataFrame) -> Frame:
    true = points[points["source"] == "true"]
    true = (points if true.empty else true)[["x", "y"]].to_numpy(float)
    low, high = true.min(0), true.max(0)
    # One scale for both coordinates: a circle stays a circle.
    size = (1 + 2 * MARGIN) * float((high - low).max() or 1.0)
    low = (low + high - size) / 2
    frame = {"low": [float(f"{v:.6g}") for v in low], "size": float(f"{size:.6g}")}
    x, y, _ = _placed(true[:TRUE_POINTS], frame)
    return {**frame, "x": x, "y": y}


def _placed(points: np.ndarray, frame: Mapping[str, Any]) -> tuple[list[int], list[int], int]:
    """Points in the frame's whole numbers, and how many lie outside it."""
    places = (points - np.array(frame["low"])) / frame["size"]
    inside = ((places >= 0) & (places <= 1)).all(1)
    whole = np.rint(SIDE * places[inside]).astype(int)
    return whole[:, 0].tolist(), whole[:, 1].tolist(), int((~inside).sum())


def samples(rows: pd.DataFrame, frame: Frame | None, limit: int) -> dict[str, Any]:
    """The last samples of the first seed of one cell."""
    if rows.empty or frame is None:
        return {"x": [], "y": [], "outside": 0}
    rows = rows[rows["step"] == rows["step"].max()]
    rows = rows[rows["seed"] == rows["seed"].min()]
    x, y, outside = _placed(rows[["x", "y"]].to_numpy(float)[:limit], frame)
    seed, at = (int(value) for value in rows[["seed", "step"]].iloc[0])
    return {"x": x, "y": y, "outside": outside, "seed": seed, "at": at}
