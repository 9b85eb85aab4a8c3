"""Panels in rows that wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from approxgan.figures import _style

LEFT, LEAST = 0.75, 7.7
"""Inches; of the labels on the left, and of a figure at least: legends need the room."""


@dataclass(frozen=True)
class Panels:
    """A figure and its axes: ``at(slot, r)`` is row r of a slot, slots side by side."""

    figure: Figure
    axes: np.ndarray
    rows: int

    def at(self, slot: int, row: int = 0) -> Axes:
        across = self.axes.shape[1]
        ax: Any = self.axes[slot // across * self.rows + row, slot % across]
        return ax

    def finish(self, slots: int, xlabels: str | Sequence[str], ylabels: Sequence[str]) -> None:
        """Outer labels only; what holds no slot disappears. ``xlabels``: one, or by column."""
        across = self.axes.shape[1]
        below = [xlabels] * across if isinstance(xlabels, str) else list(xlabels)
        for slot in range(self.axes.size // self.rows):
            for row in range(self.rows):
                ax = self.at(slot, row)
                if slot >= slots:
                    ax.set_axis_off()
                    continue
                _style.dress(ax)
                if slot % across == 0:
                    ax.set_ylabel(ylabels[row])
                last = row == self.rows - 1
                ax.tick_params(labelbottom=last)
                ax.set_xlabel(below[slot % across] if last else "")


def panels(
    slots: int,
    heights: Sequence[float],
    across: int = 3,
    sharey: Literal["none", "all", "row"] = "none",
) -> Panels:
    """Axes for every slot: one row per entry of heights, in inches, which share their x axis.

    At most ``across`` slots stand side by side; fewer are wider.
    """
    blocks = -(-slots // across)
    columns = -(-slots // blocks)
    panel = min((_style.WIDTH - LEFT) / min(across, 3), (_style.WIDTH - LEFT) / columns)
    width = min(max(panel * columns + LEFT, LEAST), _style.WIDTH)
    figure = _style.new(width, blocks * (sum(heights) + 0.75))
    shape = (blocks * len(heights), columns)
    ratios = [*heights] * blocks
    axes = figure.subplots(*shape, squeeze=False, sharey=sharey, height_ratios=ratios)
    made = Panels(figure, axes, len(heights))
    for slot in range(blocks * columns):
        for row in range(1, len(heights)):
            made.at(slot, row).sharex(made.at(slot))
    return made


def log_axis(ax: Axes, which: Literal["x", "y"] = "x") -> None:
    """A logarithmic axis with few ticks: between the decades where there are hardly two."""
    ax.set(**{f"{which}scale": "log"})
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = axis.get_view_interval()
    axis.set_minor_locator(NullLocator())
    if np.log10(high / low) < 1.7:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axis.set_major_locator(LogLocator(numticks=6))
