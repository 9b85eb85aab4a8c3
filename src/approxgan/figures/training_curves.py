"""How training went."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _cells, _groups, _panels, _style, _traces

SERIES = _groups.Series


class TrainingCurves:
    """Losses and energy distance against the step, each mode at one chosen ε."""

    needs = ("training", "quality", "gradient_error")
    title = "Training curves"
    caption = (
        "Energy distance at the snapshots, and the losses of both players on the batch of the "
        "step; lines are medians over seeds that had not diverged by then, bands their middle "
        "half. Each mode is shown at the ε whose probed estimate has the highest median cosine in "
        "float32, on the same data set or else with the same model (the middle ε where nothing was "
        "probed): it is chosen by gradient error, not by "
        "the result shown here. One column per data set, from the study with most modes. Axes "
        "that span several decades are logarithmic away from 0. Losses of different size are no "
        "measure of quality: compare the upper row."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        training = _groups.main_groups(_groups.tidy(tables["training"]))
        quality = _traces.energy(_groups.main_groups(_groups.tidy(tables["quality"])))
        errors = _groups.tidy(tables["gradient_error"])
        if training.empty:
            return _style.no_data("the table training is empty")
        shown = _groups.series(training)
        groups = list(_groups.split(training, _groups.GROUP))
        laid = _panels.panels(len(groups), [2.2] * 3)
        used: dict[SERIES, set[float]] = {one: set() for one in shown}
        for g, (title, rows) in enumerate(groups):
            scores = quality.merge(rows[list(_groups.GROUP)].drop_duplicates())
            chosen = _cells.chosen(shown, rows, errors)
            for one, epsilon in chosen.items():
                used[one].add(epsilon)
            for r, name in enumerate(_traces.PANELS):
                source = scores if name == "energy_distance" else rows
                _panel(laid.at(g, r), source, name, chosen)
            laid.at(g).set_title(title)
        laid.finish(len(groups), "training step", list(_traces.PANELS.values()))
        handles = [_style.key(_cells.label(one, used[one]), color=one.colour) for one in shown]
        _style.legend(laid.figure, handles)
        return laid.figure


def _panel(ax: Axes, source: pd.DataFrame, name: str, chosen: Mapping[SERIES, float]) -> None:
    drawn = []
    for one, epsilon in chosen.items():
        part = _cells.at(source, one, epsilon)
        width, order = (2.4, 2.5) if one.mode == "exact" else (1.4, 3)
        _traces.trace(ax, part, name, color=one.colour, linewidth=width, zorder=order)
        drawn.append(part)
    _traces.fit(ax, name, pd.concat(drawn))


variant = TrainingCurves
