"""How training went."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.figures import _series, _style, _traces
from approxgan.figures._series import Series


class TrainingCurves:
    """Losses and the number that decides against the step, each mode at one chosen ε."""

    needs = ("training", "quality", "gradient_error")
    title = "Training curves"
    caption = (
        "The score that decides the claims at the snapshots, and the losses of both players on the "
        "batch of the step. Lines are medians over the seeds that had not diverged by then, bands "
        "their middle half. Each mode is shown at the ε of highest median cosine in the probe, or "
        "at its middle ε where nothing was probed: the gradient chooses ε, not the result. The "
        "figure shows one study per data set: the one with most modes. Axes that span several "
        "decades are logarithmic away from 0. Losses do not measure quality: compare the upper row."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        training = _series.compared(_series.main_groups(tables["training"]))
        if training.empty:
            return _style.no_data("the table training is empty")
        shown = _series.series(training)
        used: dict[Series, list[float]] = {one: [] for one in shown}

        def lines(rows: pd.DataFrame) -> list[_traces.Line]:
            chosen = _series.chosen(shown, rows, tables["gradient_error"])
            for one, epsilon in chosen.items():
                used[one].append(epsilon)
            return [(partial(one.at, epsilon=epsilon), _look(one))
                    for one, epsilon in chosen.items()]  # fmt: skip

        laid = _traces.drawn(training, tables["quality"], GROUP, lines)
        handles = [_style.key(one.named(used[one]), color=one.colour) for one in shown]
        _style.legend(laid.figure, handles)
        return laid.figure


def _look(one: Series) -> dict[str, Any]:
    width, order = (2.4, 2.5) if one.mode == "exact" else (1.4, 3)
    return {"color": one.colour, "linewidth": width, "zorder": order}
