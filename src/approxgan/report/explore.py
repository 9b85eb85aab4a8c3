"""What the page's scripts ask: every cell's scores, samples, curves and spec, packed small."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.frames import GROUP, Tables, forward_equivalents, primary
from approxgan.analysis.text import words
from approxgan.claims import plain
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import names
from approxgan.design.choices import Cell
from approxgan.design.paths import SPEC, Results
from approxgan.figures import _spent, _style
from approxgan.figures.guests import COLOUR
from approxgan.report import points
from approxgan.report.cells import KEY, key, quantiles, step, told
from approxgan.report.svg import packed
from approxgan.storage import files

POINTS, ALL_POINTS = 300, 60_000
"""Samples of a cell, and of all cells together: the more cells, the fewer of each."""
CURVE = 50
"""Traced steps that a loss curve keeps."""
SEEDS, ALL_SEEDS = 10, 4_000
"""Curves of single seeds of a cell, and of all cells together."""
FACTS = ("learning_rate", "dtype", "budget", "tuned")
"""Columns of the table outcomes that a cell is told by."""


def data(tables: Tables, results: Path, config: Mapping[str, Any], study: str) -> dict[str, Any]:
    """Everything the scripts need; cells in the order of ``known``, beginning with a study."""
    cells = known(tables["outcomes"])
    made, sets = runs(results), points.frames(tables["data"])
    count, rules = max(len(cells), 1), config.get("claims", {})
    baselines = {name: rules.get("baseline", "exact") for name in cells["study"].unique()}
    baselines |= rules.get("baselines", {})
    few = {"points": min(POINTS, ALL_POINTS // count), "seeds": min(SEEDS, ALL_SEEDS // count)}
    named = told(tables["outcomes"])
    names_of = ("outcomes", "quality", "training", "samples", "cost")
    parts = zip(
        cells.to_dict("records"), *(_parts(tables[name], cells) for name in names_of), strict=True
    )
    return {
        **score(tables["quality"]),
        "metrics": _metrics(tables["quality"]),
        "side": points.SIDE,
        "study": study,
        "baselines": baselines,
        "results": results.name if results.is_absolute() else results.as_posix(),
        "sets": sets,
        "guests": _guests(tables.get("guests", pd.DataFrame(columns=["dataset", "guest"]))),
        "cells": [
            {**_about(row, own, cost, made), "told": named[row["mode"], row["settings"]],
             **_course(own, scores, training, few["seeds"]),
             "losses": _losses(training), "ms": _milliseconds(cost),
             "samples": points.samples(drawn, sets.get(row["dataset"]), few["points"])}
            for row, own, scores, training, drawn, cost in parts
        ],
    }  # fmt: skip


def known(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Every cell once, in the order of the page's data."""
    return outcomes[KEY].drop_duplicates().sort_values(KEY, ignore_index=True)


def places(outcomes: pd.DataFrame) -> dict[tuple[str, ...], int]:
    """A cell's ``key`` -> its place in the data."""
    return {key(row): place for place, row in enumerate(known(outcomes).to_dict("records"))}


def score(quality: pd.DataFrame) -> dict[str, str]:
    """The name of the number that decides, in words, and which way it is better."""
    decides = primary(quality)
    if decides.empty:
        return {"primary": "", "metric": "score", "better": "neither"}
    name, better = decides[["metric", "better"]].iloc[0]
    return {"primary": name, "metric": words(name), "better": better}


def runs(results: Path) -> dict[tuple[str, ...], list[tuple[str, dict[str, Any]]]]:
    """A cell's ``key`` -> the folders and specs of its runs, as far as they are there."""
    at, found = Results(results), {}
    for name in sorted(at.runs_with(SPEC)):
        try:
            spec = files.read_json(at.run(name, SPEC))
            own = key(names.row_keys(Cell.of(spec)))
        except InputError:
            continue
        found.setdefault(own, []).append((name, spec))
    return found


def _guests(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Guests as cells with one snapshot: quartiles over seeds, and the cost if it was told."""
    return [
        {
            "mode": f"guest {name}",
            "words": f"{words(name)} (guest)",
            "dataset": dataset,
            "colour": COLOUR,
            "spent": _short([pd.to_numeric(own["cost"]).astype(float).median()]),
            "scores": _quartiles(own.assign(step=0)),
        }
        for (dataset, name), own in table.groupby(["dataset", "guest"])
    ]


def _metrics(quality: pd.DataFrame) -> dict[str, Any]:
    """The number that decides first; its name in words and which way it is better."""
    about = quality.sort_values("is_primary", ascending=False, kind="stable")
    about = about.drop_duplicates("metric")[["metric", "better"]]
    return {name: {"words": words(name), "better": way} for name, way in about.to_numpy()}


def _parts(frame: pd.DataFrame, cells: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each cell; none of one that the table lacks."""
    found = dict(list(frame.merge(cells.reset_index(names="cell"), on=KEY).groupby("cell")))
    return [found.get(k, frame.iloc[:0]) for k in cells.index]


def _about(
    row: Mapping[str, Any], own: pd.DataFrame, cost: pd.DataFrame, made: Mapping[Any, Any]
) -> dict[str, Any]:
    mode, first = row["mode"], own.iloc[0]
    facts = {name: first[name] for name in FACTS if not pd.isna(first[name]) and first[name] != ""}
    if "budget" in facts and len(cost):
        facts["budget_unit"] = words(cost["budget_unit"].iloc[0])
    return {
        **{part: row[part] for part in (*GROUP, "mode", "settings")},
        "words": words(mode),
        "way": plain.way(mode),
        "colour": _style.colour(mode),
        "step": step(row),
        "epsilon": _short([row["epsilon"]])[0],
        "facts": {name: _plain(value) for name, value in facts.items()},
        "seeds": [int(seed) for seed in sorted(own["seed"])],
        "diverged": int(own["diverged"].astype(bool).sum()),
        "runs": [{"name": name, "spec": spec} for name, spec in made.get(key(row), [])],
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _course(
    own: pd.DataFrame, scores: pd.DataFrame, training: pd.DataFrame, limit: int
) -> dict[str, Any]:
    """Of every number its quartiles over seeds at the snapshots that have it, the last ones."""
    steps = np.sort(scores["step"].unique())
    spent = _spent.counts(training, steps.astype(float)) if len(steps) else []
    if len(steps) and np.isnan(spent).all():
        whole = float(forward_equivalents(own).median())
        spent = whole * steps / max(int(steps[-1]), 1)
    singles = primary(scores).pivot(index="step", columns="seed", values="value")
    return {
        "steps": [int(s) for s in steps],
        "spent": _short(spent),
        "scores": _quartiles(scores),
        "singles": [_short(singles[seed]) for seed in singles.columns[:limit]],
    }


def _quartiles(scores: pd.DataFrame) -> dict[str, Any]:
    """Of every metric the median, the lower and the upper quartile at its snapshots."""
    found = quantiles(scores, (0.5, 0.25, 0.75)).groupby(level="metric")
    return {str(name): [_short(rows[share]) for share in rows] for name, rows in found}


def _milliseconds(cost: pd.DataFrame) -> float | None:
    """The processor's, of one step of one run."""
    return _short([1e3 * _spent.seconds(cost)])[0]


def _losses(rows: pd.DataFrame) -> dict[str, Any]:
    """Medians over the seeds that still ran."""
    table = rows.groupby("step")[[f"{player}_loss" for player in PLAYERS]].median()
    table = table.iloc[np.linspace(0, len(table) - 1, min(CURVE, len(table))).astype(int)]
    losses = {player: _short(table[f"{player}_loss"]) for player in PLAYERS}
    return {"step": table.index.astype(int).tolist(), **losses}


def _short(values: Iterable[Any]) -> list[float | int | None]:
    """Four significant digits; null for what is missing or infinite."""
    shown = [float(f"{value:.4g}") for value in values]
    return [None if not np.isfinite(v) else int(v) if v.is_integer() else v for v in shown]


def embedded(value: Any) -> str:
    """JSON, packed."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return packed(text)
