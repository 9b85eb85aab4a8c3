"""The paired difference to exact of every cell in the number that decides, and its interval."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import number, words
from approxgan.figures import _series, _style

VERDICTS = {"worse": "#b2182b", "better": "#2166ac", "same": "#1a7a3c", "undecided": "#8a8a8a"}
LINE = 0.205
"""Inches; of a line."""
TICKS = (-10, -3, -1, 0, 1, 3, 10)


class Effects:
    needs = ("comparisons", "outcomes")
    title = "Difference to exact, cell by cell"
    claims = ("C3", "C6")
    caption = (
        "The score that decides the claims, at the last step: the mean difference to the exact "
        "runs of the same seeds, in standard deviations of exact over seeds, and its interval. A "
        "line is a cell: a mode, its ε and its study. Each run's difference is capped (at 10 in "
        "the default config), and a diverged run counts as the cap: a mark at 10 means that all "
        "runs are far worse. Colours are verdicts. Red and blue: the whole interval lies beyond "
        "the equivalence margin, and the effect beyond the noise floor. Green: the difference is "
        "within the margin. Grey: undecided (the interval is too wide, the seeds are too few, or "
        "no control measured the noise floor). Cells that have another budget than exact say so. "
        "Cells with another learning rate than their study have a figure of their own. The axis "
        "is linear between −1 and 1 and logarithmic beyond."
    )

    def draw(self, tables: Tables) -> Figure:
        rows = tables["comparisons"]
        rows = rows[(rows["family"] == "primary") & rows["difference_sds"].notna()]
        cells = _cells(rows, tables["outcomes"])
        if not cells:
            return _style.no_data("the table comparisons holds no difference in the primary score")
        lines = sum(1 + len(own) for _, own in cells)
        figure = _style.new(9.0, LINE * (lines + 1) + 0.5)
        ax = figure.subplots()
        _column(ax, cells)
        ax.set_xlabel(f"difference in {words(rows['metric'].iloc[0])} (exact's sd over seeds)")
        keys = [_style.key(name, color=colour, marker="o") for name, colour in VERDICTS.items()]
        _style.legend(figure, keys)
        return figure


Part = tuple[str, list[tuple[str, dict[str, Any]]]]
"""A group's title, and its cells: their names and rows of the table."""


def _cells(rows: pd.DataFrame, outcomes: pd.DataFrame) -> list[Part]:
    """Those of every group, without learning rates that are not their study's."""
    found = []
    for title, own in _series.split(rows, GROUP):
        # The runs have what names a series; the comparisons have not.
        runs = outcomes.merge(own[[*GROUP, "mode"]].drop_duplicates())
        cells = []
        for one in _series.series(runs.assign(varied="")):
            ran = one.rows(runs)
            varied = "learning_rate" in ran["varied"].iloc[0] and ran["tuned"].iloc[0] == ""
            for row in one.rows(own).to_dict("records") if not varied else []:
                name = one.named([row["epsilon"]])
                cells.append((name + _beyond(ran, outcomes), row))
        if cells:
            found.append((title.replace("\n", " · "), cells))
    return found


def _beyond(runs: pd.DataFrame, outcomes: pd.DataFrame) -> str:
    """How many times exact's budget these runs may spend, in words."""
    exact = outcomes.merge(runs[list(GROUP)].drop_duplicates())
    share = runs["budget"].max() / exact.loc[exact["mode"] == "exact", "budget"].min()
    return f", {number(share)} × budget" if share > 1.01 else ""


def _column(ax: Axes, parts: list[Part]) -> None:
    names, bold, place = [], set(), 0
    for title, cells in parts:
        bold.add(place)
        names.append(title)
        for name, row in cells:
            place += 1
            names.append(name)
            colour = VERDICTS.get(row["verdict"], _style.GREY)
            effect, low, high = (float(row[key]) for key in ("difference_sds", "low", "high"))
            ax.plot([low, high], [place, place], color=colour, linewidth=1.8)
            ax.plot(effect, place, "o", color=colour, markersize=5)
            text = f"{signed(effect)} [{signed(low)}, {signed(high)}]"
            ax.text(1.02, place, text, transform=ax.get_yaxis_transform(), va="center")
        place += 1
    _style.dress(ax)
    ax.axvline(0, color=_style.INK, linewidth=0.9, zorder=1)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xticks(TICKS, [str(tick).replace("-", "−") for tick in TICKS])
    ax.minorticks_off()
    edge = [math.copysign(max(12.0, 1.2 * abs(x)), x) for x in ax.dataLim.intervalx]
    ax.set(xlim=(min(edge[0], -12.0), max(edge[1], 12.0)), ylim=(place - 0.4, -0.6))
    ax.set_yticks(range(len(names)), names)
    for k, label in enumerate(ax.get_yticklabels()):
        label.set_fontweight("bold" if k in bold else "normal")
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")


def signed(value: float) -> str:
    """Two digits; from 10 on whole numbers, under 0.1 one digit."""
    places = 0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.095 else 2
    return "0" if abs(value) < 0.005 else f"{value:+.{places}f}".replace("-", "−")
