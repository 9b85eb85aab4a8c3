"""Rows of panels for groups, a column for each thing that they are drawn against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from approxgan.figures import _style


@dataclass(frozen=True)
class Columns:
    """A figure and its axes: ``at(g, c)`` is column c of group g."""

    figure: Figure
    axes: np.ndarray

    def at(self, group: int, column: int) -> Axes:
        ax: Any = self.axes[group, column]
        return ax

    def log(self, column: int) -> None:
        """A logarithmic x axis for a column, with ticks between the decades where they are few."""
        for ax in self.axes[:, column]:
            ax.set_xscale("log")
        low, high = self.axes[0, column].get_xlim()
        few = np.log10(high / low) < 1.7
        for ax in self.axes[:, column]:
            ax.xaxis.set_minor_locator(NullLocator())
            if few:
                ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))

    def finish(self, titles: Sequence[str], xlabels: Sequence[str], ylabel: str) -> None:
        """The group's title over its first panel, outer labels only."""
        last = len(titles) - 1
        for g, title in enumerate(titles):
            for c, xlabel in enumerate(xlabels):
                ax = self.at(g, c)
                _style.dress(ax)
                ax.tick_params(labelbottom=g == last)
                ax.set_xlabel(xlabel if g == last else "")
            self.at(g, 0).set_ylabel(ylabel)
            look = {"loc": "left", "fontweight": "bold", "fontsize": 11.5}
            self.at(g, 0).set_title(title.replace("\n", " · "), **look)


def columns(groups: int, across: int, height: float, width: float = _style.COLUMN) -> Columns:
    """Axes of one height and width, inches; x is shared down a column, y along a row."""
    figure = _style.new(max(width * across + 0.7, 5.6), groups * (height + 0.3) + 0.5)
    axes = figure.subplots(groups, across, squeeze=False, sharex="col", sharey="row")
    return Columns(figure, axes)
