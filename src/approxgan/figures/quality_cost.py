"""What quality costs: in steps, in evaluations of the loss, in seconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, forward_equivalents, null_of
from approxgan.figures import _layout, _lines, _quality, _series, _style
from approxgan.figures._series import Series

BUDGETS = ("training step", "forward-equivalents of a run", "seconds of a run")
LEVEL = {"color": _style.INK, "linestyle": ":", "linewidth": 1.2, "zorder": 2}


class QualityCost:
    """The number that decides against steps, evaluations and seconds, each mode at one ε."""

    needs = ("quality", "training", "cost", "quality_null", "gradient_error")
    title = "Sample quality against what it costs"
    caption = (
        "The score that decides the claims at the snapshots, against the training step, the "
        "evaluations of both losses so far, and the processor seconds so far. A reverse pass "
        "counts as two evaluations, as does a Jacobian-vector product; the discriminator's fakes "
        "of a step count as one. The seconds of a job are divided by the steps that its seeds were "
        "trained. Lines are medians over the seeds that had not diverged by then, bands their "
        "middle half. Black: exact; dotted: its last median. Hatched: the scores of a "
        "perfect generator. The figure shows the study with most modes, one row per data set, each "
        "mode at the ε of highest median cosine in the probe: the gradient chooses ε, not the "
        "result. The logarithmic axes leave out step 0. A line that ends like exact but further to "
        "the right buys the same quality at a higher price. Seconds depend on the machine and on "
        "the program; counts of evaluations depend on the method alone. Control modes compute the "
        "exact gradient first and are left out."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        quality = _series.main_study(_quality.primary(tables["quality"]))
        quality = quality[~quality["mode"].isin(_series.CONTROLS)]
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("the table quality holds no finite score that decides")
        shown = _series.series(quality)
        groups = list(_series.split(quality, GROUP))
        laid = _layout.panels(len(groups) * len(BUDGETS), [2.5], sharey="row")
        used: dict[Series, list[float]] = {one: [] for one in shown}
        for g, (title, rows) in enumerate(groups):
            keys = rows[list(GROUP)].drop_duplicates()
            spent = tables["training"].merge(keys), tables["cost"].merge(keys)
            axes = [laid.at(g * len(BUDGETS) + c) for c in range(len(BUDGETS))]
            chosen = _series.chosen(shown, rows, tables["gradient_error"])
            _row(axes, rows, chosen, spent, null_of(tables["quality_null"], rows))
            for one, epsilon in chosen.items():
                used[one].append(epsilon)
            axes[0].set_title(title.replace("\n", " · "), loc="left", fontweight="bold")
        laid.finish(len(groups) * len(BUDGETS), BUDGETS, [_quality.label(quality)])
        handles = [_style.key(one.named(used[one]), color=one.colour, marker=one.marker)
                   for one in shown]  # fmt: skip
        level = _style.key("exact at the end", **LEVEL)
        _style.legend(laid.figure, [*handles, level, _quality.perfect_key()])
        return laid.figure


def _row(
    axes: list[Axes],
    rows: pd.DataFrame,
    chosen: Mapping[Series, float],
    spent: tuple[pd.DataFrame, pd.DataFrame],
    null: pd.DataFrame,
) -> None:
    """One group; ``spent`` are its rows of training and cost."""
    drawn: list[float] = []
    for ax in axes:
        _quality.perfect(ax, null)
    for one, epsilon in chosen.items():
        got = _lines.summary(one.at(rows, epsilon), "step", "value", 0.5)
        if got.empty:
            continue
        training, cost = (one.at(frame, epsilon) for frame in spent)
        steps = got.index.to_numpy(float)
        counted, timed = counts(training, steps), seconds(cost) * steps
        for ax, x in zip(axes, (steps, counted, timed), strict=True):
            kept = np.isfinite(x) & ((x > 0) | (ax is axes[0]))
            width, order = (2.4, 2.5) if one.mode == "exact" else (1.4, 3)
            look = {"marker": one.marker, "markersize": 4, "linewidth": width, "zorder": order}
            _lines.line(ax, got[kept], x[kept], color=one.colour, **look)
            if one.mode == "exact":
                ax.axhline(got["middle"].iloc[-1], **LEVEL)
        drawn += got.to_numpy().ravel().tolist()
    axes[0].locator_params(axis="x", nbins=5)
    for ax in axes[1:]:
        _layout.log_axis(ax)
    _quality.fit(axes[0], drawn, null)


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
