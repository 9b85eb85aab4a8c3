"""Lines with bands: a number against ε, or against the training step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from approxgan.figures import _style
from approxgan.figures._series import Series

DASHES = {"float32": "-", "float64": (0, (5, 1.6))}
OTHER_DASH = (0, (1, 1.2))
LEVEL_DASHES = {"": (0, (5, 1)), "dtype": (0, (1, 1)), "adaptive": (0, (6, 1.2, 1, 1.2))}
"""Of level lines: modes without ε, and those whose ε a rule chose."""
OTHER_LEVEL = (0, (6, 1.2, 1, 1.2, 1, 1.2))


def dash(dtype: str) -> Any:
    return DASHES.get(dtype, OTHER_DASH)


def level_dash(one: Series) -> Any:
    return LEVEL_DASHES.get(one.rule, OTHER_LEVEL)


def summary(rows: pd.DataFrame, x: str, value: str, share: float) -> pd.DataFrame:
    """By x, ascending: the median and the band that holds ``share`` of the finite values."""
    tails = [(1 - share) / 2, 0.5, (1 + share) / 2]
    known = rows[[x, value]].astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    if known.empty:
        return pd.DataFrame(columns=["low", "middle", "high"], dtype=float)
    found = known.groupby(x)[value].quantile(tails).unstack()
    return found.set_axis(["low", "middle", "high"], axis=1)


def line(ax: Axes, got: pd.DataFrame, x: Any = None, **look: Any) -> None:
    """A ``summary``, at other places x if they are given."""
    at = got.index.to_numpy(float) if x is None else x
    ax.fill_between(at, got["low"], got["high"], color=look["color"], alpha=0.16, linewidth=0)
    ax.plot(at, got["middle"], **look)


def curve(ax: Axes, rows: pd.DataFrame, value: str, one: Series, **look: Any) -> None:
    """One series against ε, with the middle 80 %, and its level if it has rows without ε."""
    got = summary(rows, "epsilon", value, 0.8)
    if len(got):
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
            curve(ax, part, value, one, linestyle=dash(str(dtype)), linewidth=width)


def probe_keys(rows: pd.DataFrame, shown: Iterable[Series]) -> list[Any]:
    """Legend entries of ``probed``: the series, then the precisions."""
    stepped = {one: one.rows(rows)["epsilon"].notna().any() for one in shown}
    entries = [_style.key(one.label, color=one.colour, marker=one.marker if has else "")
               for one, has in stepped.items()]  # fmt: skip
    for dtype in sorted(rows["dtype"].unique()):
        look = {"color": "#8a8a8a", "marker": "o", "linestyle": dash(dtype)}
        entries.append(_style.key(f"measured in {dtype}", **look))
    return entries


def trace(ax: Axes, rows: pd.DataFrame, value: str, **look: Any) -> None:
    """Median over seeds at each training step, and the band of their middle half."""
    got = summary(rows, "step", value, 0.5)
    if len(got):
        line(ax, got, **look)


def fit(ax: Axes, drawn: Iterable[Any]) -> None:
    """Scales for traces: a loss on its way to infinity must not flatten the others."""
    values = np.concatenate([np.asarray(part, float) for part in drawn])
    if not np.isfinite(values).any():
        ax.set_yticks([])
        ax.text(0.5, 0.5, "no finite value", transform=ax.transAxes, ha="center", va="center")
        return
    _style.scale(ax, values)
    ax.locator_params(axis="x", nbins=4)


def log_epsilon(ax: Axes, epsilons: Iterable[Any]) -> None:
    """A log axis over the steps of a panel, a tick at every second decade where there are many."""
    values = np.asarray(list(epsilons), float)
    values = values[np.isfinite(values)]
    if not len(values):
        ax.set_xticks([])
        return
    low, high = values.min(), values.max()
    ax.set_xscale("log")
    first, last = int(np.floor(np.log10(low) + 1e-9)), int(np.ceil(np.log10(high) - 1e-9))
    ax.set_xticks(10.0 ** np.arange(first, last + 1, 2 if last - first > 4 else 1))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(low / 2, high * 2)


def spread(epsilons: pd.Series, most: int) -> list[float]:
    """The values of ε, sorted; of more than ``most``, that many, evenly spread, ends included."""
    found = np.sort(epsilons.dropna().unique())
    places = np.linspace(0, len(found) - 1, min(most, len(found)))
    return found[places.round().astype(int)].tolist()
