"""Rows of panels that wrap: groups side by side, at most so many, then the next block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _style


@dataclass(frozen=True)
class Panels:
    """A figure and its axes: ``at(g, r)`` is row r of group g."""

    figure: Figure
    axes: np.ndarray
    rows: int

    def at(self, group: int, row: int = 0) -> Axes:
        across = self.axes.shape[1]
        ax: Any = self.axes[group // across * self.rows + row, group % across]
        return ax

    def finish(self, groups: int, xlabel: str, ylabels: list[str]) -> None:
        """Outer labels only; what holds no group disappears."""
        across = self.axes.shape[1]
        for slot in range(self.axes.size // self.rows):
            for row in range(self.rows):
                ax = self.at(slot, row)
                if slot >= groups:
                    ax.set_axis_off()
                    continue
                _style.dress(ax)
                if slot % across == 0:
                    ax.set_ylabel(ylabels[row])
                last = row == self.rows - 1
                ax.tick_params(labelbottom=last)
                ax.set_xlabel(xlabel if last else "")


def panels(
    groups: int,
    heights: list[float],
    across: int = 3,
    sharey: Literal["none", "all", "row"] = "none",
) -> Panels:
    """Axes for every group: one row per entry of heights, in inches."""
    blocks = -(-groups // across)
    columns = -(-groups // blocks)
    # A legend is as wide as two panels: a single one gets room for it.
    width = max(_style.COLUMN * columns + 0.7, 5.6)
    figure = _style.new(width, blocks * (sum(heights) + 0.75))
    axes = figure.subplots(
        blocks * len(heights),
        columns,
        squeeze=False,
        sharex=True,
        sharey=sharey,
        height_ratios=heights * blocks,
    )
    return Panels(figure, axes, len(heights))
