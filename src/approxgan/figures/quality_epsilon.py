"""What the error costs: sample quality against ε."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _quality, _style

METRIC = "energy_distance"


class QualityEpsilon:
    """Energy distance at the end of training against ε, every group that varies ε."""

    needs = ("quality", "quality_null")
    title = "Sample quality against ε"
    caption = (
        "Energy distance to fresh draws of the true density at the last step; lower is better. "
        "Lines are medians over seeds, bands their middle half; dashed levels are modes without ε. "
        "Hollow markers have lost some seeds to divergence, crosses at the upper edge all: their "
        "lines show the survivors only. Black: the exact runs, median and middle half alike. "
        "Hatched: what a perfect generator would score. The estimate is unbiased and so may be "
        "negative; the axis is linear around 0, up to the first power of ten above the perfect "
        "scores, and logarithmic beyond. Bands are spread: whether a difference counts is for the "
        "table of verdicts to say."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        quality = _groups.final(_groups.tidy(tables["quality"]))
        quality = quality[quality["metric"] == METRIC]
        nulls = tables["quality_null"]
        nulls = nulls[nulls["metric"] == METRIC]
        quality = _groups.varied(quality)
        if quality.empty:
            return _style.no_data(f"the table quality holds no {METRIC}")
        shown = _groups.series(quality)
        groups = list(_groups.split(quality, _groups.GROUP))
        laid = _panels.panels(len(groups), [3.4])
        for g, (title, rows) in enumerate(groups):
            ax = laid.at(g)
            null = nulls[nulls["dataset"] == rows["dataset"].iloc[0]]
            _quality.panel(ax, rows, null, shown)
            _style.scale(ax, rows["value"].to_numpy(float), _quality.threshold(null))
            _epsilon.log_epsilon(ax, quality["epsilon"])
            ax.set_title(title)
        laid.finish(len(groups), "ε (parameter units)", ["energy distance (data units)"])
        _style.legend(laid.figure, _quality.keys(shown, quality))
        return laid.figure


variant = QualityEpsilon
