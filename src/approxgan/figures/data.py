"""Each dataset twice: the points that training sees and fresh draws of the density."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables
from approxgan.analysis.text import words
from approxgan.figures import _style, _tiles

SHOWN = 1000
"""Points drawn per panel: more would only be ink."""
ROWS = {"training": ("training\npoints", _style.INK), "true": ("fresh\ndraws", "#555")}
FEW = 4
"""Places on a plane that show nothing of the data."""
ACROSS, SIDE = 7, 1.27
"""Data sets side by side, at most, and inches of a panel."""


class Data:
    needs = ("data", "images")
    title = "The data sets"
    caption = (
        "The points that training sees and fresh draws of the true density, first two "
        "coordinates, equal scales, at most 1,000 points each. Data of one column are shown as "
        "frequencies of its values, images as 25 of them. Letters are left out: "
        "their first two columns are 0 or 1. Samples are scored against fresh draws, never "
        "against the training points: a generator that repeats its training points shows gaps "
        "that the fresh draws do not have."
    )

    def draw(self, tables: Tables) -> Figure:
        data = tables["data"]
        places = data.groupby("dataset")[_tiles.PLACE].transform("nunique").prod(axis=1)
        data = data[(places > FEW) | data["dataset"].isin(tables["images"]["dataset"])]
        if data.empty:
            return _style.no_data("the table data is empty")
        images = tables["images"]
        images = images[images["mode"].astype(str).isin(["", "nan"])]
        drawn = set(images["dataset"].unique())
        # Data sets of points first: they have two panels, images one.
        points = [name for name in data["dataset"].unique() if name not in drawn]
        columns = [*sorted(points), *sorted(drawn & {*data["dataset"]})]
        across = math.ceil(len(columns) / math.ceil(len(columns) / ACROSS))
        bands = [columns[k : k + across] for k in range(0, len(columns), across)]
        rows = [(band, source) for band in bands for source in ROWS
                if source == "true" or not drawn.issuperset(band)]  # fmt: skip
        figure = _style.new(0.9 + SIDE * across, (SIDE + 0.12) * len(rows) + 0.2)
        grid = figure.subplots(len(rows), across, squeeze=False)
        for (band, source), axes in zip(rows, grid, strict=True):
            for ax in axes[len(band) :]:
                ax.set_axis_off()
            for ax, name in zip(axes, band, strict=False):
                own = data[data["dataset"] == name]
                if name not in drawn:
                    _points(ax, own, source)
                elif source == "true":
                    _images(ax, images[images["dataset"] == name])
                else:
                    ax.set_axis_off()
                if source == ("true" if name in drawn else "training"):
                    ax.set_title(words(name), fontsize=_style.SMALL)
            axes[0].set_ylabel(ROWS[source][0])
        return figure


def _points(ax: Axes, points: pd.DataFrame, source: str) -> None:
    low, high = _tiles.limits(points).T
    shown = points[points["source"] == source].nsmallest(SHOWN, "index")
    if points["y"].nunique() == 1:
        shares = shown["x"].value_counts(normalize=True)
        ax.bar(shares.index, shares, color=ROWS[source][1])
        ax.set_box_aspect(1)
    else:
        _tiles.cloud(ax, shown, ROWS[source][1], 3.0, 0.6)
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        ax.set_aspect("equal", adjustable="box")
    _style.dress(ax)
    ax.locator_params(nbins=3)


def _images(ax: Axes, images: pd.DataFrame) -> None:
    ax.imshow(_tiles.mosaic(images), interpolation="nearest", cmap="gray")
    _tiles.bare(np.array([ax]))
