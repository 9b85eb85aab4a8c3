"""Scores by the number that decides, beside exact's and a perfect generator's."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from approxgan.analysis.text import number, words
from approxgan.figures import _axes, _lines, _style
from approxgan.figures._series import Series

NULL = {"facecolor": "#e8e3d3", "edgecolor": "#b3a97c", "linewidth": 0.0, "hatch": "////"}
BAND = {"color": "#000000", "alpha": 0.13, "linewidth": 0}
FAR = 10.0
"""Scores this many times as large as the perfect ones leave those out of the panel."""


def label(rows: pd.DataFrame) -> str:
    """The number of these rows, and which way it is better."""
    metric, better = rows[["metric", "better"]].iloc[0]
    return words(metric) + ("" if better == "neither" else f"\n({better} is better)")


def panel(ax: Axes, rows: pd.DataFrame, null: pd.DataFrame, shown: list[Series]) -> None:
    """One number of one group: ``rows`` and ``null`` hold nothing else.

    Medians over the seeds with a finite score, bands of their middle half. A hollow marker has
    lost seeds to divergence; a cross at the worse edge has lost all.
    """
    perfect(ax, null)
    for one in shown:
        part = one.rows(rows)
        if one.mode == "exact":
            exact(ax, part)
            continue
        _lines.level(ax, part, "value", one, linewidth=1.5, linestyle=one.dash)
        _line(ax, part.dropna(subset="epsilon"), one)


def perfect(ax: Axes, null: pd.DataFrame) -> None:
    """What a perfect generator scores: the middle 95 % and the mean."""
    values = null["value"].dropna()
    if len(values):
        ax.axhspan(*values.quantile([0.025, 0.975]), zorder=0, **NULL)
        ax.axhline(values.mean(), color=NULL["edgecolor"], linewidth=1.0, zorder=0.5)


def exact(ax: Axes, rows: pd.DataFrame) -> None:
    """The level of the exact runs and the band of their middle half."""
    low, middle, high = rows["value"].quantile([0.25, 0.5, 0.75])
    if not np.isnan(middle):
        ax.axhline(middle, color=_style.INK, linewidth=1.6, zorder=3)
        ax.axhspan(low, high, zorder=1, **BAND)


def _line(ax: Axes, rows: pd.DataFrame, one: Series) -> None:
    got = _lines.summary(rows, "epsilon", "value", 0.5)
    _lines.line(ax, got, color=one.colour, linewidth=1.5)
    complete = rows["value"].notna().groupby(rows["epsilon"]).all()
    full = complete.reindex(got.index).to_numpy(bool)
    points(ax, got.index.to_numpy(), got["middle"].to_numpy(), full, one)
    lost(ax, complete.index.difference(got.index), rows, one)


def points(
    ax: Axes, x: np.ndarray, y: np.ndarray, full: np.ndarray, one: Series, **look: Any
) -> None:
    """Markers, hollow where not ``full``."""
    for part, face in ((full, one.colour), (~full, "white")):
        ax.plot(x[part], y[part], linestyle="", marker=one.marker, color=one.colour,
                markerfacecolor=face, **look)  # fmt: skip


def lost(ax: Axes, places: Any, rows: pd.DataFrame, one: Series) -> None:
    """Crosses at the edge on the worse side."""
    if len(places):
        height = np.full(len(places), 0.015 if (rows["better"] == "higher").any() else 0.985)
        look = {"color": one.colour, "transform": ax.get_xaxis_transform(), "clip_on": False}
        ax.plot(places, height, "x", **look)


def fit(ax: Axes, values: Any, null: pd.DataFrame, head: float = 0.0) -> None:
    """A y axis for these values and the null's, symmetrical log beyond the null's spread.

    A null that is far from all values is named in words. ``head`` is the share of the axis that
    stays free above the values.
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    perfect = null["value"].dropna().to_numpy(float)
    bend = _bend(perfect)
    if len(known) and len(perfect) and known.min() > max(FAR * bend, 0.2 * known.max()):
        text = f"perfect generator: {number(float(f'{perfect.mean():.1g}'))}"
        ax.text(0.02, 0.03, text, transform=ax.transAxes, va="bottom")
        room = max(np.ptp(known), 0.02 * known.max())
        ax.set_ylim(known.min() - 0.35 * room, known.max() + (0.1 + head) * room)
        return
    both = np.concatenate([known, perfect, [0.0]])
    _axes.bend(ax, both, bend)
    ends = np.array([both.min() - 0.4 * max(bend, -both.min()), max(2 * both.max(), bend)])
    if ax.get_yscale() == "linear":
        ends = np.array([both.min(), both.max()]) + 0.06 * np.ptp(both) * np.array([-1, 1])
    to_height = ax.yaxis.get_transform()
    low, high = to_height.transform(ends)
    ax.set_ylim(*to_height.inverted().transform([low, high + head * (high - low)]))


def _bend(perfect: np.ndarray) -> float:
    """Where the axis stops being linear: the power of ten above the perfect scores."""
    sizes = np.abs(perfect[perfect != 0])
    return float(10.0 ** np.ceil(np.log10(np.quantile(sizes, 0.95)))) if len(sizes) else 1e-3


def keys(shown: list[Series], rows: pd.DataFrame) -> list[Any]:
    """Legend entries of ``panel``."""
    entries: list[Any] = []
    for one in shown:
        stepped = one.rows(rows)["epsilon"].notna().any()
        entries.append(one.key() if stepped else one.key(marker="", linestyle=one.dash))
    entries.append(Patch(label="exact: middle half of the seeds", **BAND))
    return [*entries, perfect_key(), *lost_keys()]


def perfect_key() -> Patch:
    with mpl.rc_context({"hatch.linewidth": 0.5}):
        return Patch(label="perfect generator (95 %)", **NULL)


def lost_keys(most: str = "all seeds diverged") -> list[Line2D]:
    """Legend entries of cells that lost seeds to divergence."""
    look = {"color": _style.INK, "linestyle": ""}
    return [
        _style.key("some seeds diverged", marker="o", markerfacecolor="white", **look),
        _style.key(most, marker="x", **look),
    ]
