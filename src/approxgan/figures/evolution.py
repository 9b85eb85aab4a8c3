"""Generated points at every snapshot: exact, and modes at their best and smallest ε."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from approxgan.analysis.frames import Tables
from approxgan.analysis.text import words
from approxgan.figures import _layout, _series, _style, _tiles

TRUE_SHOWN = 500
NAMES, TITLE = 1.6, 0.5
"""Inches; of the names of the rows, and of the title of a block."""
LETTERS = 17
"""Letters of a line of such a name, at most."""


class Evolution:
    needs = ("evolution", "data", "gradient_error")
    title = "Samples over training"
    caption = (
        "Generated points (coloured) over true points (grey) at the start of training and at "
        "every snapshot, first two coordinates, first seed. The rows are exact and some modes, "
        "each at the ε of highest median cosine in the probe and at the smallest ε that was "
        "trained, where rounding destroys the differences. The figure shows the study with most "
        "modes. All panels of a data set use the same latent draws, so that a point can be "
        "followed along its row, and have the limits of the true points. A panel says which share "
        "of its points lies outside, if this is over 1 %."
    )

    def draw(self, tables: Tables) -> Figure:
        samples = _tiles.finite(tables["evolution"])
        samples = _series.main_study(samples[~samples["mode"].isin(_series.CONTROLS)])
        if samples.empty:
            return _style.no_data("the table evolution holds no finite sample")
        groups = [rows for _, rows in _tiles.first_seed(samples).groupby("dataset")]
        cells = [_cells(rows, tables["gradient_error"]) for rows in groups]
        steps = max(rows["step"].nunique() for rows in groups)
        side = min((_style.WIDTH - NAMES) / steps, 1.3)
        heights = [side * len(own) + TITLE for own in cells]
        names = [words(rows["dataset"].iloc[0]) for rows in groups]
        figure, parts = _layout.blocks(names, heights, NAMES + side * steps)
        for part, rows, own in zip(parts, groups, cells, strict=True):
            true = _tiles.true_points(tables["data"], rows["dataset"].iloc[0], TRUE_SHOWN)
            _block(part, rows, own, true)
        return figure


def _cells(samples: pd.DataFrame, errors: pd.DataFrame) -> list[_tiles.Cell]:
    """Exact first; of other modes the best ε by the probe, then the smallest."""
    found = []
    for one, best in _series.chosen(samples, errors):
        least = one.rows(samples)["epsilon"].min()
        found += [_tiles.Cell(one, e) for e in ([best, least] if least < best else [best])]
    return found


def _block(
    part: SubFigure, samples: pd.DataFrame, cells: list[_tiles.Cell], true: pd.DataFrame
) -> None:
    steps = np.sort(samples["step"].unique())
    axes = part.subplots(len(cells), len(steps), squeeze=False)
    _tiles.bare(axes)
    limits = _tiles.limits(true if len(true) else samples)
    for row, cell in zip(axes, cells, strict=True):
        own = cell.rows(samples)
        for ax, step in zip(row, steps, strict=True):
            points = own[own["step"] == step]
            _tiles.made(ax, true, points, cell, limits, "diverged" if points.empty else "")
        row[0].set_ylabel(cell.title(LETTERS), rotation=0, ha="right", va="center")
    for ax, step in zip(axes[0], steps, strict=True):
        ax.set_title(f"step {step:,}", fontsize=_style.SMALL, pad=3)
