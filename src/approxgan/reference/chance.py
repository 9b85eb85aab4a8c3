"""What chance says of the difference between two runs of one experiment."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from approxgan.analysis import statistics
from approxgan.analysis.statistics import UNKNOWN, Interval

LEVEL = 0.95
"""Of the intervals, which are not corrected."""
ALIKE = 1e-9
"""Share by which numbers without an error may differ: those are counts."""
PAIRED, WELCH, COUNT, FISHER, NONE = "paired over seeds", "Welch", "count", "Fisher", ""


class Test(NamedTuple):
    """A difference with its interval, and what chance says of it."""

    ends: Interval
    """Here minus there; here ÷ there of a ratio."""
    p: float
    """Of 'they differ by chance'; NaN where nothing is tested."""
    how: str = NONE
    """How it is tested; empty for a number that says nothing of its chance."""


def paired(here: pd.Series | None, there: pd.Series | None) -> Test | None:
    """Student's t of the differences; None unless both have the same seeds, all of them scored."""
    if here is None or there is None or set(here.index) != set(there.index) or len(here) < 2:
        return None
    values = (here - there.reindex(here.index)).to_numpy(float)
    if not np.isfinite(values).all():
        return None
    scale = ALIKE * max(here.abs().max(), there.abs().max())
    if np.ptp(values) <= scale:
        # Without a spread there is nothing to reason from, unless they are equal.
        return Test(Interval(0.0, 0.0, 0.0), 1.0, PAIRED) if abs(values[0]) <= scale else None
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    made = statistics.student(float(values.mean()), error, len(values) - 1.0, LEVEL)
    return Test(made.interval, made.p(0.0), PAIRED)


def apart(values: np.ndarray, errors: np.ndarray, freedoms: np.ndarray) -> Test:
    """values [2], standard errors and degrees of freedom -> difference, p and how it is tested.

    Welch's t. An error of 0 is a count's. p is 1 where an error is missing: a single run, or a
    number that rests on others, says nothing of its chance. Missing degrees of freedom are
    infinitely many.
    """
    if not np.isfinite(values).all():
        same = values[0] == values[1] or np.isnan(values).all()
        return Test(UNKNOWN, float(same))
    gap = float(values[0] - values[1])
    if np.isnan(errors).any():
        return Test(Interval(gap, np.nan, np.nan), 1.0)
    variances = errors**2
    if variances.sum() == 0:
        p = float(abs(gap) <= ALIKE * np.abs(values).max())
        return Test(Interval(gap, gap, gap), p, COUNT)
    parts = variances**2 / np.nan_to_num(np.maximum(freedoms, 1), nan=np.inf)
    freedom = variances.sum() ** 2 / parts.sum() if parts.sum() > 0 else np.inf
    made = statistics.student(gap, float(np.sqrt(variances.sum())), float(freedom), LEVEL)
    return Test(made.interval, made.p(0.0), WELCH)


def of_rates(lost: np.ndarray, others: np.ndarray) -> Test:
    """lost [2] runs of a kind and the others [2], here and there: Fisher's exact test."""
    p = float(stats.fisher_exact(np.array([lost, others], int)).pvalue)
    return Test(UNKNOWN, p, FISHER)
