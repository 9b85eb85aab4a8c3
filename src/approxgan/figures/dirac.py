"""The game whose course is known, played by every mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.text import number
from approxgan.figures import _series, _style

POINT = ["generator", "discriminator"]
TRUTH = [f"expected_{player}" for player in POINT]
MARKS = 12
"""Marks of one run: so many leave room for those of the others."""
DASHES = ("-", (0, (5, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)))
LAW: dict[str, Any] = {"color": "#8a8a8a", "linewidth": 1.0, "zorder": 1.5}
TITLES = ("modes without chance", "random modes", "radius", "distance from theory")


@dataclass(frozen=True)
class Run:
    """One mode, settings and ε in one game: [steps, seeds] of every number."""

    one: _series.Series
    dash: Any
    step: np.ndarray
    place: np.ndarray
    """[2, steps, seeds]"""
    truth: np.ndarray
    """[2, steps]"""

    @property
    def random(self) -> bool:
        return self.place.shape[2] > 1


class Dirac:
    """Phase portraits, radius and distance from theory in the Dirac-GAN."""

    needs = ("dirac",)
    title = "A game with a known answer: the Dirac-GAN"
    caption = (
        "Every mode in the game of Mescheder et al. (2018): true data at 0, generator θ, "
        "discriminator D(x) = ψx, the same start for all, one row per game. Left: (θ, ψ) at equal "
        "scales. Marks are measured, each mode's at steps of its own, so that none hides another. "
        "The thin grey line is theory: the closed form of the linear game (wasserstein), and "
        "iterates of the analytic gradient in the others. Random modes: pale lines are seeds, "
        "marks their mean, whose expectation in the linear game is theory for all unbiased modes. "
        "Right: the radius √(θ² + ψ²), and the distance of (θ, ψ) from theory relative to theory's "
        "radius; medians over seeds. Dashes and hollow marks tell ε apart. In the linear game, "
        "simultaneous updates spiral outwards by √(1 + h²) a step and alternating updates keep to "
        "an ellipse, with exact gradients and with differences of any ε: the game causes this "
        "instability, not the approximation. Only where the loss is curved does a coarse ε leave "
        "the line; a forward difference then rests beside 0. Random modes wander, because the game "
        "carries their noise round."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        rows = tables["dirac"]
        if rows.empty:
            return _style.no_data("the table dirac is empty")
        shown = _series.series(rows)
        dashes = _dashes(rows)
        games = list(dict.fromkeys(rows["game"]))
        figure = _style.new(_style.WIDTH, 2.75 * len(games))
        parts = figure.subfigures(len(games), 1, squeeze=False)[:, 0]
        for part, game in zip(parts, games, strict=True):
            part.suptitle(game, fontweight="bold")
            axes = part.subplots(1, 4)
            _row(axes, _runs(rows[rows["game"] == game], shown, dashes))
        _style.legend(figure, _keys(shown, dashes))
        return figure


def _dashes(rows: pd.DataFrame) -> dict[float, Any]:
    """A dash for every ε; modes without ε have the first."""
    epsilons = sorted(rows["epsilon"].dropna().unique())
    return {epsilon: DASHES[k % len(DASHES)] for k, epsilon in enumerate(epsilons)}


def _runs(rows: pd.DataFrame, shown: list[_series.Series], dashes: Mapping[float, Any]) -> list:
    runs = []
    for one in shown:
        for epsilon, part in one.rows(rows).groupby("epsilon", dropna=False):
            table = part.pivot(index="step", columns="seed", values=[*POINT, *TRUTH])
            place = np.stack([table[name].to_numpy(float) for name in POINT])
            truth = np.stack([table[name].to_numpy(float)[:, 0] for name in TRUTH])
            step = table.index.to_numpy()
            runs.append(Run(one, dashes.get(float(str(epsilon)), "-"), step, place, truth))
    return runs


def _row(axes: np.ndarray, runs: list[Run]) -> None:
    for ax, random in zip(axes[:2], (False, True), strict=True):
        _portrait(ax, [run for run in runs if run.random == random])
    for run in runs:
        look = {"color": run.one.colour, "linestyle": run.dash, "linewidth": 1.3}
        radius = np.hypot(*run.truth)
        axes[2].plot(run.step, np.median(np.hypot(*run.place), axis=1), **look)
        off = np.median(np.hypot(*(run.place - run.truth[..., None])), axis=1) / radius
        axes[3].plot(run.step, np.where(off > 0, off, np.nan), **look)
    axes[2].plot(runs[0].step, np.hypot(*runs[0].truth), **{**LAW, "zorder": 4})
    axes[3].set_yscale("log")
    for ax, title in zip(axes, TITLES, strict=True):
        _style.dress(ax)
        ax.set_title(title)
    for ax in axes[2:]:
        ax.set_xlabel("step")
        ax.locator_params(axis="x", nbins=4)


def _portrait(ax: Axes, runs: list[Run]) -> None:
    ax.set(xlabel="θ", ylabel="ψ", aspect="equal")
    if not runs:
        ax.set(xticks=[], yticks=[])
        ax.text(0.5, 0.5, "none was run", transform=ax.transAxes, ha="center", va="center")
        return
    ax.plot(*runs[0].truth, **LAW)
    ax.plot(0, 0, "+", color=_style.INK, markersize=7)
    every = max(1, len(runs[0].step) // MARKS)
    for place, run in enumerate(runs):
        colour = run.one.colour
        if run.random:
            pale = {"linewidth": 0.5, "alpha": 0.35, "zorder": 1, "rasterized": True}
            ax.plot(*run.place, color=colour, **pale)
        first = place * every // len(runs)
        face = "white" if run.dash != "-" else colour
        ax.plot(
            *run.place.mean(2)[:, first::every], linestyle="", marker=run.one.marker, color=colour,
            markerfacecolor=face, markersize=4, zorder=3,
        )  # fmt: skip
    _fit(ax, runs)


def _fit(ax: Axes, runs: list[Run]) -> None:
    """A square around theory and the means: single seeds may leave it."""
    places = np.concatenate([runs[0].truth, *(run.place.mean(2) for run in runs)], axis=1)
    finite = np.abs(places[np.isfinite(places)])
    half = 1.12 * max(min(finite.max(), 3 * np.abs(runs[0].truth).max()), 1e-12)
    ax.set(xlim=(-half, half), ylim=(-half, half))
    ax.locator_params(nbins=4)


def _keys(shown: list[_series.Series], dashes: Mapping[float, Any]) -> list:
    entries = [_style.key(one.label, color=one.colour, marker=one.marker) for one in shown]
    for epsilon, dash in dashes.items():
        label = f"ε = {number(epsilon)}"
        face = "white" if dash != "-" else "#8a8a8a"
        look = {"marker": "o", "markerfacecolor": face}
        entries.append(_style.key(label, color="#8a8a8a", linestyle=dash, **look))
    return [*entries, _style.key("theory", **LAW)]
