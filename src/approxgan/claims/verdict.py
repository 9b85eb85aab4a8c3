"""From effects to verdicts: one family of tests over the whole table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Effect

SUPPORTED, NEGLIGIBLE, CONTRADICTED, UNDECIDED = VERDICTS = (
    "supported", "no relevant effect", "contradicted", "undecided",
)  # fmt: skip
OK, LACK, NO_GAIN, NO_INTERVAL, NONE_TO_SPARE = REASONS = (
    "ok", "lack_of_data", "no_gain", "no_interval", "none_to_spare",
)  # fmt: skip
COUNT = "count"
"""The kind of interval of what is counted, not sampled: a point, and no test."""


class InsufficientData(Exception):
    """What a verdict would need and does not have."""


@dataclass(frozen=True)
class Comparison:
    """What a measure came to over all data sets, and how its interval was made."""

    effect: Effect
    kind: str
    note: str = ""
    values: tuple[float, float] = (np.nan, np.nan)
    """What is measured of the mode and of the other in its own unit, uncapped."""
    capped: int = 0
    """Pairs of runs whose difference is at the cap."""
    censored: int = 0
    """Runs of the mode that never reached the target, and count by rule."""
    runs: int = 0
    """Runs of the mode in the comparison."""
    can_spare: bool = True
    """Whether what it is compared with has anything that the mode could spare."""


def mean_of(pairs: Any, geometric: bool = False) -> tuple[float, float]:
    """Of the mode's and the other's values by data set [k, 2]."""
    values = np.array(pairs, float)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(values).mean(0)) if geometric else values.mean(0)
    return float(mean[0]), float(mean[1])


@dataclass(frozen=True)
class Claimed:
    """On which side of which bound a claim says that the effect lies, and where none is."""

    side: str
    """below or above"""
    bound: float
    none: float
    """The effect of no difference: 1 of a ratio, 0 of others."""

    def holds(self, effect: Effect) -> bool:
        """Whether the effect is more likely on the claimed side than on the other."""
        less = effect.less(self.bound)
        return less < 0.5 if self.side == "below" else less > 0.5

    def opposed(self, effect: Effect, error: float) -> bool:
        """Whether the effect is shown to lie on the other side of no effect."""
        less = effect.less(self.none)
        return 2 * (less if self.side == "above" else 1 - less) < error


@dataclass(frozen=True)
class Judgement:
    """One row of the table as a test of 'the effect is the bound'.

    Over a control it asks for two things: a gain over exact, and that the control does not share
    it. Without a gain over exact there is nothing to share, and the verdict over exact stands.
    """

    claimed: Claimed
    comparison: Comparison
    gain: Comparison | None = None

    def p(self, error: float) -> float:
        """Two-sided; of both things it is the larger one."""
        own = self.comparison.effect.p(self.claimed.bound)
        if self.gain is None:
            return own
        first = self.gain.effect.p(self.claimed.bound)
        return max(first, own) if self._gains(error) else first

    def _gains(self, error: float) -> bool:
        return self.gain is None or (
            self.claimed.holds(self.gain.effect) and self.gain.effect.p(self.claimed.bound) < error
        )

    def decide(self, p: float, error: float) -> tuple[str, str]:
        """(verdict, reason code) by the p of this row that is compared with ``error``."""
        if np.isnan(p):
            return UNDECIDED, NO_INTERVAL
        gains = self._gains(error)
        decisive = self.comparison if gains or self.gain is None else self.gain
        reason = OK if gains else NO_GAIN
        # Nested in this row's test, that of no effect needs no share of the error of its own.
        own = decisive.effect.p(self.claimed.bound)
        share = error * min(1.0, own / p) if p > 0 else error
        verdict = UNDECIDED
        if p < error and self.claimed.holds(decisive.effect):
            verdict = SUPPORTED
        elif p < error:
            opposed = self.claimed.opposed(decisive.effect, share)
            verdict = CONTRADICTED if opposed else NEGLIGIBLE
        over_exact = self.gain is None or decisive is self.gain
        if over_exact and not decisive.can_spare and verdict != CONTRADICTED:
            return UNDECIDED, NONE_TO_SPARE
        return verdict, reason


def decide(tests: Sequence[Judgement | None], error: float) -> list[tuple[str, str, float, float]]:
    """(verdict, reason code, p, Holm's p) of every row; None is a row without data.

    Holm's procedure is over all rows that are tested, so that one false verdict in the whole
    table is as rare as ``error``. What is counted is no test.
    """
    raw = np.array([np.nan if test is None else test.p(error) for test in tests])
    counted = np.array([test is not None and test.comparison.kind == COUNT for test in tests], bool)
    adjusted = np.where(counted, raw, statistics.holm(np.where(counted, np.nan, raw)))
    made = []
    for test, p, holm in zip(tests, raw, adjusted, strict=True):
        verdict = (UNDECIDED, LACK) if test is None else test.decide(holm, error)
        made.append((*verdict, float(p), float(holm)))
    return made
