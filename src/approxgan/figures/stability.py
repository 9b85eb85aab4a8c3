"""Counts of diverged and vanished runs, mode by ε, for every group that has some."""

import textwrap
from collections.abc import Iterator

import matplotlib as mpl
import pandas as pd
from matplotlib import colors
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from approxgan.analysis import statistics
from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import listed
from approxgan.figures import _series, _style, _table

KINDS = {"diverged": "runs that diverged", "vanished": "runs whose gradient vanished"}


class Stability:
    needs = ("outcomes",)
    title = "Stability"
    caption = (
        "Runs that diverged (a loss or parameter became non-finite or too large) and runs whose "
        "gradient vanished (a norm stayed under the threshold for the set stretch), by mode and ε. "
        "Numbers count failed runs, colours show their share of the seeds. Pale cells had no "
        "failure, empty cells were not run. The first column holds modes without ε and modes whose "
        "ε a rule chose. The figure shows groups with a failure, and at most 7 values of ε, evenly "
        "spread. The line below counts the groups without failure, and gives the highest rate of "
        "failure that a cell without failure may still have (Wilson's 95 % interval)."
    )

    def draw(self, tables: Tables) -> Figure:
        outcomes = tables["outcomes"].astype(dict.fromkeys(KINDS, bool))
        if outcomes.empty:
            return _style.no_data("the table outcomes is empty")
        found = [table for kind in KINDS for table in _failed(outcomes, kind)]
        note = _note(outcomes)
        if not found:
            figure = _style.new(_style.WIDTH, 0.9)
            figure.text(0.5, 0.5, note, ha="center", va="center")
            return figure
        scale = ScalarMappable(colors.Normalize(0, 100), mpl.colormaps["YlOrRd"])
        label = textwrap.fill(f"share of seeds (%). {note}", 70)
        return _table.tables(found, outcomes["epsilon"], scale, label)


def _failed(outcomes: pd.DataFrame, kind: str) -> Iterator[_table.Table]:
    """The groups in which a run failed so."""
    failed = outcomes.groupby(list(GROUP))[kind].transform("any")
    for title, rows in _series.split(outcomes[failed], GROUP):
        found = []
        for one in _series.series(rows):
            counts = one.rows(rows).groupby("epsilon", dropna=False)[kind].agg(["sum", "size"])
            cells = [_table.Cell(epsilon, 100 * n / size, [(str(n), False)] if n else [])
                     for epsilon, n, size in counts.astype(int).itertuples()]  # fmt: skip
            found.append((one.label, cells))
        yield f"{title.replace(chr(10), ' · ')}: {KINDS[kind]}", found


def _note(outcomes: pd.DataFrame) -> str:
    groups = outcomes.groupby(list(GROUP))[list(KINDS)].any().any(axis=1)
    sizes = outcomes.groupby([*GROUP, *_series.CELL], dropna=False).size()
    bounds = [f"{100 * statistics.wilson(0, int(n), 0.95).high:.0f} % ({n} seeds)"
              for n in sorted(set(sizes))[-3:]]  # fmt: skip
    return (
        f"{(~groups).sum()} of {len(groups)} groups had no failure. A cell without failure may "
        f"still have a rate of up to {listed(bounds)}."
    )
