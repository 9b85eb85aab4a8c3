"""Small square panels, one a cell: points of a plane or pictures, beside what is true."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.analysis.text import words
from approxgan.figures import _lines, _series, _style
from approxgan.figures._series import Series

PLACE = ["x", "y"]
RIM, TRUE = "#bbbbbb", "#c8c8c8"
SIDE, GAP = 1.3, 0.1
"""Inches; of a tile, and between tiles."""
LINE = 0.19
"""Inches; of a line of text."""
MOST = 12
"""Values of ε that are shown of a data set, at most; captions say so."""


class Cell(NamedTuple):
    """A series at an ε; NaN for none."""

    one: Series
    epsilon: float

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self.one.at(frame, self.epsilon)

    @property
    def title(self) -> str:
        return self.one.named([self.epsilon]).replace(", ε", "\nε")


def cells(runs: pd.DataFrame) -> list[Cell]:
    """Those of one group, by series and ε."""
    kept = _lines.spread(runs["epsilon"], MOST)
    return [
        Cell(one, epsilon)
        for one in _series.series(runs)
        for epsilon in sorted(one.rows(runs)["epsilon"].unique())
        if np.isnan(epsilon) or epsilon in kept
    ]


def first_seed(rows: pd.DataFrame) -> pd.Series:
    """The first seed of each row's cell: seeds may be a study's, or a cell's, own."""
    keys = [*GROUP, *_series.CELL]
    return rows.groupby(keys, dropna=False)["seed"].transform("min")


def name(runs: pd.DataFrame) -> str:
    """A group in words."""
    first = {key: words(runs[key].iloc[0]) for key in ("dataset", "model", "loss")}
    return f"{first['dataset']} ({first['model']} model, {first['loss']} loss)"


def tiled(blocks: Mapping[str, Sequence[str]]) -> tuple[Figure, dict[str, list[Axes]]]:
    """A figure with a tile for every title, and the tiles of each block.

    Blocks follow each other; one that does not fit into the rest of a row begins another row.
    """
    across = int((_style.WIDTH - GAP) // (SIDE + GAP))
    spots: dict[str, list[tuple[int, int]]] = {}
    heads: dict[tuple[int, int], tuple[str, str]] = {}
    right, down = 0, 0
    for block, titles in blocks.items():
        if right and right + len(titles) > across:
            right, down = 0, down + 1
        first = down * across + right
        spots[block] = [divmod(first + k, across) for k in range(len(titles))]
        for spot, title in zip(spots[block], titles, strict=True):
            heads[spot] = ("", _wrapped(title, 1))
        heads[spots[block][0]] = (_wrapped(block, min(len(titles), across - right)), titles[0])
        down, right = spots[block][-1][0], spots[block][-1][1] + 1
    return _drawn(spots, heads, across)


def _wrapped(text: str, tiles: int) -> str:
    letters = int(tiles * (SIDE + GAP) / 0.085)
    return "\n".join(textwrap.fill(line, letters) for line in text.split("\n"))


def _lines_of(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _drawn(
    spots: Mapping[str, list[tuple[int, int]]],
    heads: Mapping[tuple[int, int], tuple[str, str]],
    across: int,
) -> tuple[Figure, dict[str, list[Axes]]]:
    """The tiles at their spots (row, column), each under the name of its block and its title."""
    rows = 1 + max(row for row, _ in heads)
    # The names of blocks stand above all titles of their row.
    texts = [zip(*(head for (r, _), head in heads.items() if r == row), strict=True)
             for row in range(rows)]  # fmt: skip
    bands = [LINE * sum(max(map(_lines_of, kind)) for kind in both) for both in texts]
    width = (1 + min(max(column for _, column in heads), across - 1)) * (SIDE + GAP) + GAP
    height = sum(bands) + rows * (SIDE + GAP) + 2 * GAP
    figure = Figure(figsize=(width, height))
    axes = {}
    for (row, column), (block, title) in heads.items():
        left = GAP + column * (SIDE + GAP)
        bottom = height - GAP - sum(bands[: row + 1]) - row * (SIDE + GAP) - SIDE
        axes[row, column] = ax = figure.add_axes(
            (left / width, bottom / height, SIDE / width, SIDE / height)
        )
        ax.set(xticks=[], yticks=[], aspect="equal")
        ax.set_title(title, fontsize=_style.SMALL, pad=3)
        ax.spines[:].set_color(RIM)
        if block:
            figure.text(left / width, (bottom + SIDE + bands[row]) / height, block,
                        va="top", fontweight="bold")  # fmt: skip
    return figure, {block: [axes[spot] for spot in mine] for block, mine in spots.items()}


def true_points(data: pd.DataFrame, dataset: str, most: int) -> pd.DataFrame:
    """The first fresh draws of a data set."""
    rows = data[(data["dataset"] == dataset) & (data["source"] == "true")]
    return rows.nsmallest(most, "index")


def limits(points: pd.DataFrame) -> np.ndarray:
    """[2, 2]: low and high of a square around the finite points, with a margin."""
    values = points[PLACE].to_numpy(float)
    values = values[np.isfinite(values).all(1)]
    if not len(values):
        return np.array([[-1.0, 1.0], [-1.0, 1.0]])
    middle = (values.max(0) + values.min(0)) / 2
    half = max(np.ptp(values, axis=0).max() * 0.62, 1e-9)
    return np.stack([middle - half, middle + half], 1)


def cloud(ax: Axes, points: pd.DataFrame, colour: str, size: float, alpha: float = 0.7) -> None:
    look = {"linewidths": 0, "rasterized": True}
    ax.scatter(points["x"], points["y"], s=size, color=colour, alpha=alpha, **look)


def made(
    ax: Axes, true: pd.DataFrame, points: pd.DataFrame, one: Series, ends: np.ndarray, text: str
) -> None:
    """Points over true ones, within limits; a few words, or what share of them is outside."""
    ax.set(xlim=ends[0], ylim=ends[1])
    cloud(ax, true, TRUE, 2.5, 1.0)
    cloud(ax, points, one.colour, 3.0)
    values = points[PLACE].to_numpy(float)
    share = ((values < ends[:, 0]) | (values > ends[:, 1])).any(1).mean()
    text = text or (f"{100 * share:.0f} % outside" if share > 0.01 else "")
    if text:
        box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
        ax.text(0.5, 0.03, text, transform=ax.transAxes, ha="center", va="bottom", zorder=9,
                bbox=box)  # fmt: skip
