"""Every mode at its own best settings, against the same budgets."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, primary
from approxgan.figures import _layout, _quality, _series, _spent, _style


class EqualCost:
    needs = ("quality", "training", "cost", "quality_null")
    title = "Each mode at its best, at equal cost"
    claims = ("C1", "C5")
    caption = (
        "The score that decides the claims against the evaluations of both losses (left) and "
        "processor seconds (right). A reverse pass counts as two evaluations. Every mode has its "
        "own learning rate, chosen on other seeds for its whole budget, among as many values as "
        "the other modes had. It shares the study's other settings. Lines are medians over the "
        "seeds that count, a diverged run as infinitely bad; bands are their middle half, marks "
        "snapshots. All modes have the budget at the grey line, which is on the axis that counts "
        "it. Some go on beyond it, in the shaded part. A mode whose first mark lies there has no "
        "score within the budget. Dotted black: exact's last median. Dotted grey: the generators "
        "before training. "
        "Hatched: the scores of a perfect generator. Seconds depend on the machine, the precision "
        "and the program. Where the budget is in seconds, the right axis has the seconds by which "
        "it was counted."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = primary(tables["quality"])
        quality = quality[quality["budget"].notna() & ~quality["mode"].isin(_series.CONTROLS)]
        quality = _series.compared(quality)
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("no study gives its modes a budget")
        # What a cell changes of its study's training is its budget here, which the axis shows.
        shown = _series.series(quality.assign(varied=""))

        def row(axes: list[Axes], rows: pd.DataFrame) -> None:
            _spent.row(axes, rows, tables, shown)
            own = tables["cost"].merge(rows.loc[rows["mode"] == "exact", GROUP].drop_duplicates())
            for ax, unit in zip(axes, _spent.UNITS, strict=True):
                budget = own.loc[(own["mode"] == "exact") & (own["budget_unit"] == unit), "budget"]
                if len(budget):
                    _spent.common(ax, budget.min())

        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        height = max(_spent.height(rows, shown) for _, rows in parts)
        keys = [_quality.perfect_key()]
        return _layout.panels(
            parts, row, [height], _spent.BUDGETS, labels, keys, across=2, sharey="row"
        )
