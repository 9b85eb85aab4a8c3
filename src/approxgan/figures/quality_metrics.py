"""The other numbers of sample quality."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _quality, _style

PRIMARY = "energy_distance"


class QualityMetrics:
    """Every secondary metric against ε, one group per dataset."""

    needs = ("quality", "quality_null")
    title = "The other measures of sample quality"
    caption = (
        "As in the figure of energy distance, for the exploratory measures: medians over seeds at "
        "the last step with bands of their middle half, exact in black alike, hatched what a "
        "perfect generator would score. Groups that vary ε, one per data set, from the study with "
        "most modes; numbers in other views of the data are in the table alone. Which way is "
        "better shows by where the hatched band lies. Several of these numbers miss whole modes or "
        "reward points drawn too close together: none of them decides alone."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        quality = _groups.main_groups(_groups.final(_groups.tidy(tables["quality"])))
        quality = _groups.varied(quality[quality["metric"].isin(_own(quality["metric"]))])
        known = quality.groupby("metric")["value"].transform("count") > 0
        quality = quality[known]
        if quality.empty:
            return _style.no_data("the table quality holds no finite secondary metric")
        nulls = tables["quality_null"]
        shown = _groups.series(quality)
        metrics = sorted(quality["metric"].unique())
        groups = list(_groups.split(quality, _groups.GROUP))
        laid = _panels.panels(len(groups), [1.3] * len(metrics), across=4)
        for g, (title, rows) in enumerate(groups):
            for r, metric in enumerate(metrics):
                ax = laid.at(g, r)
                part = rows[rows["metric"] == metric]
                own = nulls["dataset"] == rows["dataset"].iloc[0]
                _quality.panel(ax, part, nulls[own & (nulls["metric"] == metric)], shown)
                _style.scale(ax, part["value"].to_numpy(float))
                _epsilon.log_epsilon(ax, quality["epsilon"])
                if not part["value"].notna().any():
                    ax.set_yticks([])
                    ax.text(0.5, 0.5, "not defined", transform=ax.transAxes, ha="center")
            laid.at(g).set_title(title)
        labels = [_style.words(metric).replace(" ", "\n", 1) for metric in metrics]
        laid.finish(len(groups), "ε (parameter units)", labels)
        _style.legend(laid.figure, _quality.keys(shown, quality))
        return laid.figure


def _own(metrics: pd.Series) -> list[str]:
    """The secondary numbers, without the same ones in a view of the data: 'mmd2_pca'."""
    names = list(metrics.unique())
    views = {name for name in names for other in names if name.startswith(f"{other}_")}
    return [name for name in names if name not in views | {PRIMARY}]


variant = QualityMetrics
