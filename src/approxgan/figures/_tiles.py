"""Small square panels, one a cell: points of a plane or pictures, beside what is true."""

import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.analysis.text import number
from approxgan.figures import _lines, _series, _style
from approxgan.figures._series import Series

PLACE = ["x", "y"]
TRUE = "#c8c8c8"
SIDE, LARGE, LINE, GAP = 1.1, 1.7, 0.19, 0.14
"""Inches; of a tile, of one of few, of a line of text, and between tiles."""
ACROSS, LETTERS = 8, 14
"""Tiles side by side, and letters of a line above one, at most."""
IMAGES = 5
"""Images along each side of a tile."""
MOST = 3
"""Values of ε that are shown of a mode, at most; captions say so."""


class Cell(NamedTuple):
    """A series at an ε; NaN for none."""

    one: Series
    epsilon: float
    more: str = ""
    """What else is to be said of it."""

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self.one.at(frame, self.epsilon)

    def title(self, letters: int) -> str:
        lines = self.one.named([self.epsilon]).replace(", ε", "\nε").split("\n")
        lines += [self.more] if self.more else []
        return "\n".join(textwrap.fill(line, letters) for line in lines)


Block = tuple[str, list[Cell], pd.DataFrame]
"""Its title, its cells and the rows of their runs."""


def first_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each cell's first seed: seeds may be a study's, or a cell's, own."""
    keys = [*GROUP, *_series.CELL]
    return rows[rows["seed"] == rows.groupby(keys, dropna=False)["seed"].transform("min")]


def cells(runs: pd.DataFrame) -> list[Cell]:
    """Those of one group, by series and ε; budgets of their own are told."""
    common = runs["budget"].min()
    # A budget of its own is told in words that a reader knows.
    named = runs if np.isnan(common) else runs.assign(varied="")
    return [
        Cell(one, epsilon, _beyond(one.at(runs, epsilon)["budget"].max() / common))
        for one in _series.series(named)
        for epsilon in _steps(one.rows(runs)["epsilon"])
    ]


def _steps(epsilons: pd.Series) -> list[float]:
    none = [np.nan] if epsilons.isna().any() else []
    return [*none, *_lines.spread(epsilons, MOST)]


def _beyond(share: float) -> str:
    return f"{number(share)} × budget" if share > 1.01 else ""


def tiled(
    blocks: Sequence[Block],
    truth: str,
    draw: Callable[[Sequence[Axes], Sequence[Cell], pd.DataFrame], None],
) -> Figure:
    """Blocks under each other, or side by side where they fit.

    A block has a tile for the truth and one for every cell; ``draw`` fills them, in this order.
    """
    # Small ones last: they share a line.
    blocks = sorted(blocks, key=lambda block: len(block[1]) < ACROSS / 2)
    titles = [[truth, *(cell.title(LETTERS) for cell in own)] for _, own, _ in blocks]
    bands = _bands([len(told) for told in titles])
    most = min(max(sum(len(titles[k]) for k in band) for band in bands), ACROSS)
    side = LARGE if most <= ACROSS / 2 else SIDE
    heights = [max(_height(titles[k], side) for k in band) for band in bands]
    figure = _style.new(max(most * (side + GAP), 5.0), sum(heights))
    rows = figure.subfigures(len(bands), 1, squeeze=False, height_ratios=heights)[:, 0]
    for row, band in zip(rows, bands, strict=True):
        shares = [min(len(titles[k]), ACROSS) for k in band]
        shares += [most - sum(shares)] if sum(shares) < most else []
        parts = row.subfigures(1, len(shares), squeeze=False, width_ratios=shares)[0]
        for k, part, across in zip(band, parts, shares, strict=False):
            name, own, runs = blocks[k]
            part.suptitle(name, fontweight="bold", x=0.01, ha="left")
            axes = part.subplots(-(-len(titles[k]) // across), across, squeeze=False).ravel()
            bare(axes)
            for ax in axes[len(titles[k]) :]:
                ax.set_axis_off()
            for ax, title in zip(axes, titles[k], strict=False):
                ax.set_title(title, fontsize=_style.SMALL, pad=3)
            draw(axes[: len(titles[k])].tolist(), own, runs)
    return figure


def _bands(counts: Sequence[int]) -> list[list[int]]:
    """Numbers of blocks of so many tiles, side by side as long as they fit."""
    found: list[list[int]] = []
    for k, count in enumerate(counts):
        free = [band for band in found if sum(counts[j] for j in band) + count <= ACROSS]
        if free:
            free[0].append(k)
        else:
            found.append([k])
    return found


def _height(titles: Sequence[str], side: float) -> float:
    """Inches; of a block whose tiles have this side and these titles."""
    rows = [titles[k : k + ACROSS] for k in range(0, len(titles), ACROSS)]
    lines = sum(1 + max(title.count("\n") for title in row) for row in rows)
    return 0.5 + (side + GAP) * len(rows) + LINE * lines


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


def mosaic(rows: pd.DataFrame) -> np.ndarray:
    """Up to 25 images in rows of 5; what is between them, and missing, is NaN: not painted."""
    shown = np.sort(rows["index"].unique())[: IMAGES**2]
    rows = rows[rows["index"].isin(shown)]
    pixels = [rows[axis].to_numpy(int) for axis in ("row", "column")]
    places = np.divmod(np.searchsorted(shown, rows["index"]), IMAGES)
    # A pixel between the images of a tile.
    steps = [int(axis.max()) + 2 for axis in pixels]
    tile = np.full([IMAGES * step - 1 for step in steps], np.nan)
    y, x = (place * step + axis for place, step, axis in zip(places, steps, pixels, strict=True))
    tile[y, x] = rows["value"]
    return tile
