"""Scores against what they cost: the panels of a group of runs, and the axes of budgets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.analysis.frames import GROUP, Tables, forward_equivalents, null_of
from approxgan.analysis.text import number
from approxgan.figures import _axes, _labels, _lines, _quality, _series, _style
from approxgan.figures._series import Series

BUDGETS = ("forward-equivalents of a run", "seconds of a run")
UNITS = ("forward_equivalents", "seconds")
"""Of the table cost's column budget_unit: what these axes count."""
LEVEL = {"linestyle": ":", "linewidth": 1.2, "zorder": 2}
START = "before training"


def row(axes: Sequence[Axes], rows: pd.DataFrame, tables: Tables, shown: list[Series]) -> None:
    """Rows of one group against as many budgets as there are axes; names stand on the right."""
    runs = rows[[*GROUP, *_series.CELL]].drop_duplicates()
    spent = tables["training"].merge(runs), tables["cost"].merge(runs)
    for one in shown:
        _line(axes, one, rows, *spent)
    start = rows.loc[rows["step"] == 0, "value"].median()
    for ax in axes:
        if np.isfinite(start):
            ax.axhline(start, color=_style.GREY, **LEVEL)
            where = {"xycoords": ax.get_yaxis_transform()}
            _labels.margin(ax, 1, start, START, _style.GREY, **where)
        _axes.log(ax)
    _quality.frame(axes, null_of(tables["quality_null"], rows))


def height(rows: pd.DataFrame, shown: list[Series]) -> float:
    """Inches of a panel for these rows."""
    return max(2.8, _labels.height([START, *(_name(one, one.rows(rows)) for one in shown)]))


def _name(one: Series, rows: pd.DataFrame) -> str:
    """The series with the ε at which it is shown."""
    return one.named(rows["epsilon"].unique())


def _line(
    axes: Sequence[Axes],
    one: Series,
    rows: pd.DataFrame,
    training: pd.DataFrame,
    cost: pd.DataFrame,
) -> None:
    """One mode against every budget."""
    own = one.rows(rows)
    got = _quality.summary(own, "step")
    got = got[np.isfinite(got["middle"])]
    steps = got.index.to_numpy(float)
    jobs = one.rows(cost)
    each = seconds(jobs)
    if (jobs["budget_unit"] == "seconds").any():  # as they were counted when it was spent
        each = own["budget"].max() / own["step"].max()
    budgets = (counts(one.rows(training), steps), each * steps)
    for ax, x in zip(axes, budgets, strict=False):
        kept = np.isfinite(x) & (x > 0)
        _lines.line(ax, got.set_index(x)[kept], marker=one.marker, markersize=4, **one.stroke)
        if kept.any():
            end = x[kept][-1], got["middle"].to_numpy()[kept][-1]
            _labels.margin(ax, *end, _name(one, own), one.colour)
        if one.mode == "exact" and len(got):
            ax.axhline(got["middle"].iloc[-1], color=_style.INK, **LEVEL)


def common(ax: Axes, budget: float) -> None:
    """Shade what lies beyond the budget that all modes have."""
    ax.axvspan(budget, ax.get_xlim()[1], color="#f1f1f1", linewidth=0, zorder=-1)
    ax.axvline(budget, color=_style.GREY, linewidth=0.9, zorder=0)
    look: dict[str, Any] = {"va": "top", "ha": "left", "color": "#555555", "bbox": _style.BOX}
    place = ax.get_xaxis_transform()
    ax.text(budget * 1.15, 0.98, f"beyond\n{number(budget)}", transform=place, **look)


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
