"""Where verdicts are shown: the figures they rest on, and strips of their intervals."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from approxgan.claims.measures import RATIO
from approxgan.claims.summary import no_effect

SHOWN_BY = {
    "C1": ("quality_cost", "training_curves", "controls"),
    "C2": ("stability", "controls"),
    "C3": ("quality_epsilon", "effects", "error_quality"),
    "C4": ("quality_epsilon", "gradient_error", "stability"),
    "C5": ("quality_cost", "cost_cosine"),
    "C6": ("quality_epsilon", "effects", "epsilon_rules"),
}
"""Figures that show what a claim is about, where the report has them."""


def links(figures: Collection[str]) -> dict[str, list[str]]:
    """Claim -> its figures among these."""
    return {claim: [name for name in names if name in figures] for claim, names in SHOWN_BY.items()}


def strip(row: Mapping[str, Any]) -> dict[str, float] | None:
    """Places from 0 to 100 of a row's interval, its bound and no effect; None without numbers."""
    marks = {name: float(row[name]) for name in ("effect", "low", "high", "bound")}
    marks["none"] = no_effect(row)
    values = np.array(list(marks.values()))
    if not np.isfinite(values).all():
        return None
    scale = np.log if row["unit"] == RATIO and (values > 0).all() else np.asarray
    scaled = scale(values)
    places = 5 + 90 * (scaled - scaled.min()) / (float(np.ptp(scaled)) or 1.0)
    return {name: round(float(place), 1) for name, place in zip(marks, places, strict=True)}
