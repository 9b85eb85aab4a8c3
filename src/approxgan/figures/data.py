"""What is to be learnt."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.analysis.text import words
from approxgan.figures import _layout, _style, _tiles

SHOWN = 2000
"""Points drawn per panel: more would only be ink."""
SOURCES = {
    "training": ("training points", _style.INK),
    "true": ("true density, fresh draws", "#555"),
}


class Data:
    """Each dataset twice: the points that training sees and fresh draws of the density."""

    needs = ("data",)
    title = "The data sets"
    caption = (
        "The points that training sees (upper row) and fresh draws of the true density (lower "
        "row), first two coordinates, equal scales, at most 2,000 points each. Samples are scored "
        "against fresh draws, never against the training points: a generator that repeats its "
        "training points shows gaps that the lower row does not have."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        data = tables["data"]
        names = sorted(data["dataset"].unique())
        if not names:
            return _style.no_data("the table data is empty")
        laid = _layout.panels(len(names), [2.2] * len(SOURCES), across=4)
        for slot, name in enumerate(names):
            points = data[data["dataset"] == name]
            for row, (source, (_, colour)) in enumerate(SOURCES.items()):
                ax, shown = laid.at(slot, row), points[points["source"] == source]
                _tiles.cloud(ax, shown.nsmallest(SHOWN, "index"), colour, 6.0, 0.55)
                low, high = _tiles.limits(points).T
                ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
                ax.set_aspect("equal", adjustable="box")
                ax.locator_params(nbins=4)
            laid.at(slot).set_title(words(name))
        ylabels = [f"{text}\ny (data units)" for text, _ in SOURCES.values()]
        laid.finish(len(names), "x (data units)", ylabels)
        return laid.figure
