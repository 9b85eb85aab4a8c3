"""Which runs failed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from approxgan.analysis.frames import GROUP, same_step
from approxgan.analysis.text import listed, number
from approxgan.figures import _lines, _series, _style

KINDS = {"diverged": "runs that diverged", "vanished": "runs whose gradient vanished"}
MOST = 12
"""Values of ε that have a column, at most."""
LINE, NAMES = 0.28, 3.3
"""Inches; height of a row, and width of the names."""


class Stability:
    """Counts of diverged and vanished runs, mode by ε, for every group that has some."""

    needs = ("outcomes",)
    title = "Stability"
    caption = (
        "Runs that diverged (a loss or parameter became non-finite or too large) and runs whose "
        "gradient vanished (a norm stayed under the threshold for the set stretch), by mode and "
        "ε. Numbers count failed runs, colours show their share of the seeds. Pale cells had no "
        "failure, empty cells were not run. The first column holds modes without ε and modes whose "
        "ε a rule chose. The figure shows groups with a failure, and at most 12 values of ε, "
        "evenly spread. The line below counts the groups without failure, and says which rate of "
        "failure no failure still allows (Wilson's 95 % interval)."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        outcomes = tables["outcomes"]
        if outcomes.empty:
            return _style.no_data("the table outcomes is empty")
        failed = outcomes[list(KINDS)].astype(bool)
        kinds = [kind for kind in KINDS if failed[kind].any()]
        if not kinds:
            figure = _style.new(_style.WIDTH, 0.9)
            figure.text(0.5, 0.5, _note(outcomes), ha="center", va="center")
            return figure
        lines = {kind: _table(outcomes[_failing(outcomes, kind)]) for kind in kinds}
        return _drawn(lines, outcomes)


def _failing(outcomes: pd.DataFrame, kind: str) -> pd.Series:
    """The rows of groups with such a failure."""
    return outcomes[kind].astype(bool).groupby([outcomes[k] for k in GROUP]).transform("any")


Lines = list[tuple[str, pd.DataFrame | None]]


def _table(outcomes: pd.DataFrame) -> Lines:
    """(label, runs) from top to bottom; a group's title is a line without runs."""
    lines: Lines = []
    for title, rows in _series.split(outcomes, GROUP):
        lines.append((title.replace("\n", " · "), None))
        lines += [(one.label, one.rows(rows)) for one in _series.series(rows)]
    return lines


def _drawn(lines: Mapping[str, Lines], outcomes: pd.DataFrame) -> Figure:
    columns = _lines.spread(outcomes["epsilon"], MOST)
    columns = [np.nan, *columns] if outcomes["epsilon"].isna().any() else columns
    heights = [LINE * len(own) for own in lines.values()]
    width = min(max(NAMES + 0.6 * len(columns), 7.0), _style.WIDTH)
    figure = _style.new(width, sum(heights) + 0.75 * len(lines) + 1.1)
    # On no canvas every label that seaborn measures gets one, as large as the figure.
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(lines), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, (kind, own) in zip(axes, lines.items(), strict=True):
        _panel(ax, own, columns, kind)
        ax.set_title(KINDS[kind], fontweight="bold")
    axes[-1].set_xlabel("ε (parameter units)")
    bar = figure.colorbar(
        axes[0].collections[0], ax=list(axes), location="bottom", shrink=0.5, aspect=45,
        label=textwrap.fill(_note(outcomes), int((width - NAMES) / 0.085)),
        pad=0.12 / figure.get_size_inches()[1],
    )  # fmt: skip
    bar.outline.set_visible(False)
    bar.set_ticks([0, 0.5, 1], labels=["0", "50 %", "100 %"])
    _style.ticks(bar.ax)
    return figure


def _panel(ax: Axes, lines: Lines, columns: list[float], kind: str) -> None:
    failed = np.array([_counts(runs, columns, kind) for _, runs in lines])
    share = failed[..., 0] / np.where(failed[..., 1], failed[..., 1], np.nan)
    texts = [[f"{n:.0f}" if n > 0 else "" for n in row] for row in failed[..., 0]]
    names = ["none" if np.isnan(e) else number(e) for e in columns]
    sns.heatmap(
        pd.DataFrame(share, columns=names),
        ax=ax, vmin=0, vmax=1, cmap="rocket_r", annot=pd.DataFrame(texts), fmt="", cbar=False,
        linewidths=1.2, annot_kws={"fontsize": _style.SMALL}, mask=np.isnan(share),
    )  # fmt: skip
    labels = [textwrap.shorten(label, 40, placeholder=" …") for label, _ in lines]
    ax.set_yticks(np.arange(len(lines)) + 0.5, labels, rotation=0)
    _style.ticks(ax, length=0)
    for text, (_, runs) in zip(ax.get_yticklabels(), lines, strict=True):
        text.set_fontweight("bold" if runs is None else "normal")


def _counts(runs: pd.DataFrame | None, columns: list[float], kind: str) -> np.ndarray:
    """[columns, 2]: failed runs and all runs of each cell."""
    counts = np.zeros((len(columns), 2))
    if runs is None:
        return counts
    for j, epsilon in enumerate(columns):
        cell = runs[same_step(runs["epsilon"], epsilon)]
        counts[j] = cell[kind].astype(bool).sum(), len(cell)
    return counts


def _note(outcomes: pd.DataFrame) -> str:
    groups = outcomes.groupby(list(GROUP))[list(KINDS)].any().any(axis=1)
    cells = outcomes.groupby([*GROUP, *_series.CELL], dropna=False).size()
    bounds = []
    for n in sorted(set(cells))[-3:]:
        high = stats.binomtest(0, int(n)).proportion_ci(0.95, method="wilson").high
        bounds.append(f"{100 * high:.0f} % ({n} seeds)")
    return (
        f"{(~groups).sum()} of {len(groups)} groups had no failure. A cell without failure may "
        f"still have a rate of up to {listed(bounds)}."
    )


variant = Stability
