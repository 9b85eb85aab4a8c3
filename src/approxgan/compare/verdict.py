"""How one number of a cell is judged against the baseline's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Interval

Rules = Mapping[str, Any]
WORSE = {"lower": 1, "higher": -1, "neither": 0}
"""The sign of a difference for the worse, by the way that is better."""


NEAR = 0.03
"""Share of the noise floor within which more resamples are drawn."""


@dataclass(frozen=True)
class Pairs:
    """One number of one cell, paired with the baseline's by seed."""

    metric: str
    better: str
    seeds: int
    """In common with the baseline."""
    rows: np.ndarray
    """[n, 4] for ``statistics.in_spreads``; the baseline's other seeds are no pairs."""
    sample: np.ndarray
    """[n]: differences in these standard deviations."""
    chance: Sequence[np.ndarray] = ()
    """The same of the control that differs by chance alone, a sample a setting of it."""
    budgets: float = 1.0
    """What the cell may spend ÷ the smallest budget of its group."""


@dataclass(frozen=True)
class Difference:
    """What the pairs say, in the baseline's standard deviations; NaN where unknown."""

    effect: Interval
    p: float
    p_equivalence: float
    floor: float

    @property
    def beyond_floor(self) -> bool | None:
        size = abs(self.effect.estimate)
        return None if np.isnan([size, self.floor]).any() else size > self.floor


def measure(pairs: Pairs, rules: Rules) -> Difference:
    """Every row is drawn with the same seed: none depends on which other rows there are."""
    primary = pairs.metric == rules["metric"]
    resamples = rules["resamples"] if primary else rules["exploratory_resamples"]
    level, sample = 1 - rules["alpha"], pairs.sample

    def rng() -> np.random.Generator:
        return np.random.default_rng(rules["seed"])

    margin, effect, equal = float(rules["equivalence_sds"]), statistics.UNKNOWN, np.nan
    if len(sample):
        mean = partial(
            statistics.mean_in_spreads, cap=float(rules["cap_sds"]), worse=WORSE[pairs.better]
        )
        made = statistics.jackknife([pairs.rows], mean, level=level, counts=[len(sample)])
        effect, equal = made.interval, max(made.less(margin), 1 - made.less(-margin))

    def floor(resamples: int) -> float:
        enough = [chance for chance in pairs.chance if len(chance) >= rules["least_seeds"]]
        return max(
            (statistics.floor(one, len(sample), rng(), level=level, resamples=resamples)
             for one in enough), default=np.nan
        )  # fmt: skip

    least = floor(resamples)
    if abs(abs(effect.estimate) - least) < NEAR * least:
        # So near, the seed of the resamples could decide.
        least = floor(20 * resamples)
    flips = statistics.sign_flip(sample, rng(), resamples)
    return Difference(effect, flips, equal, least)


def verdict(pairs: Pairs, found: Difference, rules: Rules) -> tuple[str, str]:
    """(better, worse, same or undecided; what decided or what is missing)."""
    missing = _missing(pairs, rules)
    if missing:
        return "undecided", missing
    if found.p_equivalence < rules["alpha"]:
        return "same", f"equivalence p {found.p_equivalence:.2g} < {rules['alpha']:g}"
    margin = float(rules["equivalence_sds"])
    if not (found.effect.low > margin or found.effect.high < -margin):
        return "undecided", f"the interval reaches into ±{margin:g} sds"
    if pairs.better == "neither":
        return "undecided", f"it differs, but neither way of {pairs.metric} is better"
    if found.beyond_floor is None:
        return (
            "undecided",
            f"no noise floor: {rules['chaos_control']} was not run here with at least "
            f"{rules['least_seeds']} seeds",
        )
    size = abs(found.effect.estimate)
    if not found.beyond_floor:
        return "undecided", f"{size:.3g} sds are within the noise floor of {found.floor:.3g}"
    return (
        "worse" if WORSE[pairs.better] * found.effect.estimate > 0 else "better",
        f"the interval lies beyond ±{margin:g} sds, the effect beyond the noise floor of "
        f"{found.floor:.3g}",
    )


def _missing(pairs: Pairs, rules: Rules) -> str:
    """What a verdict would need and does not have; empty if it has all."""
    baseline, needed = rules["baseline"], rules["least_seeds"]
    if pairs.seeds < needed:
        return f"{pairs.seeds} seeds in common with {baseline}, of {needed} needed"
    if pairs.budgets > 1:
        return (
            f"it may spend {pairs.budgets:.3g} times the least budget of its group; the table "
            "claims compares at equal cost"
        )
    if not statistics.spread(pairs.rows[:, 2]) > 0:
        return f"{baseline}'s {pairs.metric} has no seed-to-seed spread to measure in"
    if len(pairs.sample) < needed:
        return f"{len(pairs.sample)} pairs have {pairs.metric}, of {needed} needed"
    return ""
