"""Paired comparisons over seeds, intervals and corrections; scipy and statsmodels do the sums.

The seed is the unit. Randomness comes from the caller's generator, so that a table made again
is the same table.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from approxgan.analysis.frames import GROUP


class Interval(NamedTuple):
    """An estimate and the ends of its interval, in the estimate's unit; NaN where unknown."""

    estimate: float
    low: float
    high: float


class Effect(NamedTuple):
    """An estimate with its interval, and how it is tested against any bound."""

    interval: Interval
    less: Callable[[float], float]
    """One-sided p of 'the effect is not less than this'; NaN where unknown."""
    error: float = np.nan
    """Standard error; of the effect's logarithm for one that ``exp`` made."""
    freedom: float = np.nan
    """Degrees of freedom, where the test is Student's."""

    def p(self, bound: float) -> float:
        """Two-sided p of 'the effect is the bound': 1 - level where an end of the interval is."""
        less = self.less(bound)
        return float(np.minimum(1.0, 2 * min(less, 1 - less)))


UNKNOWN = Interval(np.nan, np.nan, np.nan)


def pair(
    values: pd.DataFrame, is_baseline: pd.Series, on: Sequence[str] = (*GROUP, "seed")
) -> pd.DataFrame:
    """Every run beside the baseline's run of the same group and seed.

    Adds the columns ``baseline``, ``difference`` (run minus baseline, in the unit of ``value``)
    and ``paired``, whether there is such a baseline run. Baseline rows themselves are left out; a
    missing value stays, as a missing difference.
    """
    reference = values.loc[is_baseline, [*on, "value"]].rename(columns={"value": "baseline"})
    both = values[~is_baseline].merge(
        reference, "left", on=list(on), validate="many_to_one", indicator="paired"
    )
    return both.assign(
        difference=both["value"] - both["baseline"], paired=both["paired"].astype(str) == "both"
    )


def spread(values: np.ndarray) -> float:
    """The standard deviation (ddof = 1) of what is not missing; 0 for equal, NaN for too few."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return np.nan
    return 0.0 if _flat(known) else float(known.std(ddof=1))


def in_spreads(rows: np.ndarray, *, cap: float, worse: int) -> np.ndarray:
    """Rows [..., n, 4] of value, reference, baseline and whether it is a pair -> [..., n].

    Value minus reference in units of the spread (ddof = 1) of the baseline's known values, capped
    at ±cap (Glass 1976). A missing value is a run without samples: ``worse`` (1: more is worse, -1:
    less is) by the cap than one that has some, and equal to another without. Where ``worse`` is 0
    nothing says which way that is, and the pair is missing. NaN for what is no pair, and all where
    the baseline has no spread.
    """
    values, reference, baseline, pairs = np.moveaxis(rows, -1, 0)
    lost, other = np.isnan(values), np.isnan(reference)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        spread = np.nanstd(baseline, axis=-1, ddof=1, keepdims=True)
        known = np.nan_to_num(baseline)
        level = (known == known[..., :1]).all(axis=-1, keepdims=True)
        spread = np.where(level, np.nan, spread)
        scaled = np.clip((values - reference) / spread, -cap, cap)
    if worse:
        scaled = np.where(lost, worse * cap, np.where(other, -worse * cap, scaled))
        scaled = np.where(lost & other, 0.0, scaled)
    return np.where(np.isnan(spread) | (pairs == 0), np.nan, scaled)


def mean_in_spreads(rows: np.ndarray, *, cap: float, worse: int) -> np.ndarray:
    """Means [...] of the pairs in ``in_spreads``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(in_spreads(rows, cap=cap, worse=worse), axis=-1)


def mean(rows: np.ndarray) -> np.ndarray:
    """Rows [..., n, 1] -> means [...]."""
    return rows.mean(axis=(-2, -1))


def log_spread(rows: np.ndarray) -> np.ndarray:
    """Rows [..., n, 2] -> ln(sd of the first ÷ sd of the second) [...], ddof = 1; NaN for sd 0."""
    spreads = np.std(rows, axis=-2, ddof=1)
    # Equal numbers have a standard deviation of rounding errors, not of 0.
    spreads = np.where(np.ptp(rows, axis=-2) == 0, np.nan, spreads)
    return np.log(spreads[..., 0] / spreads[..., 1])


def jackknife(
    groups: Sequence[np.ndarray],
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    level: float,
    counts: Sequence[int] | None = None,
) -> Effect:
    """The mean over groups of a statistic of rows [n_k, c], tested by Student's t.

    The variance of each group's statistic is the jackknife's (Tukey 1958), over rows; whatever
    the statistic estimates from the rows, a standard deviation too, is estimated anew without
    each row. Degrees of freedom are Welch and Satterthwaite's, with n_k - 1 of a group, or those
    of ``counts`` where not every row counts in full. No interval where a group has a single row
    or a statistic without a row is unknown.
    """
    values = [float(statistic(rows)) for rows in groups]
    variances = np.array([_jackknifed(rows, statistic) for rows in groups])
    degrees = np.array(counts or [len(rows) for rows in groups]) - 1
    total = variances.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = total**2 / (variances**2 / degrees).sum()
    error = np.sqrt(total) / len(values)
    return student(float(np.mean(values)), float(error), float(freedom), level)


def _jackknifed(rows: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> float:
    n = len(rows)
    if n < 2:
        return np.nan
    without = np.broadcast_to(np.arange(n), (n, n))[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    values = statistic(rows[without])
    return 0.0 if _flat(values) else float((n - 1) * np.var(values))


def student(estimate: float, error: float, freedom: float, level: float) -> Effect:
    """An estimate with its standard error; an error of 0 makes the interval a point."""

    def less(bound: float) -> float:
        if error == 0:
            return 0.5 if estimate == bound else float(estimate > bound)
        return float(stats.t.cdf((estimate - bound) / error, freedom))

    half = error * float(stats.t.ppf((1 + level) / 2, freedom)) if error else error
    return Effect(Interval(estimate, estimate - half, estimate + half), less, error, freedom)


def exact(value: float) -> Effect:
    """A number that was counted: its interval is a point."""
    return student(value, 0.0, 1.0, 0.0)


def exp(effect: Effect) -> Effect:
    """Of the logarithm of a ratio, that of the ratio."""
    ends = Interval(*(float(np.exp(end)) for end in effect.interval))
    return effect._replace(interval=ends, less=lambda bound: effect.less(float(np.log(bound))))


def largest(effects: Sequence[Effect]) -> Effect:
    """The largest of several effects: above a bound where one of them is, below where all are.

    Shown above by the smallest p (Bonferroni), below by the largest (intersection and union).
    """
    count = len(effects)
    ends = Interval(*(max(ends) for ends in zip(*(one.interval for one in effects), strict=True)))

    def less(bound: float) -> float:
        below = float(np.max([one.less(bound) for one in effects]))
        return either(below, count * (1 - below))

    return Effect(ends, less)


def either(below: float, above: float) -> float:
    """``Effect.less`` of two tests with p of their own, of which one at most is convincing."""
    if np.isnan(below + above):
        return np.nan
    return min(below, 0.5) if below < above else max(1 - above, 0.5)


def _flat(sample: np.ndarray) -> bool:
    """Whether the values agree up to rounding: they have no spread to reason from."""
    return bool(np.ptp(sample) <= 1e-9 * np.abs(sample).max())


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


def quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Of values [..., n], by linear interpolation; infinite where a neighbour is, without NaN."""
    ordered, place = np.sort(values, axis=-1), share * (values.shape[-1] - 1)
    low, part = int(place), place % 1
    if not part:
        return ordered[..., low]
    return ordered[..., low] * (1 - part) + ordered[..., low + 1] * part


def wilson(successes: int, total: int, level: float) -> Interval:
    """A rate with Wilson's score interval."""
    if total == 0:
        return Interval(np.nan, np.nan, np.nan)
    low, high = stats.binomtest(successes, total).proportion_ci(level, method="wilson")
    return Interval(successes / total, float(low), float(high))


def rate_difference(first: tuple[int, int], second: tuple[int, int], level: float) -> Effect:
    """First rate minus second, each (successes, total), with Newcombe's hybrid score interval.

    It treats the two as independent, which is cautious for runs matched by seed.
    """
    if not (first[1] and second[1]):
        return Effect(UNKNOWN, lambda bound: np.nan)
    estimate = first[0] / first[1] - second[0] / second[1]

    def ends(alpha: float) -> tuple[float, float]:
        return confint_proportions_2indep(
            *first, *second, method="newcomb", compare="diff", alpha=alpha
        )

    def less(bound: float) -> float:
        side = int(bound >= estimate)
        # The level at which an end of the interval meets the bound.
        span = (1e-12, 1 - 1e-12)
        off = [(ends(alpha)[side] - bound) * (1 if side else -1) for alpha in span]
        if off[0] <= 0:
            tail = span[0] / 2
        elif off[1] >= 0:
            tail = 0.5
        else:
            met = optimize.brentq(lambda alpha: ends(alpha)[side] - bound, *span)
            tail = float(met) / 2
        return tail if side else 1 - tail

    low, high = ends(1 - level)
    error = (high - low) / (2 * stats.norm.ppf((1 + level) / 2))
    return Effect(Interval(estimate, float(low), float(high)), less, float(error))
