"""Scores at the end of training against ε, with exact's and a perfect generator's levels."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from approxgan.figures import _epsilon, _style
from approxgan.figures._groups import Series

NULL = {"facecolor": "#e8e3d3", "edgecolor": "#b3a97c", "linewidth": 0.0, "hatch": "////"}
BAND = {"color": "#000000", "alpha": 0.13, "linewidth": 0}


def panel(ax: Axes, rows: pd.DataFrame, null: pd.DataFrame, shown: list[Series]) -> None:
    """One metric of one group: ``rows`` and ``null`` hold nothing else.

    Medians over the seeds with a finite score, bands of their middle half. A hollow marker has
    lost seeds to divergence; a cross at the upper edge has lost all.
    """
    perfect(ax, null)
    for one in shown:
        part = one.rows(rows)
        if one.mode == "exact":
            exact(ax, part)
            continue
        _epsilon.level(ax, part, "value", one, linewidth=1.5, linestyle=_epsilon.level_dash(one))
        _line(ax, part.dropna(subset="epsilon"), one)


def perfect(ax: Axes, null: pd.DataFrame) -> None:
    """What a perfect generator scores: the middle 95 % and the mean."""
    values = null["value"].dropna()
    if len(values):
        ax.axhspan(*values.quantile([0.025, 0.975]), zorder=0, **NULL)
        ax.axhline(values.mean(), color=NULL["edgecolor"], linewidth=1.0, zorder=0.5)


def exact(ax: Axes, rows: pd.DataFrame) -> None:
    """The level of the exact runs and the band of their middle half."""
    values = rows["value"].dropna().to_numpy(float)
    if not len(values):
        return
    # The same statistics as the other modes', so that equal runs lie on one line.
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    ax.axhline(middle, color=_style.colour("exact"), linewidth=1.6, zorder=3)
    ax.axhspan(low, high, zorder=1, **BAND)


def _line(ax: Axes, rows: pd.DataFrame, one: Series) -> None:
    got = _epsilon.summary(rows, "value", 0.5)
    complete = rows.groupby("epsilon")["value"].apply(lambda v: v.notna().all())
    if len(got):
        x = got.index.to_numpy(float)
        ax.fill_between(x, got["low"], got["high"], color=one.colour, alpha=0.16, linewidth=0)
        ax.plot(x, got["middle"], color=one.colour, linewidth=1.5)
        full = complete.reindex(got.index).to_numpy(bool)
        for part, face in ((full, one.colour), (~full, "white")):
            look: dict[str, Any] = {"color": one.colour, "markerfacecolor": face}
            ax.plot(x[part], got["middle"][part], linestyle="", marker=one.marker, **look)
    lost = [epsilon for epsilon in complete.index if epsilon not in got.index]
    if lost:
        height = np.full(len(lost), 0.985)
        across = ax.get_xaxis_transform()
        ax.plot(lost, height, "x", color=one.colour, transform=across, clip_on=False)


def threshold(null: pd.DataFrame) -> float:
    """Where the axis stops being linear: the power of ten above the null's spread."""
    values = np.abs(null["value"].dropna().to_numpy(float))
    values = values[values > 0]
    if not len(values):
        return 1e-3
    return float(10.0 ** np.ceil(np.log10(np.quantile(values, 0.95))))


def fit(ax: Axes, values: np.ndarray, null: pd.DataFrame, head: float = 0.0) -> None:
    """A y axis for these values and the null's, symmetrical log beyond the threshold.

    ``head`` is the share of its height that stays free above them.
    """
    bend = threshold(null)
    both = np.concatenate([values, null["value"].to_numpy(float), [0.0]])
    both = both[np.isfinite(both)]
    _style.scale(ax, both, bend)
    ends = np.array([both.min() - 0.4 * max(bend, -both.min()), max(2 * both.max(), bend)])
    to_height = ax.yaxis.get_transform()
    low, high = to_height.transform(ends)
    ax.set_ylim(*to_height.inverted().transform([low, high + head * (high - low)]))


def keys(shown: list[Series], rows: pd.DataFrame) -> list[Any]:
    """Legend entries."""
    entries: list[Any] = []
    for one in shown:
        stepped = one.rows(rows)["epsilon"].notna().any()
        look = {"marker": one.marker} if stepped else {"linestyle": _epsilon.level_dash(one)}
        if one.mode == "exact":
            look = {"linestyle": "-"}
        entries.append(_style.key(one.label, color=one.colour, **look))
    entries.append(Patch(label="exact: middle half of the seeds", **BAND))
    return [*entries, perfect_key(), *lost_keys()]


def perfect_key() -> Patch:
    with mpl.rc_context({"hatch.linewidth": 0.5}):
        return Patch(label="perfect generator (95 %)", **NULL)


def lost_keys() -> list[Any]:
    """Legend entries of cells that lost seeds to divergence."""
    hollow = {"color": _style.INK, "marker": "o", "markerfacecolor": "white", "linestyle": ""}
    cross = {"color": _style.INK, "marker": "x", "linestyle": ""}
    return [
        _style.key("some seeds diverged", **hollow),
        _style.key("all seeds diverged", **cross),
    ]
