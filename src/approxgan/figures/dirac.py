"""Phase portraits, radius and distance from theory in the Dirac-GAN."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables, off_theory
from approxgan.analysis.text import number
from approxgan.figures import _layout, _series, _style

POINT = ["generator", "discriminator"]
TRUTH = [f"expected_{player}" for player in POINT]
MARKS = 12
"""Marks of one run: so many leave room for those of the others."""
DASHES = ("-", (0, (5, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)))
LAW: dict[str, Any] = {"color": _style.GREY, "linewidth": 1.0, "zorder": 1.5}
TITLES = ("modes without chance", "random modes", "radius", "distance from theory")


Run = tuple[_series.Series, Any, pd.DataFrame]
"""One mode and settings at an ε in one game: its look, its dash, its rows."""


class Dirac:
    needs = ("dirac",)
    title = "A game with a known answer: the Dirac-GAN"
    caption = (
        "Every mode in the game of Mescheder et al. (2018): true data at 0, generator θ, "
        "discriminator D(x) = ψx, the same start for all, one row per game. Left: (θ, ψ) at equal "
        "scales. Marks are measured, each mode's at steps of its own, so that none hides another. "
        "The grey line is theory: the closed form of the linear game (wasserstein), and iterates "
        "of the analytic gradient in the others. Pale lines are seeds of random modes, marks "
        "their mean; in the linear game its expectation is theory for all unbiased modes. Right: "
        "the radius √(θ² + ψ²), and the distance of (θ, ψ) from theory relative to theory's "
        "radius; medians over seeds. Dashes and hollow marks tell ε apart. In the linear game, "
        "simultaneous updates spiral outwards by √(1 + h²) a step and alternating updates keep to "
        "an ellipse, with exact gradients and with differences of any ε: the game causes this "
        "instability, not the approximation. A coarse ε leaves the line only where the loss is "
        "curved; a forward difference then rests beside 0. Random modes wander, because the game "
        "carries their noise round."
    )

    def draw(self, tables: Tables) -> Figure:
        rows = tables["dirac"]
        rows = rows[~rows["mode"].isin(_series.CONTROLS)]
        if rows.empty:
            return _style.no_data("the table dirac is empty")
        rows = rows.assign(radius=np.hypot(*rows[POINT].T.to_numpy(float)), off=off_theory(rows))
        rows["off"] = rows["off"].where(rows["off"] > 0)
        shown = _series.series(rows)
        epsilons = np.sort(rows["epsilon"].dropna().unique())
        # Modes without ε have the first dash.
        dashes = dict(zip(epsilons, itertools.cycle(DASHES), strict=False))
        games = rows["game"].unique()
        figure, parts = _layout.blocks(games, [2.75] * len(games))
        for part, game in zip(parts, games, strict=True):
            own = rows[rows["game"] == game]
            runs = [(one, dashes.get(epsilon, DASHES[0]), run) for one in shown
                    for epsilon, run in one.rows(own).groupby("epsilon", dropna=False)]  # fmt: skip
            _row(part.subplots(1, 4), runs)
        _style.legend(figure, _keys(shown, dashes))
        return figure


def _row(axes: np.ndarray, runs: list[Run]) -> None:
    truth = runs[0][2].groupby("step")[TRUTH].first()
    for ax, random in zip(axes[:2], (False, True), strict=True):
        kind = [run for run in runs if (run[2]["seed"].nunique() > 1) == random]
        _portrait(ax, kind, truth.to_numpy(float).T)
    for one, dash, rows in runs:
        medians = rows.groupby("step")[["radius", "off"]].median()
        medians = medians.iloc[:: max(1, len(medians) // 100)]
        for ax, value in zip(axes[2:], medians, strict=True):
            look = {"color": one.colour, "linestyle": dash, "linewidth": 1.3}
            ax.plot(medians.index, medians[value], **look)
    axes[2].plot(truth.index, np.hypot(*truth.to_numpy(float).T), **{**LAW, "zorder": 4})
    axes[3].set_yscale("log")
    for ax, title in zip(axes, TITLES, strict=True):
        _style.dress(ax)
        ax.set_title(title)
    for ax in axes[2:]:
        ax.set_xlabel("step")
        ax.locator_params(axis="x", nbins=4)


def _portrait(ax: Axes, runs: list[Run], truth: np.ndarray) -> None:
    """The way of every run; ``truth`` is [2, steps]."""
    ax.set(xlabel="θ", ylabel="ψ", aspect="equal")
    if not runs:
        ax.set(xticks=[], yticks=[])
        _style.note(ax, "none was run")
        return
    ax.plot(*truth, **LAW)
    ax.plot(0, 0, "+", color=_style.INK, markersize=7)
    every = max(1, truth.shape[1] // MARKS)
    means = [rows.groupby("step")[POINT].mean().to_numpy(float).T for _, _, rows in runs]
    for place, ((one, dash, rows), mean) in enumerate(zip(runs, means, strict=True)):
        seeds = [seed for _, seed in rows.groupby("seed")]
        for seed in seeds if len(seeds) > 1 else []:
            pale = {"linewidth": 0.5, "alpha": 0.35, "zorder": 1, "rasterized": True}
            ax.plot(*seed[POINT].to_numpy(float).T, color=one.colour, **pale)
        marks = mean[:, place * every // len(runs) :: every]
        look: dict[str, Any] = {"markerfacecolor": _face(dash, one.colour), "linestyle": ""}
        ax.plot(*marks, color=one.colour, marker=one.marker, markersize=4, zorder=3, **look)
    # A square around theory and the means: single seeds may leave it.
    places = np.abs(np.concatenate([truth, *means], axis=1))
    half = 1.12 * max(min(places[np.isfinite(places)].max(), 3 * np.abs(truth).max()), 1e-12)
    ax.set(xlim=(-half, half), ylim=(-half, half))
    ax.locator_params(nbins=4)


def _face(dash: Any, colour: str) -> str:
    """Hollow but for the first dash."""
    return colour if dash == DASHES[0] else "white"


def _keys(shown: list[_series.Series], dashes: Mapping[float, Any]) -> list:
    steps = []
    for epsilon, dash in dashes.items():
        look = {"color": _style.GREY, "marker": "o", "markerfacecolor": _face(dash, _style.GREY)}
        steps.append(_style.key(f"ε = {number(epsilon)}", linestyle=dash, **look))
    return [*(one.key() for one in shown), *steps, _style.key("theory", **LAW)]
