"""Cells that lost runs: how many diverged, in how many the gradient vanished."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis import statistics
from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import listed, number
from approxgan.figures import _series, _style

KINDS = {
    "diverged": ("diverged", "#b2182b", "o"),
    "vanished": ("gradient vanished", "#2166ac", "D"),
}
MOST = 40
"""Cells that have a line, at most; captions say so."""
LINE = 0.24
"""Inches; of a line."""


class Stability:
    needs = ("outcomes",)
    title = "Runs that failed"
    claims = ("C2", "C4")
    caption = (
        "One line per cell (a mode, an ε, a study) in which a run failed: the share of its seeds, "
        "and Wilson's 95 % interval of the rate. Diverged: a loss or a parameter became "
        "non-finite or too large. Gradient vanished: its norm stayed under the threshold for the "
        "set stretch. Generators without a gradient are left out. Learning rates that are meant "
        "to fail are here. At most 40 cells have a line: those with the most failures. The words "
        "below count the cells without failure, and say how often such a cell may still fail."
    )

    def draw(self, tables: Tables) -> Figure:
        outcomes = tables["outcomes"].astype(dict.fromkeys(KINDS, bool))
        if outcomes.empty:
            return _style.no_data("the table outcomes is empty")
        cells = counted(outcomes)
        failed = cells[cells["failed"] > 0]
        note = _note(cells)
        if failed.empty:
            figure = _style.new(_style.WIDTH, 0.9)
            figure.text(0.5, 0.5, note, ha="center", va="center")
            return figure
        kept = failed.nlargest(MOST, "share", keep="first").sort_index()
        figure = _style.new(_style.WIDTH, LINE * (len(kept) + kept["group"].nunique()) + 1.5)
        _lines(figure.subplots(), kept)
        kinds = [_style.key(name, color=colour, marker=marker, linestyle="-")
                 for name, colour, marker in KINDS.values()]  # fmt: skip
        figure.axes[0].set_xlabel(f"share of the seeds (%)\n\n{textwrap.fill(note, 68)}")
        _style.legend(figure, kinds)
        return figure


def counted(outcomes: pd.DataFrame) -> pd.DataFrame:
    """group, cell, kind, failed, seeds and share: a row for each cell and kind of failure."""
    found = []
    for title, rows in _series.split(outcomes, GROUP):
        for one in _series.series(rows):
            for epsilon, own in one.rows(rows).groupby("epsilon", dropna=False):
                name = one.label if pd.isna(epsilon) else f"{one.label}, ε = {number(epsilon)}"
                found += [(title.replace("\n", " · "), name, kind, int(own[kind].sum()), len(own))
                          for kind in KINDS]  # fmt: skip
    frame = pd.DataFrame(found, columns=["group", "cell", "kind", "failed", "seeds"])
    return frame.assign(share=frame["failed"] / frame["seeds"])


def _lines(ax: Axes, failed: pd.DataFrame) -> None:
    ticks, names = [], []
    place = 0
    for group, rows in failed.groupby("group", sort=False):
        names.append(str(group))
        ticks.append(place)
        for row in rows.to_dict("records"):
            place += 1
            _, colour, marker = KINDS[row["kind"]]
            interval = statistics.wilson(row["failed"], row["seeds"], 0.95)
            ends = [100 * interval.low, 100 * interval.high]
            ax.plot(ends, [place, place], color=colour, linewidth=1.6)
            ax.plot(100 * row["share"], place, color=colour, marker=marker, markersize=6)
            text = f"{row['failed']} of {row['seeds']}"
            ax.text(103, place, text, va="center", clip_on=False)
            names.append(row["cell"].replace("learning rate", "rate"))
            ticks.append(place)
        place += 1
    _style.dress(ax)
    ax.set(xlim=(-1.5, 101.5), ylim=(place - 0.3, -0.7))
    ax.set_yticks(ticks, names)
    groups = set(failed["group"])
    for label, name in zip(ax.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if name in groups else "normal")
    ax.tick_params(axis="y", length=0)


def _note(cells: pd.DataFrame) -> str:
    whole = cells.groupby(["group", "cell"]).agg({"failed": "sum", "seeds": "max"})
    counts = sorted(set(whole.loc[whole["failed"] == 0, "seeds"]))
    bounds = [f"{100 * statistics.wilson(0, int(n), 0.95).high:.0f} % ({n} seeds)"
              for n in dict.fromkeys([*counts[:1], *counts[-1:]])]  # fmt: skip
    return (
        f"{(whole['failed'] == 0).sum()} of {len(whole)} cells had no failure. "
        f"Such a cell may still have a rate of up to {listed(bounds, 'or')}."
    )
