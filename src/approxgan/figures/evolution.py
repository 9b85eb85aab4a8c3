"""How samples come about."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _series, _style, _tiles

TRUE_SHOWN = 500
NAMES, TITLE = 1.6, 0.5
"""Inches; of the names of the rows, and of the title of a block."""


class Evolution:
    """Generated points at every snapshot: exact, and modes at their best and smallest ε."""

    needs = ("evolution", "data", "gradient_error")
    title = "Samples over training"
    caption = (
        "Generated points (coloured) over true points (grey) at the start of training and at every "
        "snapshot, first two coordinates, first seed. The rows are exact and some "
        "modes, each at the ε of highest median cosine in the probe and at the smallest ε that was "
        "trained, where rounding destroys the differences. The figure shows the study with most "
        "modes. All panels of a data set use the same latent draws, so that a point can be "
        "followed along its row, and have the limits of the true points. A panel says which share "
        "of its points lies outside, if this is over 1 %."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        samples = tables["evolution"]
        samples = samples[np.isfinite(samples[_tiles.PLACE].to_numpy(float)).all(1)]
        samples = _series.main_study(samples)
        if samples.empty:
            return _style.no_data("the table evolution holds no finite sample")
        samples = samples[samples["seed"] == _tiles.first_seed(samples)]
        blocks = [(rows, _cells(rows, tables["gradient_error"]))
                  for _, rows in samples.groupby("dataset")]  # fmt: skip
        steps = max(rows["step"].nunique() for rows, _ in blocks)
        side = min((_style.WIDTH - NAMES) / steps, _tiles.SIDE)
        heights = [side * len(cells) + TITLE for _, cells in blocks]
        figure = _style.new(NAMES + side * steps, sum(heights))
        parts = figure.subfigures(len(blocks), 1, height_ratios=heights, squeeze=False)
        for part, (rows, cells) in zip(parts[:, 0], blocks, strict=True):
            true = _tiles.true_points(tables["data"], str(rows["dataset"].iloc[0]), TRUE_SHOWN)
            _block(part, rows, cells, true)
            part.suptitle(_tiles.name(rows), fontweight="bold")
        return figure


def _cells(samples: pd.DataFrame, errors: pd.DataFrame) -> list[_tiles.Cell]:
    """Exact first; of other modes the best ε by the probe, then the smallest."""
    found = []
    for one, best in _series.chosen(_series.series(samples), samples, errors).items():
        least = one.rows(samples)["epsilon"].min()
        found += [
            _tiles.Cell(one, epsilon) for epsilon in [best, *([least] if least < best else [])]
        ]
    return found


def _block(
    part: Figure, samples: pd.DataFrame, cells: list[_tiles.Cell], true: pd.DataFrame
) -> None:
    steps = sorted(samples["step"].unique())
    axes = part.subplots(len(cells), len(steps), squeeze=False)
    limits = _tiles.limits(true if len(true) else samples)
    for down, cell in enumerate(cells):
        mine = cell.rows(samples)
        for across, step in enumerate(steps):
            ax = axes[down, across]
            ax.set(xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set_color(_tiles.RIM)
            points = mine[mine["step"] == step]
            text = "" if len(points) else "diverged"
            _tiles.made(ax, true, points, cell.one, limits, text)
            if down == 0:
                ax.set_title(f"step {step:,}", fontsize=_style.SMALL, pad=3)
        lines = [textwrap.fill(line, 17) for line in cell.title.split("\n")]
        axes[down, 0].set_ylabel("\n".join(lines), rotation=0, ha="right", va="center")
