"""Every secondary metric against ε, one group per dataset."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final, null_of
from approxgan.analysis.text import words
from approxgan.figures import _axes, _layout, _quality, _series, _style


class QualityMetrics:
    needs = ("quality", "quality_null")
    title = "The other measures of sample quality"
    caption = (
        "The exploratory scores at the last step, one panel per score. Lines are medians over "
        "seeds, bands their middle half. Black: exact. Hatched: the scores of a perfect "
        "generator, which show which way is better. The figure shows groups that vary ε, one per "
        "data set, from the study with most modes. Scores in other views of the data are in the "
        "table alone. Several of these scores miss whole modes or reward points drawn too close "
        "together: none of them decides alone."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = final(tables["quality"])
        quality = _series.varied(_series.main_groups(quality[_secondary(quality)]))
        known = quality.groupby([*GROUP, "metric"])["value"].transform("count") > 0
        quality = quality[known]
        if quality.empty:
            return _style.no_data("the table quality holds no finite secondary score")
        shown = _series.series(quality)
        parts = [
            (f"{title}\n{words(metric)}", part)
            for title, rows in _series.split(quality, GROUP)
            for metric, part in rows.groupby("metric")
        ]

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,) = axes
            _quality.panel(ax, rows, null_of(tables["quality_null"], rows), shown)
            _axes.bend(ax, rows["value"].to_numpy(float))
            _axes.log_epsilon(ax, rows["epsilon"])

        keys = _quality.keys(shown, quality)
        return _layout.panels(parts, panel, [1.3], ["ε"], [""], keys, across=4)


def _secondary(quality: pd.DataFrame) -> pd.Series:
    """Where the score is not the one that decides, nor one in a view of the data: 'mmd2_pca'."""
    names = set(quality["metric"])
    views = {name for name in names for other in names if name.startswith(f"{other}_")}
    return ~quality["is_primary"].eq(True) & ~quality["metric"].isin(views)
