"""What of a gradient's error predicts training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from scipy import stats

from approxgan.figures import _columns, _groups, _quality, _style

METRIC = "energy_distance"
ERRORS = {
    "generator_cosine": "cosine of the generator's gradient",
    "generator_relative_error": "its relative error (1)",
}
CELL = [*_groups.SERIES, "rule", "epsilon"]
FLOOR = 1e-10
LEAST = 5
"""Cells without which a rank correlation says nothing."""


class ErrorQuality:
    """Final energy distance against the error along the run's own trajectory, a point a cell."""

    needs = ("quality", "training", "quality_null")
    title = "What predicts training: direction or size of the error"
    caption = (
        "One point a cell (a mode at one ε): energy distance at the last step against the cosine "
        "and the relative error of the generator's estimates along the cell's own runs, medians "
        "over traced steps and then over seeds. An estimate of nothing but zeros has no direction: "
        "its cosine counts as 0. A diverged run counts as the worst; hollow points have lost some "
        "seeds, crosses at the upper edge at least half of them. Spearman's rank correlation is "
        "over all cells of the panel: near −1 on the left, the better the direction the better the "
        "samples; near +1 on the right, the larger the error the worse they are. The larger of the "
        "two in size is the better predictor. One row per data set, model and loss with at least "
        "five cells, all studies together. The cosine axis is linear up to 0.01 and logarithmic "
        "above; errors under 1e-10 are drawn there; hatched: what a perfect generator would score."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        cells = measured(_groups.tidy(tables["quality"]), _groups.tidy(tables["training"]))
        counts = cells.groupby(list(_groups.PROBE_GROUP))["value"].transform("size")
        cells = cells[counts >= LEAST]
        if cells.empty:
            return _style.no_data(f"no data set has {LEAST} cells with traced gradient errors")
        nulls = tables["quality_null"]
        nulls = nulls[nulls["metric"] == METRIC]
        shown = _groups.series(cells)
        groups = list(_groups.split(cells, _groups.PROBE_GROUP))
        laid = _columns.columns(len(groups), len(ERRORS), 3.0, width=4.6)
        for g, (_, rows) in enumerate(groups):
            null = nulls[nulls["dataset"] == rows["dataset"].iloc[0]]
            for c, error in enumerate(ERRORS):
                _panel(laid.at(g, c), rows, error, null, shown)
            _quality.fit(laid.at(g, 0), rows["value"].to_numpy(float), null, head=0.2)
        _cosine_axis(laid.at(0, 0), cells["generator_cosine"].min())
        laid.log(1)
        laid.finish([title for title, _ in groups], list(ERRORS.values()),
                    "energy distance\n(data units)")  # fmt: skip
        _style.legend(laid.figure, [*_keys(shown), _quality.perfect_key(), *_lost_keys()])
        return laid.figure


def measured(quality: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """A row a cell: its medians, infinite where half of the runs diverged, and ``whole``.

    A cell that several studies have is that of the study with most seeds.
    """
    last = _groups.final(quality[quality["metric"] == METRIC])
    keys = [*_groups.GROUP, *CELL]
    values = last["value"].astype(float)
    scores = last.assign(whole=np.isfinite(values), value=values.fillna(np.inf))
    found = scores.groupby(keys, dropna=False).agg(
        value=("value", "median"), whole=("whole", "all"), seeds=("seed", "nunique")
    )
    traced = training.astype(dict.fromkeys(ERRORS, float))
    traced = traced.dropna(subset="generator_relative_error").fillna({"generator_cosine": 0.0})
    runs = traced.groupby([*keys, "seed"], dropna=False)[list(ERRORS)].median()
    errors = runs.groupby(keys, dropna=False).median()
    errors["generator_relative_error"] = errors["generator_relative_error"].clip(lower=FLOOR)
    both = found.join(errors, how="inner").reset_index()
    both = both.sort_values("seeds", ascending=False, kind="stable")
    return both.drop_duplicates([*_groups.PROBE_GROUP, *CELL]).sort_index()


def correlation(rows: pd.DataFrame, error: str) -> float:
    """Spearman's, of the error and the final score; NaN where one is the same in all cells."""
    both = rows[[error, "value"]].rank()
    if (both.nunique() < 2).any():
        return np.nan
    return float(stats.spearmanr(both[error], both["value"]).statistic)


def _panel(
    ax: Axes, rows: pd.DataFrame, error: str, null: pd.DataFrame, shown: list[_groups.Series]
) -> None:
    _quality.perfect(ax, null)
    for one in shown:
        part = one.rows(rows)
        lost = np.isinf(part["value"].to_numpy(float))
        whole = part["whole"].to_numpy(bool)
        edge = {"color": one.colour, "linestyle": "", "alpha": 0.85}
        for kept, face in ((whole, one.colour), (~whole & ~lost, "white")):
            points = part[kept]
            ax.plot(points[error], points["value"], marker=one.marker, markersize=6,
                    markerfacecolor=face, **edge)  # fmt: skip
        if lost.any():
            up = np.full(lost.sum(), 0.985)
            ax.plot(part.loc[lost, error], up, "x", transform=ax.get_xaxis_transform(),
                    clip_on=False, **edge)  # fmt: skip
    ranks = f"{correlation(rows, error):+.2f}".replace("-", "−")
    text = f"Spearman {ranks} ({len(rows)} cells)" if "nan" not in ranks else "all ranks equal"
    ax.text(0.02, 0.95, text, transform=ax.transAxes, va="top", fontsize=10.5)


def _cosine_axis(ax: Axes, least: float) -> None:
    """That of all panels of the column."""
    ax.set_xscale("symlog", linthresh=0.01, linscale=0.5)
    ax.set_xlim(min(1.5 * least, -0.004), 1.5)
    ticks = {-0.01: "−0.01", 0.0: "0", 0.01: "0.01", 0.1: "0.1", 1.0: "1"}
    shown = [tick for tick in ticks if tick > 1.5 * min(least, 0) or tick >= 0]
    ax.set_xticks(shown, [ticks[tick] for tick in shown])
    ax.xaxis.set_minor_locator(NullLocator())


def _keys(shown: list[_groups.Series]) -> list:
    look = {"linestyle": "", "markersize": 6}
    return [_style.key(one.label, color=one.colour, marker=one.marker, **look) for one in shown]


def _lost_keys() -> list:
    some, most = _quality.lost_keys()
    most.set_label("half of the seeds diverged")
    return [some, most]


variant = ErrorQuality
