"""Paired comparisons over seeds, intervals and corrections; scipy and statsmodels do the sums.

The seed is the unit. Randomness comes from the caller's generator, so that a table made again
is the same table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from approxgan.analysis.frames import GROUP


class Interval(NamedTuple):
    """An estimate and the ends of its interval, in the estimate's unit; NaN where unknown."""

    estimate: float
    low: float
    high: float


def pair(
    values: pd.DataFrame, baseline: str, value: str = "value", on: Sequence[str] = (*GROUP, "seed")
) -> pd.DataFrame:
    """Every run beside the baseline mode's run of the same group and seed.

    Adds the columns ``baseline``, ``difference`` (run minus baseline, in the unit of ``value``)
    and ``paired``, whether there is such a baseline run. Baseline rows themselves are left out; a
    missing value stays, as a missing difference.
    """
    is_baseline = values["mode"] == baseline
    reference = values.loc[is_baseline, [*on, value]].rename(columns={value: "baseline"})
    both = values[~is_baseline].merge(
        reference, "left", on=list(on), validate="many_to_one", indicator="paired"
    )
    return both.assign(
        difference=both[value] - both["baseline"], paired=both["paired"].astype(str) == "both"
    )


def spread(values: np.ndarray) -> float:
    """The standard deviation (ddof = 1) of what is not missing; 0 for equal, NaN for too few."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return np.nan
    return 0.0 if _flat(known) else float(known.std(ddof=1))


def in_spreads(
    values: np.ndarray, reference: np.ndarray, *, spread: float, cap: float, worse: int
) -> np.ndarray:
    """Value minus reference [n] in units of ``spread``, capped at ±cap.

    A missing value is a run without samples: ``worse`` (1: more is worse, -1: less is) by the
    cap than one that has some, and equal to another without. Where ``worse`` is 0 nothing says
    which way that is, and such pairs are left out.
    """
    values, reference = np.asarray(values, float), np.asarray(reference, float)
    lost, other = np.isnan(values), np.isnan(reference)
    scaled = np.clip((values - reference) / spread, -cap, cap)
    if worse == 0:
        return scaled[~lost & ~other]
    scaled = np.where(lost, worse * cap, np.where(other, -worse * cap, scaled))
    return np.where(lost & other, 0.0, scaled)


def mean_interval(
    samples: Sequence[np.ndarray],
    rng: np.random.Generator,
    *,
    level: float,
    resamples: int,
    method: str = "BCa",
) -> Interval:
    """The mean of the groups' means, with a bootstrap interval stratified by group.

    Each sample [n_k] holds one group's runs; runs are resampled within their group. Falls back
    to the percentile method where BCa is not defined (a group of fewer than three runs, or one
    whose runs agree exactly), and to no interval where a group has a single run.
    """
    arrays = [np.asarray(sample, float) for sample in samples]
    estimate = float(np.mean([sample.mean() for sample in arrays]))
    if min(len(sample) for sample in arrays) < 2:
        return Interval(estimate, np.nan, np.nan)
    if all(_flat(sample) for sample in arrays):
        return Interval(estimate, estimate, estimate)
    if any(len(sample) < 3 or _flat(sample) for sample in arrays):
        method = "percentile"
    result = stats.bootstrap(
        tuple(arrays),
        _mean_of_means,
        n_resamples=resamples,
        confidence_level=level,
        method=method,
        vectorized=True,
        rng=rng,
    )
    low, high = result.confidence_interval
    return Interval(estimate, float(low), float(high))


def _flat(sample: np.ndarray) -> bool:
    """Whether the values agree up to rounding: they have no spread to reason from."""
    return bool(np.ptp(sample) <= 1e-9 * np.abs(sample).max())


def _mean_of_means(*samples: np.ndarray, axis: int) -> np.ndarray:
    return np.mean([sample.mean(axis) for sample in samples], axis=0)


def log_spread_interval(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    rng: np.random.Generator,
    *,
    level: float,
    resamples: int,
) -> Interval:
    """ln(sd of the first ÷ sd of the second), averaged over groups; pairs are resampled whole.

    Each group is two arrays [n_k] matched by seed; sd with ddof = 1. Percentile method: a
    resample whose runs all agree has no logarithm and is left out.
    """
    estimate = float(np.mean([_log_ratio(a[None], b[None])[0] for a, b in pairs]))
    if not np.isfinite(estimate):
        return Interval(estimate, np.nan, np.nan)
    drawn = []
    for a, b in pairs:
        rows = rng.integers(len(a), size=(resamples, len(a)))
        drawn.append(_log_ratio(np.asarray(a)[rows], np.asarray(b)[rows]))
    values = np.mean(drawn, axis=0)
    values = values[np.isfinite(values)]
    if not len(values):
        return Interval(estimate, np.nan, np.nan)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high))


def _log_ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Arrays [K, n] -> [K]; NaN where a standard deviation is 0 or n < 2."""
    if a.shape[-1] < 2:
        return np.full(len(a), np.nan)
    spreads = np.std([a, b], axis=-1, ddof=1)
    # Equal numbers have a standard deviation of rounding errors, not of 0.
    spreads[np.ptp([a, b], axis=-1) == 0] = np.nan
    logs = np.log(spreads)
    return logs[0] - logs[1]


def t_interval(sample: np.ndarray, level: float) -> Interval:
    """Student's interval of the mean; no interval from fewer than two values."""
    sample = np.asarray(sample, float)
    mean = float(sample.mean()) if len(sample) else np.nan
    if len(sample) < 2:
        return Interval(mean, np.nan, np.nan)
    half = stats.t.ppf((1 + level) / 2, len(sample) - 1) * stats.sem(sample)
    return Interval(mean, float(mean - half), float(mean + half))


def sign_flip(differences: np.ndarray, rng: np.random.Generator, resamples: int) -> float:
    """Two-sided p of 'differences are symmetric about 0'; all 2^n flips where these are few."""
    differences = np.asarray(differences, float)
    if len(differences) < 2:
        return np.nan
    result = stats.permutation_test(
        (differences,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        n_resamples=resamples,
        vectorized=True,
        rng=rng,
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values, in order; NaN stays NaN and does not count as a test."""
    values = np.asarray(p_values, float)
    known = np.isfinite(values)
    adjusted = np.full(values.shape, np.nan)
    # By hand, because statsmodels' multipletests collects garbage at every call.
    tested = values[known]
    order = np.argsort(tested)
    steps = np.maximum.accumulate(tested[order] * np.arange(len(tested), 0, -1))
    ranked = np.empty(len(tested))
    ranked[order] = np.minimum(steps, 1.0)
    adjusted[known] = ranked
    return adjusted


def below(sample: np.ndarray, bound: float) -> float:
    """One-sided p of 'the mean is not below the bound' (Student's t)."""
    sample = np.asarray(sample, float)
    if len(sample) < 2:
        return np.nan
    if _flat(sample):
        return 0.0 if sample[0] < bound else 1.0
    return float(stats.ttest_1samp(sample, bound, alternative="less").pvalue)


def equivalence(sample: np.ndarray, margin: float) -> float:
    """p of the two one-sided tests of 'the mean is within ±margin' (Schuirmann 1987)."""
    return max(below(sample, margin), below(-np.asarray(sample, float), margin))


def floor(
    differences: np.ndarray,
    count: int,
    rng: np.random.Generator,
    *,
    level: float,
    resamples: int,
) -> float:
    """The quantile ``level`` of |mean| over resamples of ``count`` differences, with replacement.

    For differences [n] that chance alone has made: what a mean of so many comes to by chance.
    They are not centred: the chance effect that was really seen stays part of it.
    """
    differences = np.asarray(differences, float)
    if len(differences) < 2 or count < 1:
        return np.nan
    means = differences[rng.integers(len(differences), size=(resamples, count))].mean(axis=1)
    return float(np.quantile(np.abs(means), level))


def wilson(successes: int, total: int, level: float) -> Interval:
    """A rate with Wilson's score interval."""
    if total == 0:
        return Interval(np.nan, np.nan, np.nan)
    low, high = stats.binomtest(successes, total).proportion_ci(level, method="wilson")
    return Interval(successes / total, float(low), float(high))


def rate_difference(first: tuple[int, int], second: tuple[int, int], level: float) -> Interval:
    """First rate minus second, each (successes, total), with Newcombe's hybrid score interval.

    It treats the two as independent, which is cautious for runs matched by seed.
    """
    if not (first[1] and second[1]):
        return Interval(np.nan, np.nan, np.nan)
    low, high = confint_proportions_2indep(
        *first, *second, method="newcomb", compare="diff", alpha=1 - level
    )
    return Interval(first[0] / first[1] - second[0] / second[1], float(low), float(high))
