"""Scales that several figures share: ticks that stay apart, and axes that bend around zero."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from approxgan.analysis.text import number
from approxgan.figures import _style

Which = Literal["x", "y"]


def log(ax: Axes, which: Which = "x") -> None:
    """A logarithmic axis with few ticks: between the decades where there are hardly two."""
    ax.set(**{f"{which}scale": "log"})
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = axis.get_view_interval()
    axis.set_minor_locator(NullLocator())
    if np.log10(high / low) < 1.7:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axis.set_major_locator(LogLocator(numticks=6))


def ticks_at(ax: Axes, values: Iterable[Any], apart: float = 0.19) -> None:
    """Ticks of a logarithmic x axis at few values, and limits that leave room for their marks.

    Names nearer than ``apart``, a share of the axis, would touch.
    """
    found = sorted({float(value) for value in values})
    span, ticks = np.log(found[-1] / found[0]), found[:1]
    for value in found[1:]:
        if np.log(value / ticks[-1]) > apart * span:
            ticks.append(value)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    room = (found[-1] / found[0]) ** 0.06 if len(found) > 1 else 2.0
    ax.set_xlim(found[0] / room, found[-1] * room)


def log_epsilon(ax: Axes, epsilons: Iterable[Any]) -> None:
    """A log axis over the steps of a panel, a tick at every second decade where there are many."""
    values = np.asarray(list(epsilons), float)
    values = values[np.isfinite(values)]
    if not len(values):
        ax.set_xticks([])
        return
    low, high = values.min(), values.max()
    decades = np.arange(np.floor(np.log10(low) + 1e-9), np.ceil(np.log10(high) - 1e-9) + 1)
    ax.set_xscale("log")
    ax.set_xticks(10.0 ** decades[:: 2 if len(decades) > 5 else 1])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(low / 2, high * 2)


def cosine(ax: Axes, which: Which, least: float) -> None:
    """From the least cosine to 1: linear up to 0.01, logarithmic above."""
    (ax.set_xscale if which == "x" else ax.set_yscale)("symlog", linthresh=0.01, linscale=0.5)
    axis = ax.xaxis if which == "x" else ax.yaxis
    low = least / 1.6 if least > 0 else min(1.5 * least, -0.005)
    ticks = [tick for tick in (-0.01, 0.0, 0.01, 0.1, 1.0) if tick > low]
    axis.set_ticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    axis.set_minor_locator(NullLocator())
    ax.set(**{f"{which}lim": (low, 1.5)})


def bend(ax: Axes, values: np.ndarray, threshold: float | None = None) -> None:
    """A y scale that shows all of the values: linear, or symmetrical log beyond ±threshold.

    Without a threshold the scale is linear if the values span less than two decades around
    their median size.
    """
    values = values[np.isfinite(values)]
    sizes = np.abs(values[values != 0])
    if not len(sizes):
        return
    if threshold is None:
        middle = float(np.median(sizes))
        if sizes.max() < 30 * middle:
            return
        threshold = 10.0 ** np.ceil(np.log10(middle))
    # Two ticks to a decade would overlap near zero; at most six decades get a tick.
    decades = np.log10(max(sizes.max(), threshold) / threshold)
    ax.set_yscale("symlog", linthresh=threshold, linscale=0.6)
    powers = threshold * 10.0 ** np.arange(0, np.ceil(decades) + 1, max(1, np.ceil(decades / 5)))
    if decades < 1.5:
        powers = np.outer(powers, [1.0, 2.0, 5.0]).ravel()
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    ticks = np.concatenate([-powers[::-1], [0.0], powers])
    low, high = 1.5 * min(values.min(), 0.0), 1.5 * max(values.max(), 0.0)
    ax.set_yticks(ticks[(ticks >= low) & (ticks <= high)])
    ax.yaxis.set_minor_locator(NullLocator())
    hold(ax, values)


def hold(ax: Axes, values: np.ndarray) -> None:
    """A y axis that ends a little beyond these values."""
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(np.array([values.min(), values.max()], float))
    room = 0.06 * (high - low) or 0.5
    ax.set_ylim(*scale.inverted().transform(np.array([low - room, high + room])))


def traces(ax: Axes) -> None:
    """Scales for what a panel shows by step: a loss on its way to infinity flattens no other."""
    values = ax.dataLim.intervaly
    if not np.isfinite(values).all():
        ax.set_yticks([])
        _style.note(ax, "no finite value")
        return
    drawn = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    bend(ax, np.concatenate([values, *drawn]))
    ax.locator_params(axis="x", nbins=4)
