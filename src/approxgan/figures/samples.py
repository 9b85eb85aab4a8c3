"""A tile of generated points for every mode and ε, beside the true points."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final
from approxgan.analysis.text import words
from approxgan.figures import _series, _style, _tiles

SHOWN = 500
"""Points drawn per tile: so many are still seen as points at this size."""
RUN = [*GROUP, *_series.CELL, "seed"]


class Samples:
    needs = ("samples", "data", "outcomes", "images")
    title = "Generated samples at the end of training"
    caption = (
        "Generated points (coloured) over true points (grey) at the last step, first two "
        "coordinates, first seed. A block shows one study: for each data set the one with most "
        "modes, in which all cells have the same optimiser and number of steps, and the one that "
        "gives every mode its best settings and the same budget, where there is one. A tile says "
        "how many times the budget a mode had, if it had more. A mode has at most three values of "
        "ε, evenly spread. Controls are left out. All tiles of a block have the limits of the "
        "true points. A tile says which share of its points lies outside, if this is over 1 %. "
        "Look for missing modes, for filaments between modes, and for points that have collapsed "
        "to one place. Data sets of images have a figure of their own."
    )

    def draw(self, tables: Tables) -> Figure:
        outcomes = _shown(tables)
        if outcomes.empty or tables["samples"].empty:
            return _style.no_data("the table samples or outcomes is empty")

        def block(axes: Sequence[Axes], cells: Sequence[_tiles.Cell], runs: pd.DataFrame) -> None:
            true = _tiles.true_points(tables["data"], runs["dataset"].iloc[0], SHOWN)
            samples = tables["samples"].merge(runs[RUN].drop_duplicates(), on=RUN)
            samples = _tiles.finite(final(samples))
            limits = _tiles.limits(true if len(true) else samples)
            axes[0].set(xlim=limits[0], ylim=limits[1])
            _tiles.cloud(axes[0], true, _style.INK, 3.0)
            for ax, cell in zip(axes[1:], cells, strict=True):
                points = cell.rows(samples).nsmallest(SHOWN, "index")
                diverged = cell.rows(runs)["diverged"].astype(bool).any()
                text = "diverged" if diverged else "no samples" if points.empty else ""
                _tiles.made(ax, true, points, cell, limits, text)

        runs = _tiles.first_seed(outcomes)
        blocks = [(_title(rows), _tiles.cells(rows), rows)
                  for _, rows in runs.groupby(["dataset", "budgeted", *GROUP])]  # fmt: skip
        return _tiles.tiled(blocks, "true points", block)


def _shown(tables: Tables) -> pd.DataFrame:
    """The outcomes of the groups that have a block, those with a budget marked."""
    outcomes = tables["outcomes"]
    outcomes = outcomes[~outcomes["mode"].isin(_series.CONTROLS)]
    points = outcomes[~outcomes["dataset"].isin(tables["images"]["dataset"].unique())]
    outcomes = outcomes if points.empty else points
    main = _series.main_groups(outcomes)
    best = outcomes[outcomes["budget"].notna()]
    best = best.merge(main[list(GROUP)].drop_duplicates(), "left", indicator="known")
    best = _series.main_groups(_series.compared(best[best["known"] == "left_only"]))
    return pd.concat([main.assign(budgeted=False), best.assign(budgeted=True)], ignore_index=True)


def _title(rows: pd.DataFrame) -> str:
    name = words(rows["dataset"].iloc[0])
    return f"{name}: each mode at its best, equal cost" if rows["budgeted"].all() else name
