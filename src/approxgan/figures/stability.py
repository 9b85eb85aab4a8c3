"""Which runs failed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from scipy import stats

from approxgan.figures import _groups, _style

KINDS = {"diverged": "runs that\ndiverged", "vanished": "runs whose\ngradient vanished"}


class Stability:
    """Counts of diverged and vanished runs, mode by ε, for every group."""

    needs = ("outcomes",)
    title = "Stability"
    caption = (
        "Share of seeds whose run diverged (a loss or parameter became non-finite or too large) or "
        "whose gradient vanished (a norm under the threshold for the set stretch), by mode and ε; "
        "the first column holds modes without ε and those whose ε a rule chose. Numbers are counts "
        "of runs; pale cells had "
        "none, empty cells were not run. The line under the panels says what no failure "
        "among so many seeds still allows (Wilson's 95 % interval)."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        outcomes = _groups.tidy(tables["outcomes"])
        if outcomes.empty:
            return _style.no_data("the table outcomes is empty")
        columns = sorted(outcomes["epsilon"].dropna().unique())
        if outcomes["epsilon"].isna().any():
            columns = [np.nan, *columns]
        lines = _lines(outcomes)
        longest = max(len(label) * (0.07 if runs is not None else 0.085) for label, runs in lines)
        width = max(2 * (0.48 * len(columns) + 0.3) + max(longest, 2.2), 6.5)
        figure = _style.new(width, 0.27 * len(lines) + 1.9)
        # On no canvas every label that seaborn measures gets one, as large as the figure.
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, 2)
        meshes = []
        for ax, (kind, words) in zip(axes, KINDS.items(), strict=True):
            meshes.append(_panel(ax, lines, columns, kind))
            ax.set_title(words, fontweight="bold")
        _name_lines(axes[0], lines)
        bar = figure.colorbar(
            meshes[0], ax=axes, location="bottom", shrink=0.5, aspect=45, label=_note(outcomes),
            pad=0.15 / (0.27 * len(lines) + 1.7),
        )  # fmt: skip
        bar.outline.set_visible(False)
        bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "25 %", "50 %", "75 %", "100 %"])
        return figure


def _lines(outcomes: pd.DataFrame) -> list[tuple[str, pd.DataFrame | None]]:
    """(label, runs) from top to bottom; a group's title is a line without runs."""
    lines: list[tuple[str, pd.DataFrame | None]] = []
    for title, rows in _groups.split(outcomes, _groups.GROUP):
        lines.append((title.replace("\n", " · "), None))
        lines += [(one.label, one.rows(rows)) for one in _groups.series(rows)]
    return lines


def _panel(ax: Axes, lines: list, columns: list[float], kind: str) -> Collection:
    failed = np.array([_counts(runs, columns, kind) for _, runs in lines])
    share = failed[..., 0] / np.where(failed[..., 1], failed[..., 1], np.nan)
    texts = [[f"{n:.0f}" if n > 0 else "" for n in row] for row in failed[..., 0]]
    names = ["none" if np.isnan(e) else _style.epsilon_text(e) for e in columns]
    sns.heatmap(
        pd.DataFrame(share, columns=names),
        ax=ax, vmin=0, vmax=1, cmap="rocket_r", annot=pd.DataFrame(texts), fmt="", cbar=False,
        linewidths=1.2, annot_kws={"fontsize": 9.5}, mask=np.isnan(share), yticklabels=False,
    )  # fmt: skip
    ax.tick_params(length=0, labelsize=10, color=_style.INK, labelcolor=_style.INK)
    ax.set_xlabel("ε (parameter units)")
    return ax.collections[0]


def _name_lines(ax: Axes, lines: list) -> None:
    names = [label for label, _ in lines]
    ax.set_yticks(np.arange(len(lines)) + 0.5, names, rotation=0)
    for text, (_, runs) in zip(ax.get_yticklabels(), lines, strict=True):
        text.set_fontweight("bold" if runs is None else "normal")


def _counts(runs: pd.DataFrame | None, columns: list[float], kind: str) -> np.ndarray:
    """[columns, 2]: failed runs and all runs of each cell."""
    counts = np.zeros((len(columns), 2))
    if runs is None:
        return counts
    for j, epsilon in enumerate(columns):
        cell = runs[_groups.same_step(runs["epsilon"], epsilon)]
        counts[j] = cell[kind].astype(bool).sum(), len(cell)
    return counts


def _note(outcomes: pd.DataFrame) -> str:
    cells = outcomes.groupby([*_groups.GROUP, *_groups.SERIES, "epsilon"], dropna=False)
    texts = []
    for n in sorted(set(cells.size())):
        high = stats.binomtest(0, int(n)).proportion_ci(0.95, method="wilson").high
        texts.append(f"none of {n} allows up to {high:.0%}")
    return "share of runs (" + "; ".join(texts[-3:]) + ")"


variant = Stability
