"""What the page's picker draws: a cell's samples and curves, small enough to travel in the page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from approxgan.analysis.text import words
from approxgan.figures import _style
from approxgan.report.cells import CELL, GROUP, key, step

Tables = Mapping[str, pd.DataFrame]
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
    outcomes = tables["outcomes"]
    names = [name for name, _ in outcomes.groupby(CELL, dropna=False)]
    points = min(POINTS, ALL_POINTS // max(len(names), 1))
    seeds = max(3, ALL_SEEDS // max(len(names), 1))
    sets = {str(name): _frame(part) for name, part in tables["data"].groupby("dataset")}
    drawn = _by_cell(tables["samples"])
    losses = _by_cell(tables["training"])
    quality = primary(tables["quality"])
    scores = _by_cell(quality)
    cells = []
    for name in names:
        row = dict(zip(CELL, name, strict=True))
        frame = sets.get(str(row["dataset"]))
        cells.append(
            {
                **{part: str(row[part]) for part in (*GROUP, "mode", "settings")},
                "words": words(row["mode"]),
                "colour": _style.colour(str(row["mode"])),
                "step": step(row),
                **_samples(drawn.get(key(name)), frame, points),
                "quality": _quality(scores.get(key(name)), seeds),
                "losses": _losses(losses.get(key(name))),
            }
        )
    return {
        **score(quality),
        "side": SIDE,
        "sets": sets,
        "cells": cells,
        "start": _start(cells, judged),
    }


def primary(quality: pd.DataFrame) -> pd.DataFrame:
    """The rows of the number that decides."""
    return quality[quality["is_primary"].eq(True)]


def score(quality: pd.DataFrame) -> dict[str, str]:
    """The name of the number that decides, in words, and which way it is better."""
    for row in primary(quality).head(1).to_dict("records"):
        return {"metric": words(row["metric"]), "better": str(row["better"])}
    return {"metric": "score", "better": "neither"}


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


def _by_cell(frame: pd.DataFrame) -> dict[tuple[str, ...], pd.DataFrame]:
    return {key(name): part for name, part in frame.groupby(CELL, dropna=False)}


def _short(values: Iterable[Any]) -> list[float | int | None]:
    """Three significant digits, which is what a picture can show."""
    found: list[float | int | None] = []
    for value in map(float, values):
        short = float(f"{value:.3g}")
        whole = int(short) if short.is_integer() else short
        found.append(whole if np.isfinite(value) else None)
    return found


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


def _samples(rows: Any, frame: Any, limit: int) -> dict[str, Any]:
    if rows is None or frame is None:
        return {"x": [], "y": [], "outside": 0, "seed": None, "at": None}
    rows = rows[rows["step"] == rows["step"].max()]
    rows = rows[rows["seed"] == rows["seed"].min()]
    x, y, outside = _placed(rows[["x", "y"]].to_numpy(float)[:limit], frame)
    first = rows.iloc[0]
    return {
        "x": x,
        "y": y,
        "outside": outside,
        "seed": int(first["seed"]),
        "at": int(first["step"]),
    }


def _quality(rows: pd.DataFrame | None, limit: int) -> dict[str, Any]:
    """Median over seeds at every snapshot, and the first seeds one by one."""
    if rows is None:
        return {"step": [], "median": [], "seeds": []}
    table = rows.pivot(index="step", columns="seed", values="value").sort_index()
    return {
        "step": [int(value) for value in table.index],
        "median": _short(table.median(axis=1)),
        "seeds": [_short(table[seed]) for seed in table.columns[:limit]],
    }


def _losses(rows: pd.DataFrame | None) -> dict[str, Any]:
    """Medians over the seeds that still ran."""
    if rows is None:
        return {"step": [], "generator": [], "discriminator": []}
    players = ("generator", "discriminator")
    table = rows.groupby("step")[[f"{player}_loss" for player in players]].median()
    kept = np.unique(np.linspace(0, len(table) - 1, min(CURVE, len(table))).astype(int))
    table = table.iloc[kept]
    return {
        "step": [int(value) for value in table.index],
        **{player: _short(table[f"{player}_loss"]) for player in players},
    }
