"""A row per cell: what it scored, how it compares with exact, how it failed and what it cost."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.frames import CELL, GROUP, Tables, final, primary
from approxgan.analysis.text import number, rules, settings, words
from approxgan.claims.matching import TUNED

KEY = [*GROUP, *CELL]
Rows = list[dict[Any, Any]]


def key(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """A cell's name in any table: a missing ε equals nothing, but its spelling does."""
    parts = (float(row[name]) if name == "epsilon" else row[name] for name in KEY)
    return tuple(map(str, parts))


def step(row: Mapping[Any, Any]) -> str:
    """ε, or the rule that chose it, or a dash."""
    if not pd.isna(row["epsilon"]):
        return number(row["epsilon"])
    ruled = rules(row["rule"])
    return f"by {' and '.join(ruled)}" if ruled else "–"


def told(outcomes: pd.DataFrame) -> dict[tuple[str, str], str]:
    """By mode and settings of a table: the settings in words, without the rule that chose ε."""
    found = {}
    for row in outcomes.drop_duplicates(["mode", "settings"]).to_dict("records"):
        matched = " ".join(filter(None, [row["matched_mode"], row["matched_settings"]]))
        parts = [*settings(row["own_settings"]), *settings(row["varied"])]
        parts += [f"like {words(matched)}"] * bool(matched)
        found[row["mode"], row["settings"]] = ", ".join(parts)
    return found


def quantiles(scores: pd.DataFrame, shares: Sequence[float]) -> pd.DataFrame:
    """Of a cell's numbers over its seeds, by metric and step; a run without one is the worst."""
    table = scores.pivot(index=["metric", "step"], columns="seed", values="value")
    rising = scores.loc[scores["better"].eq("higher"), "metric"].unique()
    worst = np.where(table.index.get_level_values("metric").isin(rising), -np.inf, np.inf)
    values = table.to_numpy(float)
    values = np.where(np.isnan(values), worst[:, None], values)
    found = {share: statistics.quantile(values, share) if len(table) else [] for share in shares}
    return pd.DataFrame(found, table.index)


def cells(tables: Tables, places: Mapping[tuple[str, ...], int]) -> Rows:
    """A row per cell; what the table ``comparisons`` has of it begins with ``exact_``.

    ``places`` are the cells' numbers in the page's data.
    """
    runs = tables["outcomes"].astype({"diverged": int, "vanished": int})
    found = runs.groupby(KEY, dropna=False).agg(
        runs=("seed", "size"),
        diverged=("diverged", "sum"),
        vanished=("vanished", "sum"),
        forwards=("forwards", "median"),
        backwards=("backwards", "median"),
    )
    scores = primary(final(tables["quality"])).dropna(subset="value")
    means = [
        [*name, len(values), *statistics.t_interval(values.to_numpy(float), 0.95)]
        for name, values in scores.groupby(KEY, dropna=False)["value"]
    ]
    spent = tables["cost"].groupby(KEY, dropna=False)[["cpu_seconds", "trained_steps"]].sum()
    price = 1e3 * spent["cpu_seconds"] / spent["trained_steps"].replace(0, np.nan)
    others = [
        pd.DataFrame(means, columns=[*KEY, "scored", "mean", "low", "high"]),
        price.rename("ms per step").reset_index(),
    ]
    if "comparisons" in tables:
        compared = tables["comparisons"].query("family == 'primary'").set_index(KEY)
        others.append(compared.add_prefix("exact_").reset_index())
    found = found.reset_index()
    for other in others:
        found = found.merge(other.astype({"epsilon": float}), "left", on=KEY)
    found = found.fillna({"scored": 0, "exact_verdict": "–"}).astype({"scored": int})
    return stepped(found, places)


def stepped(frame: pd.DataFrame, places: Mapping[tuple[str, ...], int]) -> Rows:
    """The rows, with their ε as the page spells it and their cell's number."""
    rows = frame.to_dict("records")
    return [{**row, "step": step(row), "cells": [places[key(row)]]} for row in rows]


def metrics(quality: pd.DataFrame, places: Mapping[tuple[str, ...], int]) -> tuple[list[str], Rows]:
    """The names of all metrics, and for every cell their means over seeds."""
    scores = final(quality)
    means = scores.groupby([*KEY, "metric"], dropna=False)["value"].mean().unstack("metric")
    return list(means), stepped(means.reset_index(), places)


def aggregates(table: pd.DataFrame | None, places: Mapping[tuple[str, ...], int]) -> Rows:
    """Scores over all data sets of a study, the best first, with the numbers of their cells."""
    if table is None:
        return []
    rows = table.sort_values("score", ascending=False, kind="stable").to_dict("records")
    for row in rows:
        keys = [key({**row, "dataset": name}) for name in str(row["datasets"]).split(", ")]
        row |= {"step": step(row), "cells": [places[one] for one in keys if one in places]}
    return rows


def landed(table: pd.DataFrame | None, outcomes: pd.DataFrame, places: Mapping[Any, int]) -> Rows:
    """Where rules landed, with the numbers of the cells whose ε they chose."""
    rows: Rows = [] if table is None else table.to_dict("records")
    ran = outcomes[[*KEY, "tuned"]].drop_duplicates(KEY).to_dict("records")
    for row in rows:
        own = [one for one in ran if all(one[name] == row[name] for name in (*GROUP, "mode"))]
        row["cells"] = [places[key(one)] for one in own if row["rule"] in _chose(one)]
    return rows


def _chose(row: Mapping[Any, Any]) -> list[str]:
    """What chose a cell's ε."""
    is_tuned = "epsilon" in json.loads(row["tuned"] or "{}")
    return [TUNED] if is_tuned else rules(row["rule"])
