"""What the generators made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _groups, _style
from approxgan.figures._blocks import Block, Place

SHOWN = 600
"""Points drawn per panel: so many are still seen as points at this size."""
PANEL = 1.2
"""Side of a panel, inches."""
TITLE = 0.2
"""Height of a panel's title, inches."""
NEEDED = ["x", "y"]


class Samples:
    """A panel of generated points for every mode and ε, one block per dataset."""

    needs = ("samples", "data", "outcomes")
    title = "Generated samples at the end of training"
    caption = (
        "Generated points (coloured) over true points (grey) at the last step, first two "
        "coordinates, for the first seed. One block per data set, from the study with most modes. "
        "The first column holds the true points and the modes without a number for ε; the other "
        "columns are ε, the rows modes. Every panel of a block has the limits of the true points; "
        "the share of points beyond them is written where it is over 1 %. Look for missing modes, "
        "filaments between them, and points collapsed to one place."
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
        own = data["dataset"] == runs["dataset"].iloc[0]
        self.true = data[own & (data["source"] == "true")].nsmallest(SHOWN, "index")

    def paint(self, ax: Axes, place: Place | None) -> None:
        points = self.true if place is None else self._points(place)
        look = {"linewidths": 0, "rasterized": True}
        if place is not None:
            ax.scatter(self.true["x"], self.true["y"], s=3, color="#c8c8c8", **look)
        colour = _style.INK if place is None else place.one.colour
        ax.scatter(points["x"], points["y"], s=3.5, color=colour, alpha=0.7, **look)
        limits = self._limits()
        ax.set(xlim=limits[0], ylim=limits[1])
        note = "" if place is None else self._note(points, limits, self._diverged(place))
        where = {"ha": "center", "fontsize": 8, "transform": ax.transAxes, "zorder": 9}
        box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
        if note:
            ax.text(0.5, 0.03, note, va="bottom", bbox=box, **where)

    def _points(self, place: Place) -> pd.DataFrame:
        """The finite samples of a cell."""
        rows = place.rows(self.samples)
        rows = rows[np.isfinite(rows[NEEDED].to_numpy(float)).all(1)]
        return rows.nsmallest(SHOWN, "index")

    def _limits(self) -> np.ndarray:
        """[2, 2]: low and high of a square around the true points, with a margin."""
        base = self.true if len(self.true) else self.samples
        values = base[NEEDED].to_numpy(float)
        values = values[np.isfinite(values).all(1)]
        if not len(values):
            return np.array([[-1.0, 1.0], [-1.0, 1.0]])
        middle = (values.max(0) + values.min(0)) / 2
        half = max(np.ptp(values, axis=0).max() * 0.62, 1e-9)
        return np.stack([middle - half, middle + half], 1)

    def _diverged(self, place: Place) -> bool:
        return bool(place.rows(self.runs)["diverged"].astype(bool).any())

    @staticmethod
    def _note(points: pd.DataFrame, limits: np.ndarray, diverged: bool) -> str:
        if diverged or points.empty:
            return "diverged" if diverged else "no samples"
        values = points[NEEDED].to_numpy(float)
        beyond = ((values < limits[:, 0]) | (values > limits[:, 1])).any(1).mean()
        return f"{beyond:.0%} outside" if beyond > 0.01 else ""


variant = Samples
