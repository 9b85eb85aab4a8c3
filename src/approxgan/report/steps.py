"""What the probe and the game with a known answer say: deviations, and how to choose a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.text import between, listed, number, words
from approxgan.report.cells import step

MODES = ("forward_difference", "central_difference")
PROBE = ["dataset", "model", "loss", "player", "dtype", "mode"]
POINT = ["seed", "step"]


def dirac(table: pd.DataFrame) -> dict[str, Any]:
    """A row per mode: in each game the largest distance from theory, ÷ theory's radius.

    Over seeds the median is taken at every step, as in the figure.
    """
    games = [str(game) for game in dict.fromkeys(table["game"])]
    rows = []
    for (mode, epsilon, settings), part in table.groupby(
        ["mode", "epsilon", "settings"], dropna=False, sort=False
    ):
        off = {str(game): _farthest(runs) for game, runs in part.groupby("game")}
        chosen = {"epsilon": epsilon, "rule": ""}
        rows.append(
            {
                "mode": mode,
                "settings": settings,
                "epsilon": epsilon,
                "step": step(chosen),
                "seeds": part["seed"].nunique(),
                "off": [off.get(game, np.nan) for game in games],
            }
        )
    rows.sort(key=lambda row: (row["mode"] != "exact", max(row["off"])))
    steps = [] if table.empty else [int(table["step"].max())]
    return {"games": games, "rows": rows, "steps": between(steps)}


def _farthest(runs: pd.DataFrame) -> float:
    players = ("generator", "discriminator")
    away = np.hypot(*(runs[name] - runs[f"expected_{name}"] for name in players))
    radius = np.hypot(*(runs[f"expected_{name}"] for name in players))
    return float((away / radius).groupby(runs["step"]).median().max())


def best(errors: pd.DataFrame) -> dict[str, Any]:
    """A row per probe, player, precision and difference: the best fixed ε and what rules chose."""
    errors = errors[errors["mode"].isin(MODES)]
    fixed = errors[errors["rule"] == "fixed"].dropna(subset="epsilon")
    rules = [rule for rule in dict.fromkeys(errors["rule"]) if rule not in ("", "fixed")]
    rows = []
    for name, part in fixed.groupby(PROBE):
        medians = part.groupby("epsilon")["relative_error"].median().dropna()
        if medians.empty:
            continue
        here = dict(zip(PROBE, name, strict=True))
        same = errors.merge(pd.DataFrame([here]))
        row = {
            **here,
            "epsilon": float(medians.idxmin()),
            "error": float(medians.min()),
            "tried": between(list(medians.index)),
            "count": len(medians),
            "at_end": medians.idxmin() in (medians.index[0], medians.index[-1]),
        }
        row["rules"] = {
            rule: _chosen(same[same["rule"] == rule], row["error"])
            for rule in rules
            if (same["rule"] == rule).any()
        }
        rows.append(row)
    return {"rules": rules, "rows": rows}


def _chosen(rows: pd.DataFrame, least: float) -> dict[str, float]:
    error = float(rows["relative_error"].median())
    return {
        "epsilon": float(rows["chosen_epsilon"].median()),
        "error": error,
        "ratio": error / least if least > 0 else np.nan,
    }


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
