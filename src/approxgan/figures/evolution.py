"""How samples come about."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _cells, _clouds, _groups, _style

TRUE_SHOWN = 500
PANEL, HEIGHT = 1.12, 1.04
"""Width of a column and height of a row of panels, inches."""
NAMES = 1.45
"""Width of the names of the rows, inches."""


class Row(NamedTuple):
    """A cell; NaN for no ε."""

    one: _groups.Series
    epsilon: float


class Evolution:
    """Generated points at every snapshot: exact, and modes at their best and smallest ε."""

    needs = ("evolution", "data", "gradient_error")
    title = "Samples over training"
    caption = (
        "Generated points (coloured) over true points (grey) at the start of training and at every "
        "snapshot, first two coordinates, for the first seed. Rows: exact, and for some modes the "
        "ε whose probed estimate has the highest median cosine in float32 and the smallest ε that "
        "was trained, at which rounding eats the differences. One block per data set of the study "
        "with most modes; the latent draws are the same in all panels of a block, so that a "
        "point can be followed along its row. Every panel has the limits of the true points; the "
        "share of points beyond them is written where it is over 1 %."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        samples = _groups.tidy(tables["evolution"])
        samples = samples[np.isfinite(samples[["x", "y"]].to_numpy(float)).all(1)]
        samples = _cells.main_study(samples)
        if samples.empty:
            return _style.no_data("the table evolution holds no finite sample")
        samples = samples[samples["seed"] == samples["seed"].min()]
        errors, data = _groups.tidy(tables["gradient_error"]), tables["data"]
        blocks = [(rows, _rows(rows, errors)) for _, rows in samples.groupby("dataset")]
        steps = max(rows["step"].nunique() for rows, _ in blocks)
        heights = [HEIGHT * len(lines) + 0.55 for _, lines in blocks]
        figure = _style.new(NAMES + PANEL * steps, sum(heights))
        parts = figure.subfigures(len(blocks), 1, height_ratios=heights, squeeze=False)
        for part, (rows, lines) in zip(parts[:, 0], blocks, strict=True):
            true = _clouds.true_points(data, str(rows["dataset"].iloc[0]), TRUE_SHOWN)
            _block(part, rows, lines, true)
            _style.headline(part, _groups.name(rows))
        return figure


def _rows(samples: pd.DataFrame, errors: pd.DataFrame) -> list[Row]:
    """Exact first; of other modes the best ε by the probe, then the smallest."""
    series = _groups.series(samples)
    lines: list[Row] = []
    for one, best in _cells.chosen(series, samples, errors).items():
        lines.append(Row(one, best))
        least = one.rows(samples)["epsilon"].min()
        if least < best:
            lines.append(Row(one, least))
    return lines


def _block(part: Figure, samples: pd.DataFrame, lines: list[Row], true: pd.DataFrame) -> None:
    steps = sorted(samples["step"].unique())
    axes = part.subplots(len(lines), len(steps), squeeze=False)
    limits = _clouds.limits(true if len(true) else samples)
    for down, (one, epsilon) in enumerate(lines):
        mine = _cells.at(samples, one, epsilon)
        for across, step in enumerate(steps):
            ax = axes[down, across]
            _clouds.frame(ax, limits)
            _clouds.cloud(ax, true, "#c8c8c8", 2.0, 1.0)
            points = mine[mine["step"] == step]
            _clouds.cloud(ax, points, one.colour, 2.5, 0.7)
            _clouds.note(ax, _text(points, limits))
            if down == 0:
                ax.set_title(f"step {step:,}", fontsize=10, pad=3)
        axes[down, 0].set_ylabel(_name(one, epsilon), fontsize=9.5, rotation=0, ha="right",
                                 va="center")  # fmt: skip


def _name(one: _groups.Series, epsilon: float) -> str:
    words = textwrap.fill(one.label, 16, break_long_words=False)
    return words if np.isnan(epsilon) else f"{words}\nε = {_style.epsilon_text(epsilon)}"


def _text(points: pd.DataFrame, limits: np.ndarray) -> str:
    return _clouds.beyond(points, limits) if len(points) else "diverged"


variant = Evolution
