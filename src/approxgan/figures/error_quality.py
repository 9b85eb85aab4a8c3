"""The final number that decides against the error along the run's own way, a point a cell."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from approxgan.analysis.frames import GROUP, Tables, final, null_of, primary
from approxgan.figures import _axes, _layout, _quality, _series, _style
from approxgan.figures._series import Series

ERRORS = {
    "generator_cosine": "cosine of the generator's gradient",
    "generator_relative_error": "relative error of the generator's gradient",
}
CELL = [*_series.KIND, "mode", "epsilon"]
FLOOR = 1e-10
LEAST = 5
"""Cells without which a rank correlation says nothing."""


class ErrorQuality:
    needs = ("quality", "training", "quality_null")
    title = "What predicts training: direction or size of the error"
    claims = ("C3",)
    caption = (
        "One point per cell (a mode at one ε): the score that decides the claims at the last "
        "step, against the cosine and the relative error of the generator's estimates along the "
        "cell's own runs. Errors are medians over traced steps and then over seeds. The cosine of "
        "an estimate of zeros alone counts as 0, a diverged run as the worst. Hollow points have "
        "lost some seeds, crosses at the edge at least half of them. Spearman's rank correlation "
        "is between the number on the axis and how bad the samples are, over all cells of the "
        "panel. Near −1 on the left: the better the direction, the better the samples. Near +1 on "
        "the right: the larger the error, the worse the samples. The larger of the two in size "
        "predicts better. One row per data set with at least five cells: the study with most "
        "modes, whose cells have the same optimiser and number of steps. The cosine axis is "
        "linear up to 0.01 and logarithmic above; errors under 1e-10 are drawn at 1e-10. Hatched: "
        "the scores of a perfect generator."
    )

    def draw(self, tables: Tables) -> Figure:
        last = _series.main_groups(primary(final(tables["quality"])))
        cells = measured(last, tables["training"])
        cells = cells[cells.groupby(list(GROUP))["value"].transform("size") >= LEAST]
        if cells.empty:
            return _style.no_data(f"no data set has {LEAST} cells with traced gradient errors")
        shown = _series.series(cells)

        def row(axes: list[Axes], rows: pd.DataFrame) -> None:
            for ax, error in zip(axes, ERRORS, strict=True):
                _panel(ax, rows, error, shown)
            _quality.frame(axes, null_of(tables["quality_null"], rows), head=0.2)
            _axes.cosine(axes[0], "x", rows["generator_cosine"].min())
            _axes.log(axes[1])

        keys = [one.key(linestyle="", markersize=6) for one in shown]
        keys += [_quality.perfect_key(), *_quality.lost_keys()]
        return _layout.panels(
            _series.split(cells, GROUP), row, [2.4], list(ERRORS.values()),
            [_quality.label(cells)], keys, across=2, sharey="row",
        )  # fmt: skip


def measured(last: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """A row a cell: its medians, infinitely bad where half of the runs diverged, and ``whole``.

    ``last`` holds the number that decides at the last step.
    """
    keys = [*GROUP, *CELL, "metric", "better", "samples"]
    values = last["value"].astype(float)
    worst = np.where(last["better"] == "higher", -np.inf, np.inf)
    scores = last.assign(whole=np.isfinite(values), value=values.where(values.notna(), worst))
    found = scores.groupby(keys, dropna=False).agg(
        value=("value", "median"), whole=("whole", "all")
    )
    traced = training.astype(dict.fromkeys(ERRORS, float))
    traced = traced.dropna(subset="generator_relative_error").fillna({"generator_cosine": 0.0})
    runs = traced.groupby([*GROUP, *CELL, "seed"], dropna=False)[list(ERRORS)].median()
    errors = runs.groupby([*GROUP, *CELL], dropna=False).median().reset_index()
    errors["generator_relative_error"] = errors["generator_relative_error"].clip(lower=FLOOR)
    return found.reset_index().merge(errors, on=[*GROUP, *CELL])


def correlation(rows: pd.DataFrame, error: str) -> float:
    """Spearman's, of the error and how bad the score is; NaN where one is the same everywhere."""
    both = rows[[error, "value"]].rank()
    both["value"] *= -1 if (rows["better"] == "higher").any() else 1
    if (both.nunique() < 2).any():
        return np.nan
    return float(stats.spearmanr(both[error], both["value"]).statistic)


def _panel(ax: Axes, rows: pd.DataFrame, error: str, shown: list[Series]) -> None:
    for one in shown:
        part = one.rows(rows)
        lost = np.isinf(part["value"])
        x, y, whole = (part.loc[~lost, name].to_numpy() for name in (error, "value", "whole"))
        _quality.points(ax, x, y, whole, one, alpha=0.85, markersize=6)
        _quality.lost(ax, part.loc[lost, error], part, one)
    ranks = f"{correlation(rows, error):+.2f}".replace("-", "−")
    text = f"Spearman {ranks} ({len(rows)} cells)" if "nan" not in ranks else "all ranks equal"
    ax.text(0.02, 0.95, text, transform=ax.transAxes, va="top")
