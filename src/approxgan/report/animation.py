"""What the page's animation shows: the samples of exact beside another cell, at every snapshot."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.text import words
from approxgan.figures import _style
from approxgan.report.cells import CELL, GROUP, step
from approxgan.report.frame import square

SIDE = 255
"""A point is two bytes, x and y, in this many parts of the frame."""
POINTS = 200
TRUE_POINTS = 400
ALL_POINTS = 60_000
"""Points that the page holds of all cells and snapshots, about 160 kB."""


def scenes(tables: Mapping[str, pd.DataFrame], judged: Sequence[str]) -> list[dict[str, Any]]:
    """One for each group of the table ``evolution`` that has exact and another cell."""
    evolution = tables.get("evolution")
    if evolution is None or evolution.empty:
        return []
    frames = len(evolution[[*CELL, "step"]].drop_duplicates())
    limit = min(POINTS, ALL_POINTS // frames)
    found = []
    for (_, dataset, model, loss), rows in evolution.groupby(GROUP):
        true = tables["data"]
        true = true[(true["dataset"] == dataset) & (true["source"] == "true")][["x", "y"]]
        exact = rows["mode"] == "exact"
        if true.empty or exact.all() or not exact.any():
            continue
        name = f"{words(dataset)} ({words(model)} model, {words(loss)} loss)"
        found.append(_scene(rows, exact, true.to_numpy(float), limit, judged) | {"name": name})
    # The group with most to see comes first.
    return sorted(found, key=lambda scene: -len(scene["cells"]))


def _scene(
    rows: pd.DataFrame, exact: pd.Series, true: np.ndarray, limit: int, judged: Sequence[str]
) -> dict[str, Any]:
    low, size = square(true)
    steps = sorted(rows["step"].unique())
    others = [
        (str(key[4]), _cell(part, steps, low, size, limit))
        for key, part in rows[~exact].groupby(CELL, dropna=False)
    ]
    middle = [k for k, (mode, _) in enumerate(others) if mode in judged[:1]] or [0]
    return {
        "steps": [int(one) for one in steps],
        "truth": _packed((true[:TRUE_POINTS] - low) / size)[0],
        "exact": _cell(rows[exact], steps, low, size, limit),
        "cells": [cell for _, cell in others],
        "start": middle[len(middle) // 2],
    }


def _cell(
    rows: pd.DataFrame, steps: Sequence[int], low: np.ndarray, size: float, limit: int
) -> dict[str, Any]:
    first = rows.iloc[0]
    parts = [words(first["mode"]), str(first["settings"])]
    chosen = step(first)
    parts.append("" if chosen == "–" else f"ε {chosen}")
    frames = []
    for each in steps:
        points = rows.loc[rows["step"] == each, ["x", "y"]].to_numpy(float)[:limit]
        points = points[np.isfinite(points).all(1)]
        packed, outside = _packed((points - low) / size)
        frames.append({"points": packed, "outside": outside} if len(points) else None)
    colour = _style.colour(str(first["mode"]))
    return {"name": " · ".join(filter(None, parts)), "colour": colour, "frames": frames}


def _packed(places: np.ndarray) -> tuple[str, int]:
    """The points inside the frame as base64 of their bytes, and how many lie outside."""
    inside = ((places >= 0) & (places <= 1)).all(1)
    whole = np.rint(SIDE * places[inside]).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode(), int((~inside).sum())
