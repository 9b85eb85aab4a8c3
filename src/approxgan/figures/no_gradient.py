"""Where no gradient exists: errors against ε, and distances to the truth against calls."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, LogLocator

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import number, words
from approxgan.figures import _axes, _labels, _style

KINDS = {
    "smooth": ("smooth, common draws: flat", 0.0, "#009e73"),
    "common": ("steps, common draws: 1/√ε", -0.5, "#0072b2"),
    "fresh": ("fresh draws: 1/ε", -1.0, "#d55e00"),
}
"""Of losses: in words with the law, the slope that theory expects of the error, and a colour."""
LAW = {"color": _style.INK, "linewidth": 1.0, "linestyle": (0, (4, 2)), "zorder": 1.5}
FRESH, STATED, OUTPUT = (0, (3, 1.5)), (0, (1, 1)), 3.2
"""The dashes of fresh draws and of an ε that was not chosen; the width of differences at the
output."""
LEAST, ACROSS = 3.0, 2
DRAWN = ("forward_difference", "avo")
"""Of the laws: those of two-sided differences lie beside those of one-sided ones."""


class NoGradient:
    needs = ("no_gradient", "noise_laws", "gradient_error")
    title = "Error and distance to the truth without a gradient"
    claims = ("C7",)
    caption = (
        "First panel: the root mean square error of one estimate of the generator's gradient, ÷ "
        "the length of the expected gradient, at equal numbers of simulated samples. A line is a "
        "mode on one data set. Dashed: theory, through the measurement at the least ε. A smooth "
        "loss allows a small ε. A generator that counts, rounds or writes letters gives the loss "
        "steps, and a difference sees few of them: the error grows as 1/√ε with the same draws on "
        "both sides, and as 1/ε with fresh ones. Other panels: the distance to the truth against "
        "the simulated samples that were spent, those for the discriminator too. Every mode has "
        "an ε or a learning rate of its own, chosen on other seeds for its whole budget. Lines "
        "are geometric means over seeds, bands 95 % intervals. Dashed: fresh draws. Dotted: an ε "
        "that was not chosen. Thick: differences at the output of the generator's network, sample "
        "by sample; all others are at its parameters. Without marks: modes that know more of the "
        "generator than its samples."
    )

    def draw(self, tables: Tables) -> Figure:
        reached, laws = tables["no_gradient"], tables["noise_laws"]
        blind = reached[~reached["is_smooth"].astype(bool)]
        parts = [(words(key[1]), rows) for key, rows in blind.groupby(list(GROUP))]
        panels = [("", laws), *parts] if len(laws) else parts
        if not panels:
            return _style.no_data("no study has a generator without a gradient")
        heights = [max(LEAST, _labels.height(_names(rows, title))) for title, rows in panels]
        down = -(-len(panels) // ACROSS)
        ratios = [max(heights[k * ACROSS : (k + 1) * ACROSS]) + 0.8 for k in range(down)]
        figure = _style.new(_style.WIDTH, sum(ratios))
        axes = figure.subplots(down, ACROSS, squeeze=False, height_ratios=ratios).ravel()
        keys: dict[str, Any] = {}
        for ax, (title, rows) in zip(axes, panels, strict=False):
            if title:
                _distances(ax, title, rows)
            else:
                keys = _errors(ax, rows, tables["gradient_error"])
            _style.dress(ax)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        _style.legend(figure, list(keys.values()))
        return figure


def _names(rows: pd.DataFrame, title: str) -> list[str]:
    """What will stand in a panel's margin."""
    return [name for name, *_ in _ways(rows)] if title else [told for told, *_ in KINDS.values()]


def _errors(ax: Axes, laws: pd.DataFrame, errors: pd.DataFrame) -> dict[str, Any]:
    """A line a law at the parameters, scaled to as many samples as the dearest takes; its keys."""
    laws = laws[(laws["at"] != "output") & laws["mode"].isin(DRAWN)]
    calls = float(laws["calls"].max())
    keys: dict[str, Any] = {}
    ends: dict[str, list[tuple[float, float]]] = {}
    errors = errors[errors["player"] == "generator"]
    for one in laws.to_dict("records"):
        # A proposal's noise is fresh from sample to sample.
        fresh = one["noise"] != "common"
        kind = "fresh" if fresh else "smooth" if one["is_smooth"] else "common"
        _, power, colour = KINDS[kind]
        own = [*PROBE_GROUP, "mode", "own_settings"]
        rows = errors[(errors[own] == [one[key] for key in own]).all(axis=1)]
        squared = (rows["bias_squared"] + rows["variance"]).groupby(rows["epsilon"]).mean()
        height = np.sqrt(squared * one["calls"] / calls)
        marker = _style.marker(one["mode"])
        ax.plot(height.index, height, color=colour, marker=marker, markersize=4)
        ax.plot(height.index, height.iloc[0] * (height.index / height.index[0]) ** power, **LAW)
        ends.setdefault(kind, []).append((height.index[-1], height.iloc[-1]))
        look = {"color": _style.GREY, "linestyle": "", "marker": marker}
        keys[one["mode"]] = _style.key(words(one["mode"]), **look)
    _axes.log(ax)
    _axes.log(ax, "y")
    for kind, (told, _, colour) in KINDS.items():
        for end in sorted(ends.get(kind, []), key=lambda end: end[1])[-1:]:
            _labels.margin(ax, *end, told, colour)
    ax.set(xlabel="ε (parameter units)", ylabel="relative error")
    ax.set_title(f"error of one estimate,\n{number(calls)} samples")
    return {**keys, "": _style.key("theory", **LAW)}


def _distances(ax: Axes, title: str, rows: pd.DataFrame) -> None:
    """A line a way to train."""
    for name, own, look in _ways(rows):
        x, ends = own["calls"].to_numpy(float), own[["low", "high"]].to_numpy(float).T
        ax.fill_between(x, *ends, color=look["color"], alpha=0.12, linewidth=0)
        ax.plot(x, own["distance"], markersize=4, **look)
        _labels.margin(ax, x[-1], own["distance"].iloc[-1], name, look["color"])
    _axes.log(ax)
    ends = np.log10(rows["calls"].astype(float).agg(["min", "max"]))
    if np.floor(ends.iloc[1]) > np.ceil(ends.iloc[0]):
        # Whole decades: numbers between them would touch.
        ax.xaxis.set_major_locator(LogLocator())
        ax.xaxis.set_major_formatter(LogFormatterMathtext())
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    _axes.log(ax, "y")
    ax.set(xlabel="simulated samples", ylabel=words(rows["metric"].iloc[0]))
    size = rows["dimension"].iloc[0]
    ax.set_title(f"{title},\n{number(size)} parameter{'s' if size != 1 else ''}")


def _ways(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """(name, rows by calls, look) of every way to train."""
    kinds = ["mode", "noise", "at", "needs", "is_tuned"]
    least = float(rows["budget"].min())
    for name, part in rows.groupby([*kinds, "budget"], dropna=False):
        mode, noise, at, needs, tuned, budget = name
        own = part.sort_values("calls").drop_duplicates("calls")
        alike = (rows[kinds] == own[kinds].iloc[0]).all(axis=1)
        several = rows.loc[alike, "budget"].nunique() > 1 and budget > least
        # An ε that was not chosen is named: there may be another.
        stated = not tuned and not np.isnan(own["epsilon"].iloc[0])
        parts = [
            "fresh draws" if noise == "fresh" else "",
            "at the output" if at == "output" else "",
            f"ε = {number(own['epsilon'].iloc[0])}" if stated else "",
            f"{number(budget / least)} × the budget" if several else "",
        ]
        look = {
            "color": _style.colour(mode),
            "linestyle": FRESH if noise == "fresh" else STATED if stated else "-",
            "linewidth": OUTPUT if at == "output" else 1.4,
            "marker": "" if needs else _style.marker(mode),
        }
        yield ", ".join(filter(None, [words(mode), *parts])), own, look
