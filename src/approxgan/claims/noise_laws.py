"""How the error of a difference grows as its step shrinks, where evaluations are noisy."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import table
from approxgan.claims.matching import Rules
from approxgan.claims.no_gradient import COMMON, FRESH, evaluated, needs
from approxgan.storage.tables import NOISE_LAWS

SLOPES = {COMMON: -0.5, FRESH: -1.0}
"""Of steps: as ε shrinks, common draws differ in a share of samples that shrinks with it."""


def laws(tables: Mapping[str, pd.DataFrame], rules: Rules) -> pd.DataFrame:
    """The table ``noise_laws``: a row a mode of every probe in which draws are ``fresh``."""
    errors = table(tables, "gradient_error")
    errors = errors[errors["player"] == "generator"]
    rows = []
    for _, probed in errors.groupby(list(PROBE_GROUP)):
        if any(FRESH in text for text in probed["own_settings"]):
            rows += _rows(probed, rules)
    return pd.DataFrame(rows, columns=list(NOISE_LAWS))


def errors_by_step(rows: pd.DataFrame) -> pd.DataFrame:
    """[seed, ε]: the mean squared relative error of one mode over the points of a trajectory."""
    squared = rows["bias_squared"].astype(float) + rows["variance"].astype(float)
    return rows.assign(squared=squared).pivot_table("squared", "seed", "epsilon", aggfunc="mean")


def slope(rows: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Squared errors [..., n, E] at E steps -> the slope of ln √mean by ln ε [...]."""
    at = np.log(steps) - np.log(steps).mean()
    heights = 0.5 * np.log(np.maximum(rows.mean(axis=-2), 1e-300))
    return (heights * at).sum(axis=-1) / np.square(at).sum()


def _rows(probed: pd.DataFrame, rules: Rules) -> Iterator[dict[str, Any]]:
    is_smooth = any(needs(mode) == "gradient" for mode in probed["mode"].unique())
    stepped = probed[probed["epsilon"].notna()]
    for (mode, own_settings), rows in stepped.groupby(["mode", "own_settings"]):
        noise, at = evaluated(mode, json.loads(own_settings or "{}"))
        squared = errors_by_step(rows)
        steps = squared.columns.to_numpy(float)
        near = steps <= rules["no_gradient"]["law_below"] * (1 + 1e-9)
        effect = statistics.UNKNOWN
        if near.sum() > 1:
            effect = statistics.jackknife(
                [squared.to_numpy(float)[:, near]],
                lambda part, at=steps[near]: slope(part, at),
                level=1 - rules["alpha"],
            ).interval
        least = squared.mean().idxmin()
        yield {
            **{key: rows[key].iloc[0] for key in PROBE_GROUP},
            "mode": mode,
            "noise": noise,
            "at": at,
            "own_settings": own_settings,
            "is_smooth": is_smooth,
            **dict(zip(("slope", "low", "high"), effect, strict=True)),
            "expected": 0.0 if is_smooth and noise == COMMON else SLOPES.get(noise, -1.0),
            "epsilon": least,
            "error": float(np.sqrt(squared.mean()[least])),
            "calls": float(pd.to_numeric(rows["calls"]).median()),
            "points": len(rows[["seed", "step"]].drop_duplicates()),
        }
