"""What the probe and the game with a known answer say: deviations, and how to choose a step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.frames import off_theory
from approxgan.analysis.text import between, listed, number, settings, words
from approxgan.report.cells import step

MODES = ("forward_difference", "central_difference")
PROBE = ["dataset", "model", "loss", "player", "dtype", "mode"]


def dirac(table: pd.DataFrame) -> dict[str, Any]:
    """A row per mode: in each game the largest distance from theory, ÷ theory's radius.

    Over seeds the median is taken at every step, as in the figure.
    """
    games, cell = table["game"].unique().tolist(), ["mode", "epsilon", "own_settings"]
    table = table.assign(off=off_theory(table))
    rows = []
    for name, part in table.groupby(cell, dropna=False, sort=False):
        farthest = part.groupby(["game", "step"])["off"].median().groupby("game").max()
        row = {**dict(zip(cell, name, strict=True)), "rule": "", "seeds": part["seed"].nunique()}
        row["told"] = ", ".join(settings(row["own_settings"]))
        rows.append({**row, "step": step(row), "off": farthest.reindex(games).tolist()})
    rows.sort(key=lambda row: (row["mode"] != "exact", max(row["off"])))
    return {"games": games, "rows": rows, "steps": between([table["step"].max()])}


def best(errors: pd.DataFrame) -> dict[str, Any]:
    """A row per probe, player, precision and difference: the best fixed ε and what rules chose."""
    errors = errors[errors["mode"].isin(MODES)]
    fixed = errors[errors["rule"] == "fixed"].dropna(subset="epsilon")
    rules = [rule for rule in errors["rule"].unique() if rule not in ("", "fixed")]
    rows = []
    for name, part in fixed.groupby(PROBE):
        medians = part.groupby("epsilon")["relative_error"].median().dropna()
        if medians.empty:
            continue
        here, least = dict(zip(PROBE, name, strict=True)), float(medians.min())
        ruled = errors.merge(pd.DataFrame([here])).groupby("rule")
        rows.append(
            {
                **here,
                "epsilon": float(medians.idxmin()),
                "error": least,
                "tried": between(list(medians.index)),
                "count": len(medians),
                "at_end": medians.idxmin() in (medians.index[0], medians.index[-1]),
                "rules": {rule: _chosen(own, least) for rule, own in ruled if rule in rules},
            }
        )
    return {"rules": rules, "rows": rows}


def _chosen(rows: pd.DataFrame, least: float) -> dict[str, float]:
    epsilon, error = rows[["chosen_epsilon", "relative_error"]].median().astype(float)
    return {"epsilon": epsilon, "error": error, "ratio": error / least if least > 0 else np.nan}


def advice(found: Mapping[str, Any]) -> list[str]:
    """Sentences on where the best step lies and how near the rules come."""
    rows = found["rows"]
    told = []
    for mode in MODES:
        mine = [row for row in rows if row["mode"] == mode]
        parts = [
            f"{between([r['epsilon'] for r in mine if r['dtype'] == dtype])} in {dtype}"
            for dtype in dict.fromkeys(row["dtype"] for row in mine)
        ]
        if parts:
            told.append(f"Of the fixed steps, {words(mode)} erred least at {listed(parts)}.")
    for rule in found["rules"]:
        ratios = [r["rules"][rule]["ratio"] for r in rows if rule in r["rules"]]
        ratios = [ratio for ratio in ratios if not np.isnan(ratio)]
        if ratios:
            told.append(
                f"The rule {rule}, which is not told the gradient, had {number(np.median(ratios))} "
                f"times the error of the best fixed step in the median of {len(ratios)} probes, "
                f"and {number(max(ratios))} times at worst."
            )
    return told
