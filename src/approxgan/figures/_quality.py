"""Scores by the number that decides, beside exact's and a perfect generator's."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from approxgan.analysis.frames import GROUP
from approxgan.analysis.statistics import quantile
from approxgan.analysis.text import number, words
from approxgan.figures import _axes, _labels, _lines, _series, _style
from approxgan.figures._series import Series

NULL = {"facecolor": "#e8e3d3", "edgecolor": "#b3a97c", "linewidth": 0.0, "hatch": "////"}
BAND = {"color": "#000000", "alpha": 0.13, "linewidth": 0}
PERFECT = "perfect generator"
FAR = 10.0
"""Scores this many times as large as the perfect ones leave those out of the panel."""


def label(rows: pd.DataFrame) -> str:
    """The number of these rows, and which way it is better."""
    metric, better = rows[["metric", "better"]].iloc[0]
    return words(metric) + ("" if better == "neither" else f"\n({better} is better)")


def panel(ax: Axes, rows: pd.DataFrame, null: pd.DataFrame, shown: list[Series]) -> None:
    """One number of one group: ``rows`` and ``null`` hold nothing else. Names stand on the right.

    Medians and bands are those of ``summary``. A hollow marker has lost seeds to divergence; a
    cross at the worse edge has lost half of them.
    """
    for one in shown:
        part = one.rows(rows)
        if one.mode == "exact":
            exact(ax, part)
            _ended(ax, 1, middle(part), one, xycoords=ax.get_yaxis_transform())
            continue
        free = middle(part[part["epsilon"].isna()])
        if np.isfinite(free):
            ax.axhline(free, color=one.colour, linewidth=1.5, linestyle=one.dash)
        _ended(ax, 1, free, one, xycoords=ax.get_yaxis_transform())
        stepped = part.dropna(subset="epsilon")
        if len(stepped):
            curve(ax, stepped, "epsilon", one, one.label)
    frame([ax], null)
    if np.isfinite(mean := null["value"].mean()) and ax.get_ylim()[0] < mean < ax.get_ylim()[1]:
        where = {"xycoords": ax.get_yaxis_transform()}
        _labels.margin(ax, 1, mean, PERFECT, NULL["edgecolor"], **where)


def _ended(ax: Axes, x: float, y: float, one: Series, **look: Any) -> None:
    if np.isfinite(y):
        _labels.margin(ax, x, y, one.label, one.colour, **look)


def perfect(ax: Axes, null: pd.DataFrame) -> None:
    """What a perfect generator scores: the middle 95 % and the mean."""
    values = null["value"].dropna()
    if len(values):
        ax.axhspan(*values.quantile([0.025, 0.975]), zorder=0, **NULL)
        ax.axhline(values.mean(), color=NULL["edgecolor"], linewidth=1.0, zorder=0.5)


def exact(ax: Axes, rows: pd.DataFrame) -> None:
    """The level of the exact runs and the band of their middle half."""
    got = summary(rows.assign(all=0), "all")
    for low, level, high, _ in got[np.isfinite(got["middle"])].to_numpy(float):
        ax.axhline(level, color=_style.INK, linewidth=1.6, zorder=3)
        ax.axhspan(low, high, zorder=1, **BAND)


def middle(rows: pd.DataFrame) -> float:
    """The median of the scores; infinite where half are lost, missing without any."""
    return float(summary(rows.assign(all=0), "all")["middle"].median())


def summary(rows: pd.DataFrame, x: str) -> pd.DataFrame:
    """By x, ascending: the median, the band of the middle half, and whether no run is ``lost``.

    A diverged run has no score. It counts as infinitely bad: without it, a median would get better
    when a bad run ends. The median is infinite where half of the runs are lost, and a band ends
    at the worst score that is known.
    """
    worst = -np.inf if (rows["better"] == "higher").any() else np.inf
    scores = rows["value"].astype(float).fillna(worst).replace([np.inf, -np.inf], worst)
    found = {}
    for place, values in scores.groupby(rows[x]):
        known = values[np.isfinite(values)]
        ends = [float(quantile(values.to_numpy(), share)) for share in (0.25, 0.5, 0.75)]
        low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
        band = np.clip([ends[0], ends[2]], low, high)
        found[place] = {"low": band[0], "middle": ends[1], "high": band[1],
                        "whole": len(known) == len(values)}  # fmt: skip
    frame = pd.DataFrame.from_dict(found, "index", columns=["low", "middle", "high", "whole"])
    return frame.astype({"low": float, "middle": float, "high": float, "whole": bool})


def curve(ax: Axes, rows: pd.DataFrame, x: str, one: Series, name: str, **look: Any) -> None:
    """The ``summary`` of a series by x, with its name on the right."""
    found = summary(rows, x)
    got = found[np.isfinite(found["middle"])]
    _lines.line(ax, got, color=one.colour, **{"linewidth": 1.5, **look})
    points(ax, got.index.to_numpy(), got["middle"].to_numpy(), got["whole"].to_numpy(), one)
    gone = found.index.difference(got.index)
    lost(ax, gone, rows, one)
    if len(gone) and gone[-1] == found.index[-1]:
        where = {"xycoords": ax.get_xaxis_transform()}
        _labels.margin(ax, gone[-1], worst(rows), name, one.colour, **where)
    elif len(got):
        _labels.margin(ax, got.index[-1], got["middle"].iloc[-1], name, one.colour)


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
        height = np.full(len(places), worst(rows))
        look = {"color": one.colour, "transform": ax.get_xaxis_transform(), "clip_on": False}
        ax.plot(places, height, "x", **look)


def worst(rows: pd.DataFrame) -> float:
    """The height of the edge on the worse side, in heights of the panel."""
    return 0.015 if (rows["better"] == "higher").any() else 0.985


def frame(axes: Sequence[Axes], null: pd.DataFrame, head: float = 0.0) -> None:
    """One y axis for what these panels show, and the scores of a perfect generator.

    It is symmetrical log beyond the spread of the perfect scores. Perfect scores that are far from
    all others are named in words. ``head`` is the share of the axis that stays free above.
    """
    known = np.concatenate([ax.dataLim.intervaly for ax in axes])
    known = known[np.isfinite(known)]
    for ax in axes:
        perfect(ax, null)
    best = null["value"].dropna().to_numpy(float)
    bend = _bend(best)
    if len(known) and len(best) and known.min() > max(FAR * bend, 0.2 * known.max()):
        text = f"{PERFECT}: {number(float(f'{best.mean():.1g}'))}"
        axes[0].text(0.02, 0.03, text, transform=axes[0].transAxes, va="bottom")
        room = max(np.ptp(known), 0.02 * known.max())
        axes[0].set_ylim(known.min() - 0.35 * room, known.max() + (0.1 + head) * room)
        return
    both = np.concatenate([known, best, [0.0]])
    _axes.bend(axes[0], both, bend)
    to_height = axes[0].yaxis.get_transform()
    low, high = to_height.transform(np.array([both.min(), max(both.max(), bend)]))
    room = np.array([low - 0.06 * (high - low), high + (0.06 + head) * (high - low)])
    axes[0].set_ylim(*to_height.inverted().transform(room))


def _bend(perfect: np.ndarray) -> float:
    """Where the axis stops being linear: the power of ten above the perfect scores."""
    sizes = np.abs(perfect[perfect != 0])
    return float(10.0 ** np.ceil(np.log10(np.quantile(sizes, 0.95)))) if len(sizes) else 1e-3


def keys(rows: pd.DataFrame) -> list[Any]:
    """Legend entries of ``panel``: of the marks that it has, and nothing has a name beside it."""
    entries: list[Any] = [Patch(label="exact: middle half of the seeds", **BAND)]
    cells = [rows[key] for key in (*GROUP, *_series.CELL)]
    share = rows["value"].notna().groupby(cells, dropna=False).mean()
    some, half = lost_keys()
    entries += [some] if share.between(0.5, 1, inclusive="neither").any() else []
    return entries + ([half] if (share <= 0.5).any() else [])


def perfect_key() -> Patch:
    with mpl.rc_context({"hatch.linewidth": 0.5}):
        return Patch(label="perfect generator (95 %)", **NULL)


def lost_keys(most: str = "half of the seeds diverged") -> list[Line2D]:
    """Legend entries of cells that lost seeds to divergence."""
    look = {"color": _style.INK, "linestyle": ""}
    return [
        _style.key("some seeds diverged", marker="o", markerfacecolor="white", **look),
        _style.key(most, marker="x", **look),
    ]
