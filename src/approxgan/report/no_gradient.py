"""The section on generators without a gradient: what to take, at which budget and ε."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.frames import GROUP
from approxgan.analysis.text import interval, number, settings, words
from approxgan.claims.no_gradient import of_generator
from approxgan.report.cells import key

Rows = list[dict[str, Any]]
KINDS = {"smooth": "smooth", "common": "steps, the same draws twice", "fresh": "fresh draws alone"}
"""Of losses, in words."""
WAY = ("mode", "noise", "at", "epsilon", "own_settings", "budget")
"""What tells the ways of a study apart."""
FORMULA = "forward_difference"
"""The article's, one difference for each parameter."""


def section(
    reached: pd.DataFrame | None,
    laws: pd.DataFrame | None,
    outcomes: pd.DataFrame,
    places: Mapping[tuple[str, ...], int],
) -> dict[str, Any]:
    """What the template needs; nothing where no study has a generator without a gradient.

    ``places`` are the cells' numbers in the page's data.
    """
    if reached is None or reached[~reached["is_smooth"].astype(bool)].empty:
        return {}
    every: pd.DataFrame = reached.assign(cells=_cells(reached, outcomes, places))
    blind = every[~every["is_smooth"].astype(bool)]
    return {
        "summary": [_summary(rows) for _, rows in blind.groupby(list(GROUP))],
        "advice": [row for _, rows in every.groupby(list(GROUP)) for row in _advice(rows)],
        "every": _every(every),
        "laws": [] if laws is None else _laws(laws),
    }


def _cells(
    reached: pd.DataFrame, outcomes: pd.DataFrame, places: Mapping[tuple[str, ...], int]
) -> list[list[int]]:
    """The numbers of the cells that each row is of."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row in outcomes.drop_duplicates([*GROUP, "mode", "epsilon", "settings"]).to_dict("records"):
        own = json.dumps(of_generator(row["own_settings"]), sort_keys=True)
        name = _name(row, row["generator_mode"], row["generator_epsilon"], own)
        found.setdefault(name, []).append(places[key(row)])
    return [
        found.get(_name(row, row["mode"], row["epsilon"], row["own_settings"]), [])
        for row in reached.to_dict("records")
    ]


def _name(row: Mapping[Any, Any], mode: str, epsilon: Any, own: str) -> tuple[str, ...]:
    """A missing number equals nothing, but its spelling does."""
    numbers = (str(float(value)) for value in (epsilon, row["budget"]))
    return (*(str(row[part]) for part in GROUP), mode, own, *numbers)


def way(row: dict[str, Any]) -> str:
    """'spsa with directions 4 at the output, fresh draws, ε = 0.5'."""
    own = ", ".join(settings(row["own_settings"], ("noise", "at")))
    told = words(row["mode"]) + (f" with {own}" if own else "")
    told += " at the output" if row["at"] == "output" else ""
    told += ", fresh draws" if row["noise"] == "fresh" else ""
    return told + ("" if pd.isna(row["epsilon"]) else f", ε = {number(row['epsilon'])}")


def _summary(rows: pd.DataFrame) -> dict[str, Any]:
    """What the best ways reached with as many samples as every way had; the formula beside."""
    counts = rows.groupby("calls")["distance"].transform("size")
    last = rows[counts == counts.max()]
    last = last[last["calls"] == last["calls"].max()]
    one = last.iloc[0]
    formula = last[(last["mode"] == FORMULA) & (last["at"] == "parameters")]
    formula = formula[formula["noise"] == "common"]
    formula = formula.sort_values(["is_tuned", "budget"], ascending=[False, True])
    reference = last[last["ratio"].isna()].to_dict("records")
    best = [_best(last, kind) for kind in ("common", "fresh")]
    reached = [found[:1] for found in (reference, *best, formula.to_dict("records"))]
    return {
        "dataset": words(one["dataset"]),
        "dimension": int(one["dimension"]),
        "metric": words(one["metric"]),
        "calls": number(one["calls"]),
        "reached": [[_told(row) for row in found] for found in reached],
        "cells": list(dict.fromkeys(k for found in reached for row in found for k in row["cells"])),
    }


def _told(row: dict[str, Any]) -> dict[str, str]:
    ratio = "" if pd.isna(row["ratio"]) else number(row["ratio"])
    return {
        "way": way(row),
        "distance": number(row["distance"]),
        "range": interval(row["low"], row["high"]),
        "ratio": ratio,
        "ratio_range": interval(row["ratio_low"], row["ratio_high"]),
    }


def _best(rows: pd.DataFrame, kind: str) -> Rows:
    return rows[[kind in text.split(", ") for text in rows["best_of"]]].to_dict("records")


def _advice(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A row for each stretch of budgets at which one way is best, by kind of loss."""
    smooth = bool(rows["is_smooth"].iloc[0])
    for kind in ("common",) if smooth else ("common", "fresh"):
        found = sorted(_best(rows, kind), key=lambda row: row["calls"])
        stretches: list[Rows] = []
        for row in found:
            same = stretches and all(_equal(stretches[-1][-1][name], row[name]) for name in WAY)
            if same:
                stretches[-1].append(row)
            else:
                stretches.append([row])
        for stretch in stretches:
            last = stretch[-1]
            yield {
                **{name: last[name] for name in ("dataset", "dimension", "mode", "at", "cells")},
                "kind": KINDS["smooth" if smooth else kind],
                "epsilon": last["epsilon"],
                "from": stretch[0]["calls"],
                "to": last["calls"],
                **_told(last),
            }


def _equal(first: Any, second: Any) -> bool:
    return bool(first == second or (pd.isna(first) and pd.isna(second)))


def _every(rows: pd.DataFrame) -> Rows:
    """All ways at the largest budget that each has."""
    last = rows.sort_values("calls").groupby([*GROUP, *WAY], dropna=False).tail(1)
    last = last.sort_values([*GROUP, "distance"])
    return [{**row, **_told(row), "value": row["distance"]} for row in last.to_dict("records")]


def _laws(laws: pd.DataFrame) -> Rows:
    """Measured slopes beside theory's."""
    return [
        {
            "dataset": words(row["dataset"]),
            "way": way({**row, "epsilon": np.nan}),
            "loss": "smooth" if row["is_smooth"] else "steps",
            "slope": row["slope"],
            "range": interval(row["low"], row["high"]),
            "expected": row["expected"],
            "best": row["epsilon"],
            "error": row["error"],
        }
        for row in laws.to_dict("records")
    ]
