"""A number against ε: a line and a band per series, level lines for modes without ε."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from approxgan.figures._groups import Series

DASHES = {"float32": "-", "float64": (0, (5, 1.6))}
OTHER_DASH = (0, (1, 1.2))
LEVEL_DASHES = {"": (0, (5, 1)), "dtype": (0, (1, 1)), "adaptive": (0, (6, 1.2, 1, 1.2))}
"""Of level lines: modes without ε, and those whose ε a rule chose."""
OTHER_LEVEL = (0, (6, 1.2, 1, 1.2, 1, 1.2))
COLUMNS = 12
"""Values of ε that have a column of their own, at most; captions say so."""


def dash(dtype: str) -> Any:
    return DASHES.get(dtype, OTHER_DASH)


def level_dash(one: Series) -> Any:
    return LEVEL_DASHES.get(one.rule, OTHER_LEVEL)


def summary(rows: pd.DataFrame, value: str, share: float) -> pd.DataFrame:
    """Per ε the median and the band that holds ``share`` of the values; index ε, ascending."""
    tails = [(1 - share) / 2, 0.5, (1 + share) / 2]
    groups = rows.dropna(subset=["epsilon", value]).groupby("epsilon")[value]
    if not groups.ngroups:
        return pd.DataFrame(columns=["low", "middle", "high"], dtype=float)
    return groups.quantile(tails).unstack().set_axis(["low", "middle", "high"], axis=1)


def curve(
    ax: Axes, rows: pd.DataFrame, value: str, one: Series, share: float = 0.8, **look: Any
) -> None:
    """One series' line and band, and its level line if it has rows without ε."""
    got = summary(rows, value, share)
    if len(got):
        x = got.index.to_numpy(float)
        ax.fill_between(x, got["low"], got["high"], color=one.colour, alpha=0.16, linewidth=0)
        ax.plot(x, got["middle"], color=one.colour, marker=one.marker, **look)
    level(ax, rows, value, one, **look)


def level(ax: Axes, rows: pd.DataFrame, value: str, one: Series, **look: Any) -> None:
    """The median of rows without ε, across the panel."""
    free = rows.loc[rows["epsilon"].isna(), value].dropna()
    if len(free):
        ax.axhline(free.median(), color=one.colour, **look)


def log_epsilon(ax: Axes, epsilons: pd.Series) -> None:
    """A log axis over the given steps, a tick at every second decade where there are many."""
    values = epsilons.dropna().to_numpy(float)
    low, high = (values.min(), values.max()) if len(values) else (1e-7, 1e-1)
    ax.set_xscale("log")
    ax.set_xlim(low / 1.8, high * 1.8)
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    every = 2 if last - first > 4 else 1
    ax.set_xticks(10.0 ** np.arange(first, last + 1, every))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(low / 1.8, high * 1.8)


def spread(epsilons: pd.Series) -> list[float]:
    """The values of ε, sorted; of more than 12, that many, evenly spread, both ends among them."""
    found = np.sort(epsilons.dropna().unique())
    places = np.linspace(0, len(found) - 1, min(COLUMNS, len(found)))
    return found[places.round().astype(int)].tolist()
