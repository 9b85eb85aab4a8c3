"""Lines with bands: a number against ε, or against the training step."""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.figures import _labels
from approxgan.figures._series import Series


def summary(rows: pd.DataFrame, x: str, value: str, share: float) -> pd.DataFrame:
    """By x, ascending: the median and the band that holds ``share`` of the finite values."""
    tails = [(1 - share) / 2, 0.5, (1 + share) / 2]
    known = rows[[x, value]].astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    if known.empty:
        return pd.DataFrame(columns=["low", "middle", "high"], dtype=float)
    found = known.groupby(x)[value].quantile(tails).unstack()
    return found.set_axis(["low", "middle", "high"], axis=1)


def line(ax: Axes, got: pd.DataFrame, **look: Any) -> None:
    """A ``summary``."""
    if len(got):
        colour = look["color"]
        ax.fill_between(got.index, got["low"], got["high"], color=colour, alpha=0.16, linewidth=0)
        ax.plot(got.index, got["middle"], **look)


def curve(ax: Axes, rows: pd.DataFrame, value: str, one: Series, **look: Any) -> None:
    """One series against ε, with the middle 80 %, and its level if it has rows without ε."""
    got = summary(rows, "epsilon", value, 0.8)
    line(ax, got, color=one.colour, marker=one.marker, **look)
    level(ax, rows, value, one, **look)


def level(ax: Axes, rows: pd.DataFrame, value: str, one: Series, **look: Any) -> None:
    """The median of rows without ε, across the panel."""
    free = rows.loc[rows["epsilon"].isna(), value].dropna()
    if len(free):
        ax.axhline(free.median(), color=one.colour, **look)


def probed(
    ax: Axes, rows: pd.DataFrame, value: str, shown: Iterable[Series], named: Collection[Series]
) -> None:
    """Every series of the probe, medians over seeds and points; some have a name on the right."""
    for one in shown:
        own = one.rows(rows)
        # Modes that equal exact must not hide it: it is drawn first, and thicker.
        curve(ax, own, value, one, linewidth=3.2 if one.mode == "exact" else 1.5)
        got, free = own.dropna(subset=["epsilon", value]), own[own["epsilon"].isna()][value]
        if one in named and len(got):
            at = got["epsilon"].max()
            end = got.loc[got["epsilon"] == at, value].median()
            _labels.margin(ax, at, end, one.label, one.colour)
        elif one in named and free.notna().any():
            where = {"xycoords": ax.get_yaxis_transform()}
            _labels.margin(ax, 1, free.median(), one.label, one.colour, **where)


def trace(ax: Axes, rows: pd.DataFrame, value: str, **look: Any) -> None:
    """Median over seeds and the band of their middle half, at up to 100 training steps."""
    steps = np.sort(rows["step"].unique())
    rows = rows[rows["step"].isin(steps[:: -(-len(steps) // 100)])] if len(steps) else rows
    line(ax, summary(rows, "step", value, 0.5), **look)


def spread(epsilons: pd.Series, most: int) -> list[float]:
    """The values of ε, sorted; of more than ``most``, that many, evenly spread, ends included."""
    found = np.sort(epsilons.dropna().unique())
    places = np.linspace(0, len(found) - 1, min(most, len(found)))
    return found[places.round().astype(int)].tolist()
