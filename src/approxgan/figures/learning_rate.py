"""The number that decides against the learning rate, in studies that vary it."""

import json

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final, null_of, primary
from approxgan.figures import _axes, _layout, _quality, _series, _style


class LearningRate:
    needs = ("quality", "quality_null")
    title = "Sample quality against the learning rate"
    claims = ("C4", "C6")
    caption = (
        "The article's word for the step (步长) may also mean the learning rate. Here each mode is "
        "trained with several learning rates of Adam, for the same number of steps. The score "
        "that decides the claims, at the last step. Lines are medians over seeds, bands their "
        "middle half. A diverged run counts as infinitely bad: a hollow marker has lost some "
        "seeds, a cross at the worse edge half of them. Hatched: the scores of a perfect "
        "generator, or their mean in words where they are far below. If exact too is slow on the "
        "left and fails on the right, this is no property of approximate gradients."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = primary(final(tables["quality"]))
        quality = _rated(quality[quality["budget"].isna()])
        if quality.empty:
            return _style.no_data("no study trains a mode with several learning rates")
        shown = _series.series(quality)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,) = axes
            for one in shown:
                own, look = one.rows(rows), one.stroke
                if len(own):
                    name = one.named(own["epsilon"].unique())
                    _quality.curve(ax, own, "learning_rate", one, name, linewidth=look["linewidth"])
            _axes.log(ax)
            _axes.ticks_at(ax, rows["learning_rate"], 0.19 if len(parts) > 1 else 0.12)
            _quality.frame([ax], null_of(tables["quality_null"], rows))

        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        keys = [*_quality.lost_keys(), _quality.perfect_key()]
        return _layout.panels(parts, panel, [3.0], ["learning rate"], labels, keys, across=2)


def _rated(quality: pd.DataFrame) -> pd.DataFrame:
    """The rows that differ in the learning rate alone, as series of their mode."""
    varied = quality["varied"].map(lambda text: set(json.loads(text or "{}")) <= {"learning_rate"})
    kept = quality[varied.astype(bool)]
    kept = kept.assign(settings=kept["rule"] + kept["own_settings"], varied="")
    own = kept.groupby([*GROUP, *_series.CELL], dropna=False)["learning_rate"]
    return kept[own.transform("nunique") > 1]
