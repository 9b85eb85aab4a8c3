"""The number that decides against evaluations, each mode at one ε and the study's settings."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, primary
from approxgan.figures import _layout, _quality, _series, _spent, _style


class QualityCost:
    needs = ("quality", "training", "cost", "quality_null", "gradient_error")
    title = "What the same number of steps costs"
    claims = ("C1", "C5")
    caption = (
        "The score that decides the claims at the snapshots, against the evaluations of both "
        "losses so far. A reverse pass counts as two evaluations, as does a Jacobian-vector "
        "product. The discriminator's fakes of a step count as one. All modes of a panel have the "
        "same optimiser and the same number of steps. This is the article's comparison: no mode "
        "is at its best. Lines are medians over seeds, a diverged run as infinitely bad; bands "
        "are their middle half. The axis leaves out step 0. Dotted black: exact's last median. "
        "Dotted grey: the generators before training. The figure shows one study per data set, "
        "the one with most modes, and data sets with at least three modes. Each mode is shown at "
        "the ε of highest median cosine in the probe: the gradient chooses ε, not the result. A "
        "line that ends like exact but further to the right buys the same quality at a higher "
        "price. Control modes compute the exact gradient first and are left out."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = primary(tables["quality"])
        quality = quality[~quality["mode"].isin(_series.CONTROLS)]
        quality = _series.compared(_series.main_groups(quality), least=3)
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("the table quality holds no finite score that decides")
        shown = _series.series(quality)
        quality = _series.at_chosen(quality, tables["gradient_error"])

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            _spent.row(axes, rows, tables, shown)

        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        height = max(_spent.height(rows, shown) for _, rows in parts)
        keys, budgets = [_quality.perfect_key()], _spent.BUDGETS[:1]
        return _layout.panels(parts, panel, [height], budgets, labels, keys, across=2)
