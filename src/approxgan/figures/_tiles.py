"""Small square panels, one a cell: points of a plane or pictures, beside what is true."""

import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.analysis.text import words
from approxgan.figures import _layout, _lines, _series, _style
from approxgan.figures._series import Series

PLACE = ["x", "y"]
TRUE = "#c8c8c8"
SIDE, LINE, GAP = 1.28, 0.19, 0.14
"""Inches; of a tile, of a line of text, and between tiles."""
ACROSS, LETTERS = 7, 16
"""Tiles side by side, and letters of a line above one, at most."""
MOST = 12
"""Values of ε that are shown of a data set, at most; captions say so."""


class Cell(NamedTuple):
    """A series at an ε; NaN for none."""

    one: Series
    epsilon: float

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self.one.at(frame, self.epsilon)

    def title(self, letters: int) -> str:
        lines = self.one.named([self.epsilon]).replace(", ε", "\nε").split("\n")
        return "\n".join(textwrap.fill(line, letters) for line in lines)


def first_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each cell's first seed: seeds may be a study's, or a cell's, own."""
    keys = [*GROUP, *_series.CELL]
    return rows[rows["seed"] == rows.groupby(keys, dropna=False)["seed"].transform("min")]


def name(runs: pd.DataFrame) -> str:
    """A group in words."""
    first = runs.iloc[0].map(words)
    return f"{first['dataset']} ({first['model']} model, {first['loss']} loss)"


def tiled(
    runs: pd.DataFrame,
    truth: str,
    draw: Callable[[Sequence[Axes], Sequence[Cell], pd.DataFrame], None],
) -> Figure:
    """A block for every data set of the runs, with a tile for the truth and one for every cell.

    ``draw`` fills the tiles of a block: that of the truth, then those of the cells.
    """
    groups = [(_cells(own), own) for _, own in runs.groupby("dataset")]
    across = min(ACROSS, max(1 + len(cells) for cells, _ in groups))
    titles = [[truth, *(cell.title(LETTERS) for cell in cells)] for cells, _ in groups]
    heights = [_height(told, across) for told in titles]
    names = [name(own) for _, own in groups]
    figure, parts = _layout.blocks(names, heights, max(across * (SIDE + GAP), 5.0))
    for part, told, (cells, own) in zip(parts, titles, groups, strict=True):
        axes = part.subplots(-(-len(told) // across), across, squeeze=False).ravel()
        bare(axes)
        for ax in axes[len(told) :]:
            ax.set_axis_off()
        for ax, title in zip(axes, told, strict=False):
            ax.set_title(title, fontsize=_style.SMALL, pad=3)
        draw(axes[: len(told)].tolist(), cells, own)
    return figure


def _cells(runs: pd.DataFrame) -> list[Cell]:
    """Those of one group, by series and ε."""
    kept = _lines.spread(runs["epsilon"], MOST)
    return [
        Cell(one, epsilon)
        for one in _series.series(runs)
        for epsilon in sorted(one.rows(runs)["epsilon"].unique())
        if np.isnan(epsilon) or epsilon in kept
    ]


def _height(titles: Sequence[str], across: int) -> float:
    """Inches; of a block whose tiles have these titles."""
    rows = [titles[k : k + across] for k in range(0, len(titles), across)]
    lines = sum(1 + max(title.count("\n") for title in row) for row in rows)
    return 0.35 + (SIDE + GAP) * len(rows) + LINE * lines


def bare(axes: np.ndarray) -> None:
    """Square tiles without numbers, in a pale frame."""
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_color("#bbbbbb")


def true_points(data: pd.DataFrame, dataset: str, most: int) -> pd.DataFrame:
    """The first fresh draws of a data set."""
    rows = data[(data["dataset"] == dataset) & (data["source"] == "true")]
    return rows.nsmallest(most, "index")


def limits(points: pd.DataFrame) -> np.ndarray:
    """[2, 2]: low and high of a square around the finite points, with a margin."""
    values = finite(points)[PLACE].to_numpy(float)
    if not len(values):
        return np.array([[-1.0, 1.0], [-1.0, 1.0]])
    middle = (values.max(0) + values.min(0)) / 2
    half = max(np.ptp(values, axis=0).max() * 0.62, 1e-9)
    return np.stack([middle - half, middle + half], 1)


def finite(points: pd.DataFrame) -> pd.DataFrame:
    """The rows with a place."""
    return points[np.isfinite(points[PLACE].to_numpy(float)).all(1)]


def cloud(ax: Axes, points: pd.DataFrame, colour: str, size: float, alpha: float = 0.7) -> None:
    look = {"linewidths": 0, "rasterized": True}
    ax.scatter(points["x"], points["y"], s=size, color=colour, alpha=alpha, **look)


def made(
    ax: Axes, true: pd.DataFrame, points: pd.DataFrame, cell: Cell, ends: np.ndarray, text: str
) -> None:
    """Points of a cell over true ones, within limits; a few words, or what share is outside."""
    ax.set(xlim=ends[0], ylim=ends[1])
    cloud(ax, true, TRUE, 2.5, 1.0)
    cloud(ax, points, cell.one.colour, 3.0)
    values = points[PLACE].to_numpy(float)
    share = ((values < ends[:, 0]) | (values > ends[:, 1])).any(1).mean()
    text = text or (f"{100 * share:.0f} % outside" if share > 0.01 else "")
    if text:
        look = {"ha": "center", "va": "bottom", "zorder": 9, "bbox": _style.BOX}
        ax.text(0.5, 0.03, text, transform=ax.transAxes, **look)
