"""The number that decides against steps, evaluations and seconds, each mode at one ε."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, primary
from approxgan.figures import _layout, _quality, _series, _spent, _style


class QualityCost:
    needs = ("quality", "training", "cost", "quality_null", "gradient_error")
    title = "Sample quality against what it costs"
    caption = (
        "The score that decides the claims at the snapshots, against the training step, the "
        "evaluations of both losses so far, and the processor seconds so far. A reverse pass "
        "counts as two evaluations, as does a Jacobian-vector product; the discriminator's fakes "
        "of a step count as one. The seconds of a job are divided by the steps that its seeds were "
        "trained. Lines are medians over the seeds that had not diverged by then, bands their "
        "middle half. Black: exact; dotted: its last median. Hatched: the scores of a perfect "
        "generator. The figure shows the study with most modes, one row per data set, each mode at "
        "the ε of highest median cosine in the probe: the gradient chooses ε, not the result. The "
        "logarithmic axes leave out step 0. A line that ends like exact but further to the right "
        "buys the same quality at a higher price. Seconds depend on the machine and the program, "
        "counts of evaluations on the method alone. Control modes compute the exact gradient first "
        "and are left out."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = _series.main_study(primary(tables["quality"]))
        quality = quality[~quality["mode"].isin(_series.CONTROLS)]
        if not np.isfinite(quality["value"].to_numpy(float)).any():
            return _style.no_data("the table quality holds no finite score that decides")
        shown = _series.series(quality)
        quality = _series.at_chosen(quality, tables["gradient_error"])

        def row(axes: list[Axes], rows: pd.DataFrame) -> None:
            _spent.row(axes, rows, tables, shown)

        parts, labels = _series.split(quality, GROUP), [_quality.label(quality)]
        keys = _spent.keys(quality, shown)
        return _layout.panels(parts, row, [2.5], _spent.BUDGETS, labels, keys, sharey="row")
