"""What the generators made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _clouds, _groups, _style
from approxgan.figures._blocks import Block, Place

SHOWN = 600
"""Points drawn per panel: so many are still seen as points at this size."""
PANEL = 1.2
"""Side of a panel, inches."""
TITLE = 0.2
"""Height of a panel's title, inches."""


class Samples:
    """A panel of generated points for every mode and ε, one block per dataset."""

    needs = ("samples", "data", "outcomes")
    title = "Generated samples at the end of training"
    caption = (
        "Generated points (coloured) over true points (grey) at the last step, first two "
        "coordinates, for the first seed. One block per data set, from the study with most modes. "
        "The first column holds the true points and the modes without a number for ε; the other "
        "columns are ε, the rows modes; of more than 12 ε, 12 are shown, evenly spread. Every "
        "panel of a block has the limits of the true points; the share of points beyond them is "
        "written where it is over 1 %. Look for missing modes, filaments between them, and points "
        "collapsed to one place."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        outcomes = _groups.main_groups(_groups.tidy(tables["outcomes"]))
        if outcomes.empty or tables["samples"].empty:
            return _style.no_data("the table samples or outcomes is empty")
        outcomes = outcomes[outcomes["seed"] == _first_seed(outcomes)]
        samples = _groups.tidy(tables["samples"])
        samples = samples[samples["seed"].isin(outcomes["seed"].unique())]
        blocks = [_Clouds(rows, samples, tables["data"]) for _, rows in outcomes.groupby("dataset")]
        across = max(clouds.block.across for clouds in blocks)
        heights = [clouds.block.height * (PANEL + TITLE) + 0.55 for clouds in blocks]
        figure = _style.new(max(PANEL * across + 0.6, 3.5), sum(heights))
        parts = figure.subfigures(len(blocks), 1, height_ratios=heights, squeeze=False)
        for part, clouds in zip(parts[:, 0], blocks, strict=True):
            clouds.block.draw(part, across, "true points", clouds.paint)
        return figure


def _first_seed(outcomes: pd.DataFrame) -> pd.Series:
    return outcomes.groupby(list(_groups.GROUP))["seed"].transform("min")


class _Clouds:
    """One dataset's panels."""

    def __init__(self, runs: pd.DataFrame, samples: pd.DataFrame, data: pd.DataFrame) -> None:
        keys = [*_groups.GROUP, "seed"]
        mine = samples.merge(runs[keys].drop_duplicates(), on=keys)
        self.samples = mine[mine["step"] == mine["step"].max()]
        self.runs = runs
        self.block = Block(runs)
        self.true = _clouds.true_points(data, str(runs["dataset"].iloc[0]), SHOWN)
        self.limits = _clouds.limits(self.true if len(self.true) else self.samples)

    def paint(self, ax: Axes, place: Place | None) -> None:
        ax.set(xlim=self.limits[0], ylim=self.limits[1])
        if place is None:
            _clouds.cloud(ax, self.true, _style.INK, 3.5, 0.7)
            return
        points = self._points(place)
        _clouds.cloud(ax, self.true, "#c8c8c8", 3.0, 1.0)
        _clouds.cloud(ax, points, place.one.colour, 3.5, 0.7)
        _clouds.note(ax, self._text(points, self._diverged(place)))

    def _points(self, place: Place) -> pd.DataFrame:
        """The finite samples of a cell."""
        rows = place.rows(self.samples)
        rows = rows[np.isfinite(rows[_clouds.PLACE].to_numpy(float)).all(1)]
        return rows.nsmallest(SHOWN, "index")

    def _diverged(self, place: Place) -> bool:
        return bool(place.rows(self.runs)["diverged"].astype(bool).any())

    def _text(self, points: pd.DataFrame, diverged: bool) -> str:
        if diverged or points.empty:
            return "diverged" if diverged else "no samples"
        return _clouds.beyond(points, self.limits)


variant = Samples
