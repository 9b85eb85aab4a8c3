"""The number that decides against steps, evaluations and seconds, each mode at one ε."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, forward_equivalents, null_of, primary
from approxgan.figures import _axes, _layout, _lines, _quality, _series, _style
from approxgan.figures._series import Series

BUDGETS = ("training step", "forward-equivalents of a run", "seconds of a run")
LEVEL = {"color": _style.INK, "linestyle": ":", "linewidth": 1.2, "zorder": 2}


class QualityCost:
    needs = ("quality", "training", "cost", "quality_null", "gradient_error")
    title = "Sample quality against what it costs"
    caption = (
        "The score that decides the claims at the snapshots, against the training step, the "
        "evaluations of both losses so far, and the processor seconds so far. A reverse pass "
        "counts as two evaluations, as does a Jacobian-vector product; the discriminator's fakes "
        "of a step count as one. The seconds of a job are divided by the steps that its seeds were "
        "trained. Lines are medians over the seeds that had not diverged by then, bands their "
        "middle half. Black: exact; dotted: its last median. Hatched: the scores of a perfect "
        "generator. The figure shows the study with most modes, one row per data set, each mode at "
        "the ε of highest median cosine in the probe: the gradient chooses ε, not the result. The "
        "logarithmic axes leave out step 0. A line that ends like exact but further to the right "
        "buys the same quality at a higher price. Seconds depend on the machine and the program, "
        "counts of evaluations on the method alone. Control modes compute the exact gradient first "
        "and are left out."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = _series.main_study(primary(tables["quality"]))
        quality = quality[~quality["mode"].isin(_series.CONTROLS)]
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("the table quality holds no finite score that decides")
        shown = _series.series(quality)
        quality = _series.at_chosen(quality, tables["gradient_error"])

        def row(axes: list[Axes], rows: pd.DataFrame) -> None:
            null = null_of(tables["quality_null"], rows)
            for ax in axes:
                _quality.perfect(ax, null)
            runs = rows[[*GROUP, *_series.CELL]].drop_duplicates()
            spent = tables["training"].merge(runs), tables["cost"].merge(runs)
            drawn = [_line(axes, one, rows, *spent) for one in shown]
            axes[0].locator_params(axis="x", nbins=5)
            for ax in axes[1:]:
                _axes.log(ax)
            _quality.fit(axes[0], np.concatenate(drawn), null)

        level = _style.key("exact at the end", **LEVEL)
        keys = [one.key(one.rows(quality)["epsilon"]) for one in shown]
        keys += [level, _quality.perfect_key()]
        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        return _layout.panels(parts, row, [2.5], BUDGETS, labels, keys, sharey="row")


def _line(
    axes: list[Axes], one: Series, rows: pd.DataFrame, training: pd.DataFrame, cost: pd.DataFrame
) -> np.ndarray:
    """One mode against every budget; what it drew."""
    got = _lines.summary(one.rows(rows), "step", "value", 0.5)
    steps = got.index.to_numpy(float)
    budgets = (steps, counts(one.rows(training), steps), seconds(one.rows(cost)) * steps)
    for ax, x in zip(axes, budgets, strict=True):
        kept = np.isfinite(x) & ((x > 0) | (ax is axes[0]))
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
