"""What every mode scored at the values that were tried for it, and which was chosen."""

import json
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import number, words
from approxgan.figures import _axes, _labels, _layout, _series, _style

CHOSEN = {"marker": "o", "markersize": 11, "markerfacecolor": "none", "linestyle": ""}


class Tuning:
    needs = ("tuning",)
    title = "What was tried for every mode"
    caption = (
        "Median score over the selection seeds, which count nowhere else, at the values that were "
        "tried. A circle marks the choice. Where it lies at the end of a line, a better value may "
        "lie beyond. A cross at the upper edge is a value at which half of the seeds have no "
        "score. A panel's axis is the one with most values. Values of other axes stand in the "
        "names of the lines. Generators without a gradient are left out."
    )

    def draw(self, tables: Tables) -> Figure:
        tries = tables["tuning"]
        if tries.empty:
            return _style.no_data("no study tunes its modes")
        values = pd.DataFrame(list(map(json.loads, tries["values"])), index=tries.index)
        tries = tries.assign(axis=_axis(tries, values), others=_others(tries, values))
        tries["x"] = [values.at[row, axis] for row, axis in tries["axis"].items()]
        looks = _looks(tries)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,) = axes
            for label, part in rows.sort_values("x").groupby(_label(rows)):
                look = looks[str(label)]
                ax.plot("x", "score", data=part, **look)
                best, known = part[part["chosen"]], part.dropna(subset="score")
                ax.plot(best["x"], best["score"], **{**CHOSEN, "color": look["color"]})
                lost = {"color": look["color"], "transform": ax.get_xaxis_transform()}
                for x in part.loc[part["score"].isna(), "x"]:
                    ax.plot(x, 0.985, "x", clip_on=False, **lost)
                for x, y in known[["x", "score"]].tail(1).to_numpy():
                    _labels.margin(ax, x, y, str(label), look["color"])
            if all(isinstance(x, int | float) and x > 0 for x in rows["x"]):
                _axes.log(ax)
                _axes.ticks_at(ax, rows["x"])
            elif all(isinstance(x, int | float) for x in rows["x"]):
                ax.set_xticks(sorted(set(rows["x"])))
            scores = rows["score"].dropna().to_numpy(float)
            if len(scores):
                _axes.bend(ax, scores)
                _axes.hold(ax, scores)

        parts = [
            (f"{title}\n{_spoken(axis)}", part)
            for title, rows in _series.split(tries, GROUP)
            for axis, part in rows.groupby("axis")
        ]
        ink = {"color": _style.INK}
        keys = [_style.key("chosen", **CHOSEN, **ink)]
        if tries["score"].isna().any():
            keys.append(_style.key("half of the seeds failed", marker="x", linestyle="", **ink))
        height = max(2.6, *(_labels.height(_label(part).unique()) for _, part in parts))
        labels = ["median score\n(selection seeds)"]
        return _layout.panels(parts, panel, [height], ["value tried"], labels, keys, across=2)


def _spoken(axis: Any) -> str:
    return "ε" if axis == "epsilon" else words(str(axis))


def _axis(tries: pd.DataFrame, values: pd.DataFrame) -> pd.Series:
    """The axis of most values of each row's tuning."""
    own = [*GROUP, "mode", "settings"]
    counts = values.groupby([tries[key] for key in own]).transform("nunique")
    return counts.idxmax(axis=1)


def _others(tries: pd.DataFrame, values: pd.DataFrame) -> list[str]:
    """What was tried beside the axis, in words."""
    axes = _axis(tries, values)
    return [
        ", ".join(
            f"{_spoken(key)}\u00a0{value if isinstance(value, str) else number(float(value))}"
            for key, value in values.loc[row].items()
            if key != axes[row] and not pd.isna(value)
        )
        for row in tries.index
    ]


def _label(tries: pd.DataFrame) -> pd.Series:
    modes = tries["mode"].map(words)
    return modes.where(tries["others"] == "", modes + ", " + tries["others"])


def _looks(tries: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Of every line: the colour of its mode, lighter for further ones."""
    labels = _label(tries)
    found: dict[str, dict[str, Any]] = {}
    for mode, part in labels.groupby(tries["mode"]):
        for place, label in enumerate(np.unique(part)):
            look = {"color": _style.colour(str(mode), place), "marker": _style.marker(str(mode))}
            found[str(label)] = look
    return found
