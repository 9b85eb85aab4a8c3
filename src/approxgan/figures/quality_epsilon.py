"""The number that decides at the end of training against ε, every group that varies ε."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final, null_of, primary
from approxgan.figures import _axes, _labels, _layout, _quality, _series, _style


class QualityEpsilon:
    needs = ("quality", "quality_null")
    title = "Sample quality against ε"
    claims = ("C3", "C4", "C6")
    caption = (
        "The score that decides the claims, at the last step. A panel shows one study that tries "
        "several ε. Lines are medians over seeds, bands their middle half. Level lines are modes "
        "without ε, and modes whose ε a rule chose. A diverged run counts as infinitely bad: a "
        "hollow marker has lost some seeds, a cross at the worse edge half of them. Hatched: the "
        "scores of a perfect generator, or their mean in words where they are far below. Cells "
        "with a learning rate or a budget of their own have figures of their own. A wide axis is "
        "linear around 0 and logarithmic beyond."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = _series.varied(_series.plain(primary(final(tables["quality"]))))
        if quality.empty:
            return _style.no_data("the table quality does not hold the score that decides")
        shown = _series.series(quality)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,), null = axes, null_of(tables["quality_null"], rows)
            _quality.panel(ax, rows, null, shown)
            _axes.log_epsilon(ax, rows["epsilon"])

        parts, keys = _series.split(quality, GROUP), _quality.keys(quality)
        labels = [_quality.label(quality)]
        height = max(2.8, _labels.height([_quality.PERFECT, *(one.label for one in shown)]))
        return _layout.panels(
            parts, panel, [height], ["ε (parameter units)"], labels, keys, across=2
        )
