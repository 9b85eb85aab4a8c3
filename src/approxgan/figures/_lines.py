"""Lines with bands: a number against ε, or against the training step."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.figures import _style
from approxgan.figures._series import Series

DASHES = {"float32": "-", "float64": (0, (5, 1.6))}
OTHER_DASH = (0, (1, 1.2))


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


def probed(ax: Axes, rows: pd.DataFrame, value: str, shown: Iterable[Series]) -> None:
    """Every series of the probe in every precision: medians over seeds and points."""
    for one in shown:
        for dtype, part in one.rows(rows).groupby("dtype"):
            # Modes that equal exact must not hide it: it is drawn first, and thicker.
            width = 3.2 if one.mode == "exact" else 1.5
            dash = DASHES.get(str(dtype), OTHER_DASH)
            curve(ax, part, value, one, linestyle=dash, linewidth=width)


def probe_keys(rows: pd.DataFrame, shown: Iterable[Series]) -> list[Any]:
    """Legend entries of ``probed``: the series, then the precisions."""
    series = [one.key() if one.rows(rows)["epsilon"].notna().any() else one.key(marker="")
              for one in shown]  # fmt: skip
    look = {"color": _style.GREY, "marker": "o"}
    dtypes = [_style.key(f"measured in {dtype}", linestyle=DASHES.get(dtype, OTHER_DASH), **look)
              for dtype in sorted(rows["dtype"].unique())]  # fmt: skip
    return [*series, *dtypes]


def trace(ax: Axes, rows: pd.DataFrame, value: str, **look: Any) -> None:
    """Median over seeds at each training step, and the band of their middle half."""
    line(ax, summary(rows, "step", value, 0.5), **look)


def spread(epsilons: pd.Series, most: int) -> list[float]:
    """The values of ε, sorted; of more than ``most``, that many, evenly spread, ends included."""
    found = np.sort(epsilons.dropna().unique())
    places = np.linspace(0, len(found) - 1, min(most, len(found)))
    return found[places.round().astype(int)].tolist()
