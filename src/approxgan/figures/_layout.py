"""Panels in rows that wrap, and blocks of panels under each other."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from approxgan.figures import _style

LEFT, LEAST = 0.75, 7.7
"""Inches; of the labels on the left, and of a figure at least: legends need the room."""


def panels(
    parts: Sequence[tuple[str, pd.DataFrame]],
    draw: Callable[[list[Axes], pd.DataFrame], None],
    heights: Sequence[float],
    xlabels: Sequence[str],
    ylabels: Sequence[str],
    keys: Sequence[Any] = (),
    across: int = 3,
    sharey: Literal["none", "all", "row"] = "none",
) -> Figure:
    """A block of axes for every (title, rows), and one legend; ``draw`` fills a block, row by row.

    A block has one row per entry of heights, in inches, and one column per x label; the axes of
    a column share their x. At most ``across`` columns stand side by side; fewer are wider.
    """
    wide, down = len(xlabels), len(heights)
    bands = -(-len(parts) // (across // wide))
    beside = -(-len(parts) // bands)
    columns = beside * wide
    panel = (_style.WIDTH - LEFT) / max(min(across, 3), columns)
    width = max(panel * columns + LEFT, LEAST)
    figure = _style.new(width, bands * (sum(heights) + 0.75))
    ratios = [*heights] * bands
    axes = figure.subplots(
        bands * down, columns, squeeze=False, sharey=sharey, height_ratios=ratios
    )
    blocks = axes.reshape(bands, down, beside, wide).swapaxes(1, 2).reshape(-1, down, wide)
    for place, (block, part) in enumerate(zip_longest(blocks, parts)):
        if part is None:
            for ax in block.flat:
                ax.set_axis_off()
            continue
        for column in block.T:
            for ax in column[1:]:
                ax.sharex(column[0])
        title, rows = part
        draw(list(block.flat), rows)
        _label(block, title, xlabels, ylabels if place % beside == 0 else [""] * down)
    if keys:
        _style.legend(figure, keys)
    return figure


def _label(block: Any, title: str, xlabels: Sequence[str], ylabels: Sequence[str]) -> None:
    """Outer labels only; the title of a block of several columns stands above the first."""
    for ax in block.flat:
        _style.dress(ax)
        ax.tick_params(labelbottom=ax in block[-1])
        ax.set_xlabel("")
    for ax, label in zip(block[-1], xlabels, strict=True):
        ax.set_xlabel(label)
    for ax, label in zip(block[:, 0], ylabels, strict=True):
        ax.set_ylabel(label)
    if len(xlabels) > 1:
        block[0, 0].set_title(title.replace("\n", " · "), loc="left", fontweight="bold")
    else:
        block[0, 0].set_title(title)


def blocks(
    titles: Sequence[str], heights: Sequence[float], width: float = _style.WIDTH
) -> tuple[Figure, list[SubFigure]]:
    """A figure of parts under each other, each with a title; heights and width in inches."""
    figure = _style.new(width, sum(heights))
    parts = figure.subfigures(len(titles), 1, squeeze=False, height_ratios=heights)[:, 0].tolist()
    for part, title in zip(parts, titles, strict=True):
        part.suptitle(title, fontweight="bold")
    return figure, parts
