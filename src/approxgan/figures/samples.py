"""What the generators made."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _groups, _style

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
        "The first column holds the true points and the modes without ε; the other columns are ε, "
        "the rows modes. Every panel of a block has the limits of the true points; the share of "
        "points beyond them is written where it is over 1 %. Look for missing modes, filaments "
        "between them, and points collapsed to one place."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        outcomes = _groups.main_groups(_groups.tidy(tables["outcomes"]))
        if outcomes.empty or tables["samples"].empty:
            return _style.no_data("the table samples or outcomes is empty")
        outcomes = outcomes[outcomes["seed"] == _first_seed(outcomes)]
        samples = _groups.tidy(tables["samples"])
        samples = samples[samples["seed"].isin(outcomes["seed"].unique())]
        blocks = [_Block(rows, samples, tables["data"]) for _, rows in outcomes.groupby("dataset")]
        across = max(block.across for block in blocks)
        heights = [block.height * (PANEL + TITLE) + 0.55 for block in blocks]
        figure = _style.new(max(PANEL * across + 0.6, 3.5), sum(heights))
        parts = figure.subfigures(len(blocks), 1, height_ratios=heights, squeeze=False)
        for part, block in zip(parts[:, 0], blocks, strict=True):
            block.draw(part, across)
        return figure


def _first_seed(outcomes: pd.DataFrame) -> pd.Series:
    return outcomes.groupby(list(_groups.GROUP))["seed"].transform("min")


class _Block:
    """One dataset's panels."""

    def __init__(self, runs: pd.DataFrame, samples: pd.DataFrame, data: pd.DataFrame) -> None:
        keys = [*_groups.GROUP, "seed"]
        mine = samples.merge(runs[keys].drop_duplicates(), on=keys)
        self.samples = mine[mine["step"] == mine["step"].max()]
        self.runs = runs
        self.name = str(runs["dataset"].iloc[0])
        first = {key: _style.words(str(runs[key].iloc[0])) for key in _groups.GROUP}
        self.title = f"{first['dataset']} ({first['model']} model, {first['loss']} loss)"
        true = data[(data["dataset"] == self.name) & (data["source"] == "true")]
        self.true = true.nsmallest(SHOWN, "index")
        series = _groups.series(runs)
        self.free = [one for one in series if one.rows(runs)["epsilon"].isna().any()]
        self.stepped = [one for one in series if one.rows(runs)["epsilon"].notna().any()]
        self.epsilons = sorted(runs["epsilon"].dropna().unique())
        self.height = max(len(self.free) + 1, len(self.stepped), 1)
        self.across = 1 + len(self.epsilons)

    def draw(self, part: Figure, across: int) -> None:
        part.suptitle(self.title, fontweight="bold", fontsize=12)
        axes = part.subplots(self.height, across, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        self._panel(axes[0, 0], "true points", None, _style.INK)
        for row, one in enumerate(self.free, start=1):
            self._panel(axes[row, 0], one.label, (one, np.nan), one.colour)
        for row, one in enumerate(self.stepped):
            for column, epsilon in enumerate(self.epsilons, start=1):
                ax = axes[row, column]
                self._panel(ax, "", (one, epsilon), one.colour)
                if row == 0:
                    ax.set_title(f"ε = {_style.epsilon_text(epsilon)}", fontsize=10)
                if column == 1:
                    ax.set_axis_on()
                    ax.set_ylabel(_wrapped(one.label), fontsize=9.5)

    def _panel(self, ax: Axes, title: str, what: tuple | None, colour: str) -> None:
        points = self.true if what is None else self._points(*what)
        if points is None:
            ax.set(xticks=[], yticks=[], aspect="equal", frame_on=False)
            return
        ax.set_axis_on()
        ax.set(xticks=[], yticks=[], aspect="equal")
        for spine in ax.spines.values():
            spine.set_color("#bbbbbb")
        look = {"linewidths": 0, "rasterized": True}
        if what is not None:
            ax.scatter(self.true["x"], self.true["y"], s=3, color="#c8c8c8", **look)
        ax.scatter(points["x"], points["y"], s=3.5, color=colour, alpha=0.7, **look)
        limits = self._limits()
        ax.set(xlim=limits[0], ylim=limits[1])
        if title:
            ax.set_title(title, fontsize=9.5, pad=3)
        note = "" if what is None else self._note(points, limits, self._diverged(*what))
        place = {"ha": "center", "fontsize": 8, "transform": ax.transAxes, "zorder": 9}
        box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
        if note:
            ax.text(0.5, 0.03, note, va="bottom", bbox=box, **place)

    def _points(self, one: _groups.Series, epsilon: float) -> pd.DataFrame | None:
        """The samples of a cell; None if no such run was made."""
        runs = one.rows(self.runs)
        if not _groups.same_step(runs["epsilon"], epsilon).any():
            return None
        rows = one.rows(self.samples)
        rows = rows[_groups.same_step(rows["epsilon"], epsilon)]
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

    def _diverged(self, one: _groups.Series, epsilon: float) -> bool:
        runs = one.rows(self.runs)
        here = runs[_groups.same_step(runs["epsilon"], epsilon)]
        return bool(here["diverged"].astype(bool).any())

    @staticmethod
    def _note(points: pd.DataFrame, limits: np.ndarray, diverged: bool) -> str:
        if diverged or points.empty:
            return "diverged" if diverged else "no samples"
        values = points[NEEDED].to_numpy(float)
        beyond = ((values < limits[:, 0]) | (values > limits[:, 1])).any(1).mean()
        return f"{beyond:.0%} outside" if beyond > 0.01 else ""


def _wrapped(label: str) -> str:
    """A row label in lines no longer than its panel."""
    return textwrap.fill(label, 13, break_long_words=False)


variant = Samples
