"""Modes by ε as coloured cells, a table for every group, under one scale of colours."""

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from approxgan.analysis.frames import same_step
from approxgan.analysis.text import number
from approxgan.figures import _lines, _style

WIDTH, LINE = 0.97, 0.21
"""Inches; of a cell, at most, and of a line of text in it."""
NAMES = {1: (3.3, 60), 2: (2.2, 26)}
"""Inches and letters of the names of the rows, by the lines of a row."""
MOST = 7
"""Values of ε that have a column, at most; captions say so."""


class Cell(NamedTuple):
    epsilon: float
    value: float
    """What its colour shows."""
    lines: Sequence[tuple[str, bool]]
    """Texts, and whether they are bold."""


Table = tuple[str, Sequence[tuple[str, Sequence[Cell]]]]
"""A title, and from top to bottom the names of rows and their cells."""


def tables(
    found: Sequence[Table],
    epsilons: pd.Series,
    colours: ScalarMappable,
    label: str,
    lines: int = 1,
) -> Figure:
    """The first column holds cells without a number for ε; ``lines`` is 1 or 2, of a row."""
    columns = [np.nan] if epsilons.isna().any() else []
    columns += _lines.spread(epsilons, MOST)
    heights = [(LINE * lines + 0.05) * len(rows) for _, rows in found]
    names, letters = NAMES[lines]
    width = min(max(names + WIDTH * len(columns), 7.0), _style.WIDTH)
    figure = _style.new(width, sum(heights) + 0.62 * len(found) + 1.1)
    axes = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, (title, rows) in zip(axes, found, strict=True):
        ax.set_title(title, fontweight="bold", loc="left")
        _panel(ax, rows, columns, colours)
        labels = [textwrap.fill(name, letters) for name, _ in rows]
        ax.set_yticks(np.arange(len(labels)) + 0.5, labels)
    axes[-1].set_xlabel("ε (parameter units)")
    pad = 0.12 / figure.get_size_inches()[1]
    look = {"location": "bottom", "shrink": 0.6, "aspect": 45, "pad": pad, "label": label}
    _style.ticks(figure.colorbar(colours, ax=list(axes), **look).ax)
    return figure


def _panel(ax: Axes, rows: Sequence, columns: Sequence[float], colours: ScalarMappable) -> None:
    ax.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    for down, (_, cells) in enumerate(rows):
        for cell in cells:
            for across in np.flatnonzero(same_step(pd.Series(columns), cell.epsilon)):
                _cell(ax, int(across), down, cell, colours)
    names = ["none" if np.isnan(e) else number(e) for e in columns]
    ax.set_xticks(np.arange(len(columns)) + 0.5, names)
    _style.ticks(ax, length=0)
    ax.spines[:].set_visible(False)


def _cell(ax: Axes, across: int, down: int, cell: Cell, colours: ScalarMappable) -> None:
    look: dict[str, Any] = {"ha": "center", "va": "center", "color": _style.INK}
    if not np.isnan(cell.value):
        (colour,) = colours.to_rgba(np.array([cell.value]))
        ax.add_patch(Rectangle((across + 0.02, down + 0.04), 0.96, 0.92, facecolor=colour))
        if colour[:3] @ [0.3, 0.59, 0.11] < 0.5:
            look["color"] = "white"
    for k, (text, bold) in enumerate(cell.lines):
        place = down + 0.5 + (k - (len(cell.lines) - 1) / 2) * 0.44
        ax.text(across + 0.5, place, text, fontweight="bold" if bold else "normal", **look)
