"""Final scores of a mode beside its controls, a point a seed, and how wrong both were."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from approxgan.analysis.frames import GROUP, Tables, final, null_of, primary
from approxgan.analysis.text import number, words
from approxgan.core.protocols import PLAYERS
from approxgan.figures import _axes, _layout, _lines, _quality, _series, _style
from approxgan.figures._series import Series

FREE = ("exact", "perturbed_start")
MATCH = ["matched_mode", "matched_settings"]
CURVES = {"relative_error": "relative error", "zero_fraction": "zero entries\n(share)"}
DASHES = dict(zip(PLAYERS, ("-", (0, (4, 1.2))), strict=True))
GAP = 0.7
MOST = 4
"""Values of ε whose curves are shown, at most."""
LEAST = 0.001
"""Mean share of zero entries under which their curves are left out."""
STRIP, CURVE = 2.8, 1.6
"""Inches; heights of the panel of scores, and of one of curves."""


class Controls:
    needs = ("quality", "quality_null", "training")
    title = "Is it the approximation? Modes beside their matched controls"
    claims = ("C1", "C2")
    caption = (
        "Large panels: the score that decides the claims at the last step. A point is a seed, a "
        "bar a median, a cross at the worse edge a run that diverged. Perturbed start: exact "
        "gradients from a start moved by a rounding error. A difference to exact of this size is "
        "chance. Noisy exact: the exact gradient with random noise as large as the error of the "
        "mode at this ε. If both end alike, the size of the error explains the result, otherwise "
        "its kind does. Masked exact: the exact gradient with as many zero entries as the mode "
        "loses to rounding. If both end alike, the lost entries explain the result. An advantage "
        "over exact that a control shares is not due to the approximation. Black: exact, median "
        "and middle half. Hatched: the scores of a perfect generator. Small panels: how wrong the "
        "gradients were along each mode's own runs, medians over seeds and their middle half, at "
        "most 4 values of ε; zero entries only where there are some. A control is matched where "
        "its curve lies on the mode's: noisy exact in the relative error, masked exact in the "
        "zero entries."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = primary(final(tables["quality"]))
        units = _units(quality)
        if not units:
            return _style.no_data("no run has a matched control")
        shown = _series.series(pd.concat([rows for _, rows in units]))
        runs = [tables["training"].merge(rows[list(GROUP)].drop_duplicates()) for _, rows in units]
        curves = [_telling(own) for own in runs]
        below = [len(found) * CURVE + 0.9 for found in curves]
        heights = [STRIP + height for height in below]
        figure, parts = _layout.blocks([title for title, _ in units], heights)
        for part, (_, rows), own, found, height in zip(
            parts, units, runs, curves, below, strict=True
        ):
            halves = part.subfigures(2, 1, squeeze=False, height_ratios=[STRIP, height])
            top, bottom = halves[:, 0]
            blocks = _blocks(rows, shown)
            _strip(top.subplots(), rows, blocks, null_of(tables["quality_null"], rows))
            _curves(bottom, own, blocks, found)
        _style.legend(figure, _keys(shown))
        return figure


def _units(last: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """(title, rows) of every group and matched mode: the mode, its controls, modes without ε."""
    found = []
    for title, rows in _series.split(last, GROUP):
        controls = rows[rows["matched_mode"].ne("") & rows["epsilon"].notna()]
        free = rows[rows["mode"].isin(FREE)]
        for (mode, settings), mine in controls.groupby(MATCH):
            twin = rows[(rows["mode"] == mode) & (rows["settings"] == settings)]
            twin = twin[twin["epsilon"].isin(mine["epsilon"])]
            told = f"{title.replace(chr(10), ' · ')}: {words(mode)} and its controls"
            found.append((told, pd.concat([free, twin, mine], ignore_index=True)))
    return found


Block = tuple[float, list[Series]]


def _blocks(rows: pd.DataFrame, shown: list[Series]) -> list[Block]:
    """Side by side: modes without ε, then for each ε the mode and its controls."""
    ranked = sorted(shown, key=lambda one: one.mode in _series.CONTROLS)
    blocks = []
    for epsilon in [np.nan, *sorted(rows["epsilon"].dropna().unique())]:
        series = [one for one in ranked if len(one.at(rows, epsilon))]
        blocks += [(epsilon, series)] if series else []
    return blocks


def _strip(ax: Axes, rows: pd.DataFrame, blocks: list[Block], null: pd.DataFrame) -> None:
    """The final scores."""
    _quality.exact(ax, rows[rows["mode"] == "exact"])
    place, ticks, names = 0.0, [], []
    for epsilon, series in blocks:
        for k, one in enumerate(series):
            _points(ax, place + k, one.at(rows, epsilon), one)
        ticks.append(place + (len(series) - 1) / 2)
        names.append("no ε" if np.isnan(epsilon) else f"ε = {number(epsilon)}")
        place += len(series) + GAP
    _style.dress(ax)
    ax.set_xticks(ticks, names)
    ax.set_xlim(-0.8, place - GAP - 0.2)
    ax.grid(False, axis="x")
    ax.set_ylabel(_quality.label(rows))
    _quality.frame([ax], null)


def _points(ax: Axes, place: float, rows: pd.DataFrame, one: Series) -> None:
    """Seeds from left to right in their order, so that no two hide each other."""
    values = rows.sort_values("seed")["value"].to_numpy(float)
    across = place + (np.linspace(-0.28, 0.28, len(values)) if len(values) > 1 else np.zeros(1))
    known = np.isfinite(values)
    look: dict[str, Any] = {"color": one.colour, "marker": one.marker, "markersize": 3.5}
    ax.plot(across[known], values[known], linestyle="", alpha=0.7, **look)
    if known.any():
        middle, width = np.median(values[known]), 2.6
        ax.hlines(middle, place - 0.4, place + 0.4, color=one.colour, linewidth=width, zorder=4)
    _quality.lost(ax, across[~known], rows, one)


def _telling(runs: pd.DataFrame) -> list[str]:
    """The curves that are not 0 nearly everywhere."""
    return [
        value
        for value in CURVES
        if value == "relative_error"
        or runs[[f"{player}_{value}" for player in PLAYERS]].mean().max() > LEAST
    ]


def _curves(part: SubFigure, runs: pd.DataFrame, blocks: list[Block], curves: list[str]) -> None:
    """How wrong each mode was along its own runs, a column for every ε."""
    kept = _lines.spread(pd.Series([epsilon for epsilon, _ in blocks]), MOST)
    axes = part.subplots(len(curves), len(kept), squeeze=False, sharex=True, sharey="row")
    shown = [block for block in blocks if block[0] in kept]
    for column, (epsilon, series) in zip(axes.T, shown, strict=True):
        for ax, value in zip(column, curves, strict=True):
            for one, (player, dash) in itertools.product(series, DASHES.items()):
                # A control on the mode's curve must not hide it.
                width = 1.3 if one.mode in _series.CONTROLS else 3.0
                look = {"color": one.colour, "linestyle": dash, "linewidth": width}
                _lines.trace(ax, one.at(runs, epsilon), f"{player}_{value}", **look)
            _style.dress(ax)
        column[0].set_title(f"ε = {number(epsilon)}")
        column[-1].set_xlabel("training step")
    for row, value in zip(axes, curves, strict=True):
        row[0].set_ylabel(CURVES[value])
    if any(ax.has_data() for ax in axes[0]):
        _axes.log(axes[0, 0], "y")
    for row in axes[1:]:
        row[0].set_ylim(-0.05, 1.05)


def _keys(shown: list[Series]) -> list[Any]:
    keys = [one.key(linewidth=2.6) for one in shown]
    keys += [_style.key(name, color=_style.GREY, linestyle=dash) for name, dash in DASHES.items()]
    _, cross = _quality.lost_keys("diverged")
    return [*keys, _quality.perfect_key(), cross]
