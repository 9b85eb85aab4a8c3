"""A row per cell: what it scored, how it compares with exact, how it failed and what it cost."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import frames, statistics
from approxgan.analysis.frames import GROUP, Tables, final, primary
from approxgan.analysis.text import number, rules

CELL = [*GROUP, *frames.CELL]
Rows = list[dict[Any, Any]]


def step(row: Mapping[Any, Any]) -> str:
    """ε, or the rule that chose it, or a dash."""
    if not pd.isna(row["epsilon"]):
        return number(row["epsilon"])
    ruled = rules(row["rule"])
    return f"by {' and '.join(ruled)}" if ruled else "–"


def cells(tables: Tables) -> Rows:
    """A row per cell; what the table ``comparisons`` has of it begins with ``exact_``."""
    runs = tables["outcomes"].astype({"diverged": int, "vanished": int})
    found = runs.groupby(CELL, dropna=False).agg(
        runs=("seed", "size"),
        diverged=("diverged", "sum"),
        vanished=("vanished", "sum"),
        forwards=("forwards", "median"),
        backwards=("backwards", "median"),
    )
    scores = primary(final(tables["quality"])).dropna(subset="value")
    means = [
        [*name, len(values), *statistics.t_interval(values.to_numpy(float), 0.95)]
        for name, values in scores.groupby(CELL, dropna=False)["value"]
    ]
    spent = tables["cost"].groupby(CELL, dropna=False)[["cpu_seconds", "trained_steps"]].sum()
    price = 1e3 * spent["cpu_seconds"] / spent["trained_steps"].replace(0, np.nan)
    others = [
        pd.DataFrame(means, columns=[*CELL, "scored", "mean", "low", "high"]),
        price.rename("ms per step").reset_index(),
    ]
    if "comparisons" in tables:
        compared = tables["comparisons"].query("family == 'primary'").set_index(CELL)
        others.append(compared.add_prefix("exact_").reset_index())
    found = found.reset_index()
    for other in others:
        found = found.merge(other.astype({"epsilon": float}), "left", on=CELL)
    return stepped(found.fillna({"scored": 0, "exact_verdict": "–"}).astype({"scored": int}))


def stepped(frame: pd.DataFrame) -> Rows:
    """The rows, with their ε as the page spells it."""
    return [{**row, "step": step(row)} for row in frame.to_dict("records")]


def metrics(quality: pd.DataFrame) -> tuple[list[str], Rows]:
    """The names of all metrics, and for every cell their means over seeds."""
    scores = final(quality)
    means = scores.groupby([*CELL, "metric"], dropna=False)["value"].mean().unstack("metric")
    return list(means), stepped(means.reset_index())
