"""The number that decides at the end of training against ε, every group that varies ε."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final, null_of, primary
from approxgan.figures import _axes, _layout, _quality, _series, _style


class QualityEpsilon:
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

    def draw(self, tables: Tables) -> Figure:
        quality = _series.varied(primary(final(tables["quality"])))
        if quality.empty:
            return _style.no_data("the table quality does not hold the score that decides")
        shown = _series.series(quality)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,), null = axes, null_of(tables["quality_null"], rows)
            _quality.panel(ax, rows, null, shown)
            _quality.fit(ax, rows["value"], null)
            _axes.log_epsilon(ax, rows["epsilon"])

        parts, keys = _series.split(quality, GROUP), _quality.keys(shown, quality)
        labels = [_quality.label(quality)]
        return _layout.panels(parts, panel, [3.2], ["ε (parameter units)"], labels, keys)
