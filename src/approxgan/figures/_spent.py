"""Scores against what they cost: the panels of a group of runs, and the axes of budgets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.analysis.frames import GROUP, Tables, forward_equivalents, null_of
from approxgan.figures import _axes, _lines, _quality, _series, _style
from approxgan.figures._series import Series

BUDGETS = ("training step", "forward-equivalents of a run", "seconds of a run")
LEVEL = {"color": _style.INK, "linestyle": ":", "linewidth": 1.2, "zorder": 2}


def row(
    axes: Sequence[Axes], rows: pd.DataFrame, tables: Tables, shown: list[Series], first: int = 0
) -> None:
    """Rows of one group against the budgets from number ``first`` on; only steps are linear."""
    null = null_of(tables["quality_null"], rows)
    for ax in axes:
        _quality.perfect(ax, null)
    runs = rows[[*GROUP, *_series.CELL]].drop_duplicates()
    spent = tables["training"].merge(runs), tables["cost"].merge(runs)
    drawn = [_line(axes, one, rows, *spent, first) for one in shown]
    for budget, ax in enumerate(axes, first):
        if budget:
            _axes.log(ax)
        else:
            ax.locator_params(axis="x", nbins=5)
    _quality.fit(axes[0], np.concatenate(drawn), null)


def keys(rows: pd.DataFrame, shown: list[Series]) -> list[Any]:
    """Legend entries of ``row``."""
    found = [one.key(one.rows(rows)["epsilon"]) for one in shown]
    return [*found, _style.key("exact at the end", **LEVEL), _quality.perfect_key()]


def _line(
    axes: Sequence[Axes],
    one: Series,
    rows: pd.DataFrame,
    training: pd.DataFrame,
    cost: pd.DataFrame,
    first: int,
) -> np.ndarray:
    """One mode against every budget; what it drew."""
    got = _lines.summary(one.rows(rows), "step", "value", 0.5)
    steps = got.index.to_numpy(float)
    budgets = (steps, counts(one.rows(training), steps), seconds(one.rows(cost)) * steps)
    for number, (ax, x) in enumerate(zip(axes, budgets[first:], strict=True), first):
        kept = np.isfinite(x) & ((x > 0) | (number == 0))
        _lines.line(ax, got.set_index(x)[kept], marker=one.marker, markersize=4, **one.stroke)
        if one.mode == "exact" and len(got):
            ax.axhline(got["middle"].iloc[-1], **LEVEL)
    return got.to_numpy().ravel()


def counts(training: pd.DataFrame, steps: np.ndarray) -> np.ndarray:
    """Forward-equivalents of a run at these steps; NaN where nothing was counted.

    Counted at the traced steps, in between linear, and beyond the last at the mean rate.
    """
    known = forward_equivalents(training).groupby(training["step"]).median()
    if not len(known) or known.index[-1] == 0:
        return np.full(len(steps), np.nan)
    at, spent = known.index.to_numpy(float), known.to_numpy(float)
    return np.where(steps > at[-1], spent[-1] / at[-1] * steps, np.interp(steps, at, spent))


def seconds(cost: pd.DataFrame) -> float:
    """Processor seconds of one step of one seed, mean over the jobs; NaN without a job."""
    return float((cost["cpu_seconds"] / cost["trained_steps"].replace(0, np.nan)).mean())
