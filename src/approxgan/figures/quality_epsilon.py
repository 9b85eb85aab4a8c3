"""What the error costs: sample quality against ε."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, final, null_of
from approxgan.figures import _layout, _lines, _quality, _series, _style


class QualityEpsilon:
    """The number that decides at the end of training against ε, every group that varies ε."""

    needs = ("quality", "quality_null")
    title = "Sample quality against ε"
    caption = (
        "The score that decides the claims, at the last step. Lines are medians over seeds, bands "
        "their middle half. Dashed levels are modes without ε and modes whose ε a rule chose. A "
        "hollow marker has lost some seeds to divergence: it shows the survivors. A cross at the "
        "worse edge has lost all seeds. Black: exact, median and middle half. Hatched: the scores "
        "of a perfect generator. The energy distance is unbiased and may be negative; the axis is "
        "linear around 0 and logarithmic beyond. A band shows spread; the verdicts say which "
        "differences count."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        quality = _series.varied(_quality.primary(final(tables["quality"])))
        if quality.empty:
            return _style.no_data("the table quality does not hold the score that decides")
        shown = _series.series(quality)
        groups = list(_series.split(quality, GROUP))
        laid = _layout.panels(len(groups), [3.2])
        for g, (title, rows) in enumerate(groups):
            ax, null = laid.at(g), null_of(tables["quality_null"], rows)
            _quality.panel(ax, rows, null, shown)
            _quality.fit(ax, rows["value"], null)
            _lines.log_epsilon(ax, rows["epsilon"])
            ax.set_title(title)
        laid.finish(len(groups), "ε (parameter units)", [_quality.label(quality)])
        _style.legend(laid.figure, _quality.keys(shown, quality))
        return laid.figure
