"""What quality costs: in steps, in evaluations of the loss, in seconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _cells, _columns, _groups, _quality, _style

METRIC = "energy_distance"
FORWARDS_PER_BACKWARD = 2
BUDGETS = ("training step", "forward-equivalents of a run", "seconds of a run")
LEVEL = {"color": _style.INK, "linestyle": ":", "linewidth": 1.2, "zorder": 2}


class QualityCost:
    """Energy distance against steps, forward-equivalents and seconds, each mode at one ε."""

    needs = ("quality", "training", "cost", "quality_null", "gradient_error")
    title = "Sample quality against what it costs"
    caption = (
        "Energy distance at the snapshots against the training step, against the evaluations of a "
        "loss so far (a reverse pass counts as two, as does a Jacobian-vector product), and "
        "against the seconds that the run had taken, which are those of its job divided by its "
        "seeds and steps. Lines are medians over the seeds that had not diverged by then, bands "
        "their middle half; exact in black, the dotted level is its last median. One row per data "
        "set of the study with most modes; each mode at the ε whose probed estimate has the "
        "highest median cosine in float32, never chosen by the result. Hatched: what a perfect "
        "generator would score. The logarithmic axes leave out the start of training. A line that "
        "is as low as exact's in the left column but lies to the right in the others buys the "
        "same quality at a higher price. Seconds are those of one machine and of code that trains "
        "several seeds at once; forward-equivalents depend on the method alone. Control modes, "
        "which compute the exact gradient first, are left out."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        quality = _cells.main_study(_groups.tidy(tables["quality"]))
        quality = quality[quality["metric"] == METRIC]
        quality = quality[~quality["mode"].isin(_cells.CONTROLS)]
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data(f"the table quality holds no finite {METRIC}")
        errors, nulls = _groups.tidy(tables["gradient_error"]), tables["quality_null"]
        shown = _groups.series(quality)
        groups = list(_groups.split(quality, _groups.GROUP))
        laid = _columns.columns(len(groups), len(BUDGETS), 2.5)
        used: dict[_groups.Series, set[float]] = {one: set() for one in shown}
        for g, (_, rows) in enumerate(groups):
            keys = rows[list(_groups.GROUP)].drop_duplicates()
            spent = [_groups.tidy(tables[name]).merge(keys) for name in ("training", "cost")]
            axes = [laid.at(g, c) for c in range(len(BUDGETS))]
            chosen = _cells.chosen(shown, rows, errors)
            null = nulls[nulls["dataset"] == rows["dataset"].iloc[0]]
            _row(axes, rows, chosen, (spent[0], spent[1]), null[null["metric"] == METRIC])
            for one, epsilon in chosen.items():
                used[one].add(epsilon)
        for c in (1, 2):
            laid.log(c)
        laid.finish([title for title, _ in groups], BUDGETS, "energy distance\n(data units)")
        handles = [
            _style.key(_cells.label(one, used[one]), color=one.colour, marker=one.marker)
            for one in shown
        ]
        _style.legend(laid.figure, [*handles, _style.key("exact at the end", **LEVEL),
                                    _quality.perfect_key()])  # fmt: skip
        return laid.figure


def _row(
    axes: list[Axes],
    rows: pd.DataFrame,
    chosen: Mapping[_groups.Series, float],
    spent: tuple[pd.DataFrame, pd.DataFrame],
    null: pd.DataFrame,
) -> None:
    """One group; ``spent`` are its rows of training and cost."""
    drawn: list[float] = []
    last = rows["step"].max()
    for ax in axes:
        _quality.perfect(ax, null)
    for one, epsilon in chosen.items():
        got = _bands(_cells.at(rows, one, epsilon))
        if got.empty:
            continue
        training, cost = (_cells.at(frame, one, epsilon) for frame in spent)
        steps = got.index.to_numpy(float)
        counted, timed = counts(training, steps), seconds(cost, last) * steps
        for ax, x in zip(axes, (steps, counted, timed), strict=True):
            _line(ax, x, got, one, whole=ax is axes[0])
            if one.mode == "exact":
                ax.axhline(got[0.5].iloc[-1], **LEVEL)
        drawn += got.to_numpy().ravel().tolist()
    axes[0].locator_params(axis="x", nbins=5)
    _quality.fit(axes[0], np.array(drawn), null)


def _bands(rows: pd.DataFrame) -> pd.DataFrame:
    """Quartiles over the finite seeds, by step."""
    known = rows[np.isfinite(rows["value"].to_numpy(float))]
    return known.groupby("step")["value"].quantile([0.25, 0.5, 0.75]).unstack()


def _line(ax: Axes, x: np.ndarray, got: pd.DataFrame, one: _groups.Series, whole: bool) -> None:
    kept = np.isfinite(x) & (whole | (x > 0))
    x, got = x[kept], got[kept]
    if not len(x):
        return
    width, order = (2.4, 2.5) if one.mode == "exact" else (1.4, 3)
    ax.fill_between(x, got[0.25], got[0.75], color=one.colour, alpha=0.15, linewidth=0)
    look = {"color": one.colour, "marker": one.marker, "markersize": 4}
    ax.plot(x, got[0.5], linewidth=width, zorder=order, **look)


def counts(training: pd.DataFrame, steps: np.ndarray) -> np.ndarray:
    """Forward-equivalents of a run at these steps; NaN where nothing was counted.

    Counted at the traced steps, in between linear, and beyond the last at the mean rate.
    """
    total = training["forwards"] + FORWARDS_PER_BACKWARD * training["backwards"]
    known = total.groupby(training["step"]).median()
    if not len(known) or known.index[-1] == 0:
        return np.full(len(steps), np.nan)
    at, spent = known.index.to_numpy(float), known.to_numpy(float)
    return np.where(steps > at[-1], spent[-1] / at[-1] * steps, np.interp(steps, at, spent))


def seconds(cost: pd.DataFrame, last: float) -> float:
    """Seconds of one step of one seed, mean over the jobs; NaN without a job."""
    ends = cost["seeds"].astype(str).str.extract(r"^(\d+)-(\d+)$").astype(float)
    return float((cost["seconds"] / (ends[1] - ends[0] + 1) / last).mean())


variant = QualityCost
