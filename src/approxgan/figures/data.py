"""Each dataset twice: the points that training sees and fresh draws of the density."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables
from approxgan.analysis.text import words
from approxgan.figures import _layout, _style, _tiles

SHOWN = 2000
"""Points drawn per panel: more would only be ink."""
COLOURS = {"training": _style.INK, "true": "#555"}


class Data:
    needs = ("data",)
    title = "The data sets"
    caption = (
        "The points that training sees (upper row) and fresh draws of the true density (lower "
        "row), first two coordinates, equal scales, at most 2,000 points each. Samples are scored "
        "against fresh draws, never against the training points: a generator that repeats its "
        "training points shows gaps that the lower row does not have."
    )

    def draw(self, tables: Tables) -> Figure:
        data = tables["data"]
        if data.empty:
            return _style.no_data("the table data is empty")

        def column(axes: list[Axes], points: pd.DataFrame) -> None:
            low, high = _tiles.limits(points).T
            for ax, (source, colour) in zip(axes, COLOURS.items(), strict=True):
                shown = points[points["source"] == source].nsmallest(SHOWN, "index")
                _tiles.cloud(ax, shown, colour, 6.0, 0.55)
                ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
                ax.set_aspect("equal", adjustable="box")
                ax.locator_params(nbins=4)

        parts = [(words(name), points) for name, points in data.groupby("dataset")]
        labels = [
            f"{what}\ny (data units)" for what in ("training points", "true density, fresh draws")
        ]
        return _layout.panels(parts, column, [2.2] * 2, ["x (data units)"], labels, across=4)
