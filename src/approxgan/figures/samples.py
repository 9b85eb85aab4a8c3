"""A tile of generated points for every mode and ε, beside the true points."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
from approxgan.figures import _series, _style, _tiles

SHOWN = 600
"""Points drawn per tile: so many are still seen as points at this size."""
RUN = [*GROUP, *_series.CELL, "seed"]


class Samples:
    needs = ("samples", "data", "outcomes")
    title = "Generated samples at the end of training"
    caption = (
        "Generated points (coloured) over true points (grey) at the last step, first two "
        "coordinates, first seed. The figure shows one study per data set: the one "
        "with most modes. It shows at most 12 values of ε per data set, evenly spread. All tiles "
        "of a data set have the limits of its true points. A tile says which share of its points "
        "lies outside, if this is over 1 %. Look for missing modes, for filaments between modes, "
        "and for points that have collapsed to one place."
    )

    def draw(self, tables: Tables) -> Figure:
        outcomes = _series.main_groups(tables["outcomes"])
        if outcomes.empty or tables["samples"].empty:
            return _style.no_data("the table samples or outcomes is empty")

        def block(axes: Sequence[Axes], cells: Sequence[_tiles.Cell], runs: pd.DataFrame) -> None:
            true = _tiles.true_points(tables["data"], runs["dataset"].iloc[0], SHOWN)
            samples = tables["samples"].merge(runs[RUN].drop_duplicates(), on=RUN)
            samples = _tiles.finite(samples[samples["step"] == samples["step"].max()])
            limits = _tiles.limits(true if len(true) else samples)
            axes[0].set(xlim=limits[0], ylim=limits[1])
            _tiles.cloud(axes[0], true, _style.INK, 3.0)
            for ax, cell in zip(axes[1:], cells, strict=True):
                points = cell.rows(samples).nsmallest(SHOWN, "index")
                diverged = cell.rows(runs)["diverged"].astype(bool).any()
                text = "diverged" if diverged else "no samples" if points.empty else ""
                _tiles.made(ax, true, points, cell, limits, text)

        return _tiles.tiled(_tiles.first_seed(outcomes), "true points", block)
