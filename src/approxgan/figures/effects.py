"""How far every mode ends from exact."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from approxgan.analysis.frames import GROUP, same_step
from approxgan.analysis.text import number as in_words
from approxgan.analysis.text import words
from approxgan.figures import _lines, _series, _style
from approxgan.figures._series import Series

LIMIT = 3.0
"""Standard deviations at which the colours end."""
CELL_WIDTH, CELL_HEIGHT, NAMES = 0.97, 0.44, 2.2
"""Inches; of a cell, and of the names of the rows."""
MOST = 7
"""Values of ε that have a column, at most; the caption says so."""
MARKS = {"worse": "▲", "better": "▼", "same": "≈"}
"""Of verdicts; one that is undecided has none."""


class Effects:
    """Mode by ε: the paired difference to exact in the number that decides, and its interval."""

    needs = ("comparisons", "outcomes")
    title = "Difference to exact, mode by ε"
    caption = (
        "The score that decides the claims, at the last step: the mean difference to the exact "
        "runs of the same seeds, in standard deviations of exact over seeds, and its bootstrap "
        "interval below. Each run's difference is capped (at 10 in the default config), and a "
        "diverged run counts as the cap. Red is worse than exact, blue is better; the colours end "
        "at ±3. Marks are verdicts. ▲ worse, ▼ better: the whole interval lies beyond the "
        "equivalence margin, and the effect beyond the noise floor. ≈ the same as exact: the "
        "difference is within the margin. No mark: undecided, because the interval is too wide, "
        "the seeds are too few, or no control measured the noise floor. Bold: the interval "
        "excludes 0. This alone decides nothing, as there are many cells. The first column holds "
        "modes without ε and modes whose ε a rule chose; empty cells were not run. At most 7 "
        "values of ε are shown, evenly spread."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        rows = tables["comparisons"]
        rows = rows[rows["family"] == "primary"]
        if rows["difference_sds"].isna().all():
            return _style.no_data("the table comparisons holds no difference in the primary score")
        epsilons = _lines.spread(rows["epsilon"], MOST)
        columns = [np.nan, *epsilons] if rows["epsilon"].isna().any() else epsilons
        groups = list(_groups(rows, tables["outcomes"]))
        heights = [CELL_HEIGHT * len(shown) for _, shown, _ in groups]
        width = max(NAMES + CELL_WIDTH * len(columns), 7.0)
        figure = _style.new(width, sum(heights) + 0.62 * len(groups) + 1.1)
        axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
        for ax, (title, shown, own) in zip(axes, groups, strict=True):
            _panel(ax, own, shown, columns)
            ax.set_title(title.replace("\n", " · "), fontweight="bold", loc="left")
        axes[-1].set_xlabel("ε (parameter units)")
        _bar(figure, axes, rows["metric"].iloc[0])
        _style.legend(figure, _keys())
        return figure


def _groups(
    rows: pd.DataFrame, outcomes: pd.DataFrame
) -> Iterator[tuple[str, list[Series], pd.DataFrame]]:
    """(title, series, rows) of the groups that compare something; the runs name the series."""
    for title, own in _series.split(rows, GROUP):
        if own["difference_sds"].notna().any():
            runs = outcomes.merge(own[[*GROUP, "mode"]].drop_duplicates())
            yield title, [one for one in _series.series(runs) if len(one.rows(own))], own


def _panel(ax: Axes, rows: pd.DataFrame, shown: list[Series], columns: list[float]) -> None:
    ax.set(xlim=(0, len(columns)), ylim=(len(shown), 0))
    for down, one in enumerate(shown):
        for cell in one.rows(rows).to_dict("records"):
            for across in np.flatnonzero(same_step(pd.Series(columns), cell["epsilon"])):
                _cell(ax, int(across), down, cell)
    names = ["none" if np.isnan(e) else in_words(e) for e in columns]
    ax.set_xticks(np.arange(len(columns)) + 0.5, names)
    labels = [textwrap.fill(one.label, 26) for one in shown]
    ax.set_yticks(np.arange(len(shown)) + 0.5, labels)
    _style.ticks(ax, length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _cell(ax: Axes, across: int, down: int, cell: Mapping[str, Any]) -> None:
    effect = float(cell["difference_sds"])
    if np.isnan(effect):
        ax.text(across + 0.5, down + 0.5, "no pair", ha="center", va="center")
        return
    (colour,) = _colours().to_rgba(np.array([effect]))
    ax.add_patch(Rectangle((across + 0.02, down + 0.04), 0.96, 0.92, facecolor=colour))
    red, green, blue, _ = colour
    ink = "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else _style.INK
    low, high = float(cell["low"]), float(cell["high"])
    weight = "bold" if low > 0 or high < 0 else "normal"
    text = f"{MARKS.get(cell['verdict'], '')} {number(effect, '+')}".strip()
    look: dict[str, Any] = {"ha": "center", "color": ink}
    ax.text(across + 0.5, down + 0.49, text, va="bottom", fontweight=weight, **look)
    interval = f"[{number(low)}, {number(high)}]"
    ax.text(across + 0.5, down + 0.53, interval, va="top", **look)


def number(value: float, sign: str = "") -> str:
    """Two digits; from 10 on whole numbers, under 0.1 one digit."""
    places = 0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.095 else 2
    return "0" if abs(value) < 0.005 else f"{value:{sign}.{places}f}".replace("-", "−")


def _colours() -> ScalarMappable:
    return ScalarMappable(colors.Normalize(-LIMIT, LIMIT), mpl.colormaps["RdBu_r"])


def _bar(figure: Figure, axes: np.ndarray, metric: str) -> None:
    height = figure.get_size_inches()[1]
    bar = figure.colorbar(
        _colours(), ax=list(axes), location="bottom", extend="both", shrink=0.6, aspect=45,
        pad=0.12 / height, label=f"difference in {words(metric)} (exact's sd over seeds)",
    )  # fmt: skip
    _style.ticks(bar.ax)


def _keys() -> list[Any]:
    words = {"worse": "worse", "better": "better", "same": "the same as exact"}
    look = {"color": _style.INK, "linestyle": "", "markersize": 8}
    return [
        _style.key(f"verdict: {words[verdict]}", marker=f"${mark}$", **look)
        for verdict, mark in MARKS.items()
    ]


variant = Effects
