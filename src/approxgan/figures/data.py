"""What is to be learnt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.text import words
from approxgan.figures import _style

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
        across = min(len(names), 4)
        blocks = -(-len(names) // across)
        figure = _style.new(max(_style.WIDTH / 4 * across, 4), 2.5 * 2 * blocks + 0.3)
        axes = figure.subplots(2 * blocks, across, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for k, name in enumerate(names):
            for row, source in enumerate(SOURCES):
                ax = axes[2 * (k // across) + row, k % across]
                _panel(ax, data[data["dataset"] == name], source)
                ax.set_title(words(name) if row == 0 else "")
                if k % across == 0:
                    ax.set_ylabel(f"{SOURCES[source][0]}\ny (data units)")
                if row == 1:
                    ax.set_xlabel("x (data units)")
        return figure


def _panel(ax: Axes, points: pd.DataFrame, source: str) -> None:
    ax.set_axis_on()
    shown = points[points["source"] == source].nsmallest(SHOWN, "index")
    sns.scatterplot(
        shown, x="x", y="y", ax=ax, s=7, linewidth=0, alpha=0.55, color=SOURCES[source][1],
        rasterized=True,
    )  # fmt: skip
    _style.dress(ax)
    ax.set(xlabel="", ylabel="")
    finite = points[["x", "y"]].to_numpy(float)
    finite = finite[np.isfinite(finite).all(1)]
    if len(finite):
        centre = (finite.max(0) + finite.min(0)) / 2
        half = max(np.ptp(finite, axis=0).max() / 2 * 1.06, 1e-9)
        ax.set_xlim(centre[0] - half, centre[0] + half)
        ax.set_ylim(centre[1] - half, centre[1] + half)
    ax.set_aspect("equal")
    ax.locator_params(nbins=4)


variant = Data
