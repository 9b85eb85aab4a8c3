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
    caption = (
        "The score that decides the claims against the evaluations of both losses, and against "
        "processor seconds. A reverse pass counts as two evaluations. Every mode has its own "
        "learning rate, chosen on other seeds among as many values as the other modes had. Lines "
        "are medians over the seeds that count, bands their middle half. Read across: how much "
        "more a mode spends for the same score. Dotted: exact's last median; some modes go on "
        "beyond exact's budget to get there. Hatched: the scores of a perfect generator. Seconds "
        "depend on the machine and the program."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = primary(tables["quality"])
        quality = quality[quality["budget"].notna() & ~quality["mode"].isin(_series.CONTROLS)]
        quality = _series.compared(quality)
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("no study gives its modes a budget")
        shown = _series.series(quality)

        def row(axes: list[Axes], rows: pd.DataFrame) -> None:
            _spent.row(axes, rows, tables, shown, first=1)

        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        keys, budgets = _spent.keys(quality, shown), _spent.BUDGETS[1:]
        return _layout.panels(parts, row, [3.0], budgets, labels, keys, across=2, sharey="row")
