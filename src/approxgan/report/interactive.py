"""What the page's picker draws: a cell's samples and curves, small enough to travel in the page."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from approxgan.analysis.frames import GROUP, Tables, primary
from approxgan.analysis.text import words
from approxgan.core.protocols import PLAYERS
from approxgan.figures import _style
from approxgan.report.cells import CELL, step

SIDE = 1000
"""Points are whole numbers from 0 to this, across the frame of their data set."""
TRUE_POINTS = 600
POINTS = 400
ALL_POINTS = 300_000
CURVE = 50
"""Traced steps that a loss curve keeps."""
MARGIN = 0.15
"""How far a frame reaches beyond the true points, as a share of their range."""
ALL_SEEDS = 20_000
"""Quality curves of single seeds that the page holds; beyond it, each cell keeps its share."""


def data(tables: Tables, judged: Sequence[str]) -> dict[str, Any]:
    """Everything the picker needs, by cell; it starts with one of a judged mode."""
    known = tables["outcomes"][CELL].drop_duplicates().sort_values(CELL, ignore_index=True)
    points, seeds = ALL_POINTS // max(len(known), 1), ALL_SEEDS // max(len(known), 1)
    sets = {str(name): _frame(part) for name, part in tables["data"].groupby("dataset")}
    quality = primary(tables["quality"])
    parts = zip(
        known.to_dict("records"),
        *(_parts(frame, known) for frame in (tables["samples"], quality, tables["training"])),
        strict=True,
    )
    cells = [
        {
            **{part: row[part] for part in (*GROUP, "mode", "settings")},
            "words": words(row["mode"]),
            "colour": _style.colour(row["mode"]),
            "step": step(row),
            **_samples(samples, sets.get(row["dataset"]), min(POINTS, points)),
            "quality": _quality(scores, max(3, seeds)),
            "losses": _losses(losses),
        }
        for row, samples, scores, losses in parts
    ]
    start = _start(cells, judged)
    return {**score(quality), "side": SIDE, "sets": sets, "cells": cells, "start": start}


def _parts(frame: pd.DataFrame, cells: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each cell; none of one that the table lacks."""
    found = dict(list(frame.merge(cells.reset_index(names="cell"), on=CELL).groupby("cell")))
    return [found.get(k, frame.iloc[:0]) for k in cells.index]


def score(quality: pd.DataFrame) -> dict[str, str]:
    """The name of the number that decides, in words, and which way it is better."""
    decides = primary(quality)
    if decides.empty:
        return {"metric": "score", "better": "neither"}
    metric, better = decides[["metric", "better"]].iloc[0]
    return {"metric": words(metric), "better": better}


def _start(cells: Sequence[Mapping[str, Any]], judged: Sequence[str]) -> int:
    """A judged mode's middle cell in the group that has most."""
    by_group: dict[Any, list[int]] = {}
    for place, cell in enumerate(cells):
        if not judged or cell["mode"] in judged[:1]:
            by_group.setdefault(tuple(cell[name] for name in GROUP), []).append(place)
    places = max(by_group.values(), key=len, default=[0])
    return places[len(places) // 2]


def embedded(value: Any) -> Markup:
    """JSON that can stand in a script element whatever its texts are."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def _short(values: Iterable[Any]) -> list[float | int | None]:
    """Three significant digits, which is what a picture can show."""
    shown = [float(f"{value:.3g}") for value in values]
    return [None if not np.isfinite(v) else int(v) if v.is_integer() else v for v in shown]


def _frame(points: pd.DataFrame) -> dict[str, Any]:
    """A data set's frame, and its true points in it."""
    true = points[points["source"] == "true"]
    true = (points if true.empty else true)[["x", "y"]].to_numpy(float)
    low, high = true.min(0), true.max(0)
    # One scale for both coordinates: a circle stays a circle.
    size = (1 + 2 * MARGIN) * float((high - low).max() or 1.0)
    low = (low + high - size) / 2
    frame = {"low": [float(v) for v in low], "size": size}
    x, y, _ = _placed(true[:TRUE_POINTS], frame)
    return {**frame, "x": x, "y": y}


def _placed(points: np.ndarray, frame: Mapping[str, Any]) -> tuple[list[int], list[int], int]:
    """Points in the frame's whole numbers, and how many lie outside it."""
    places = (points - np.array(frame["low"])) / frame["size"]
    inside = ((places >= 0) & (places <= 1)).all(1)
    whole = np.rint(SIDE * places[inside]).astype(int)
    return whole[:, 0].tolist(), whole[:, 1].tolist(), int((~inside).sum())


def _samples(rows: pd.DataFrame, frame: Any, limit: int) -> dict[str, Any]:
    """The last samples of the first seed."""
    if rows.empty or frame is None:
        return {"x": [], "y": [], "outside": 0}
    rows = rows[rows["step"] == rows["step"].max()]
    rows = rows[rows["seed"] == rows["seed"].min()]
    x, y, outside = _placed(rows[["x", "y"]].to_numpy(float)[:limit], frame)
    seed, at = (int(value) for value in rows[["seed", "step"]].iloc[0])
    return {"x": x, "y": y, "outside": outside, "seed": seed, "at": at}


def _quality(rows: pd.DataFrame, limit: int) -> dict[str, Any]:
    """Median over seeds at every snapshot, and the first seeds one by one."""
    table = rows.pivot(index="step", columns="seed", values="value")
    return {
        "step": table.index.astype(int).tolist(),
        "median": _short(table.median(axis=1)),
        "seeds": [_short(table[seed]) for seed in table.columns[:limit]],
    }


def _losses(rows: pd.DataFrame) -> dict[str, Any]:
    """Medians over the seeds that still ran."""
    table = rows.groupby("step")[[f"{player}_loss" for player in PLAYERS]].median()
    table = table.iloc[np.linspace(0, len(table) - 1, min(CURVE, len(table))).astype(int)]
    losses = {player: _short(table[f"{player}_loss"]) for player in PLAYERS}
    return {"step": table.index.astype(int).tolist(), **losses}
