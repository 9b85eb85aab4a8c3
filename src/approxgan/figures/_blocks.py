"""A panel for every mode and ε of a dataset, beside what is true."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _cells, _clouds, _epsilon, _groups, _style


class Place(NamedTuple):
    """What a panel shows: a series at an ε (NaN: none); ``None`` for what is true."""

    one: _groups.Series
    epsilon: float

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return _cells.at(frame, self.one, self.epsilon)


Paint = Callable[[Axes, Place | None], None]


class Block:
    """The grid of one dataset's panels.

    The first column holds what is true and the series without a number for ε; the other columns
    are ε, the rows series.
    """

    def __init__(self, runs: pd.DataFrame) -> None:
        self.runs = runs
        self.title = _groups.name(runs)
        series = _groups.series(runs)
        self.free = [one for one in series if one.rows(runs)["epsilon"].isna().any()]
        self.stepped = [one for one in series if one.rows(runs)["epsilon"].notna().any()]
        self.epsilons = _epsilon.spread(runs["epsilon"])
        self.height = max(len(self.free) + 1, len(self.stepped))
        self.across = 1 + len(self.epsilons)

    def draw(self, part: Figure, across: int, truth: str, paint: Paint) -> None:
        """Paint every panel; ``truth`` names the one of what is true."""
        _style.headline(part, self.title)
        axes = part.subplots(self.height, across, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        self._panel(axes[0, 0], None, paint)
        axes[0, 0].set_title(truth, fontsize=9.5, pad=3)
        for row, one in enumerate(self.free, start=1):
            self._panel(axes[row, 0], Place(one, np.nan), paint)
            axes[row, 0].set_title(textwrap.fill(one.label, 15), fontsize=9.5, pad=3)
        for row, one in enumerate(self.stepped):
            for column, epsilon in enumerate(self.epsilons, start=1):
                ax = axes[row, column]
                self._panel(ax, Place(one, epsilon), paint)
                if row == 0:
                    ax.set_title(f"ε = {_style.epsilon_text(epsilon)}", fontsize=10)
                if column == 1:
                    ax.set_axis_on()
                    label = textwrap.fill(one.label, 14, break_long_words=False)
                    ax.set_ylabel(label, fontsize=9.5)

    def _panel(self, ax: Axes, place: Place | None, paint: Paint) -> None:
        ax.set(xticks=[], yticks=[], aspect="equal")
        if place is not None and place.rows(self.runs).empty:
            ax.set_frame_on(False)
            return
        ax.set_axis_on()
        for spine in ax.spines.values():
            spine.set_color(_clouds.RIM)
        paint(ax, place)
