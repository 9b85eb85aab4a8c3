"""From an effect to a verdict, and what every way of judging says of itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Interval
from approxgan.claims.matching import Match, Rules

CHOSEN = (
    "ε: the highest median cosine in the probe (of the same model where this data set and loss "
    "were not probed)"
)


class Judged(NamedTuple):
    """A verdict and the numbers it rests on."""

    effect: Interval
    verdict: str
    rule: str
    cells: str


def decide(effect: Interval, bound: float, claimed: str, unit: str) -> tuple[str, str]:
    """(verdict, rule): is the whole interval on the claimed side of the bound, or on the other?"""
    other = "below" if claimed == "above" else "above"
    rule = (
        f"supported if the whole interval lies {claimed} {bound:.3g}{unit}, contradicted if it "
        f"lies {other}; it is {effect.low:.3g} to {effect.high:.3g}"
    )
    if not (np.isfinite(effect.low) and np.isfinite(effect.high)):
        return "undecided", f"{rule}: too few runs for an interval"
    if effect.low > bound:
        return ("supported" if claimed == "above" else "contradicted"), rule
    if effect.high < bound:
        return ("supported" if claimed == "below" else "contradicted"), rule
    return "undecided", rule


def cells(matches: list[Match]) -> str:
    return "; ".join(one.name(one.chosen) for one in matches)


def mean(samples: list[np.ndarray], rules: Rules) -> Interval:
    return statistics.mean_interval(
        samples,
        np.random.default_rng(rules["seed"]),
        level=1 - rules["alpha"],
        resamples=rules["resamples"],
    )


def exp(effect: Interval) -> Interval:
    return Interval(*(float(np.exp(value)) for value in effect))


def less(margin: float) -> float:
    """The ratio that counts as less by the margin."""
    return 1 - margin
