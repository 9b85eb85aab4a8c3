"""Direction, exact zeros and signs of the estimates against ε."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import Tables
from approxgan.figures import _axes, _labels, _layout, _lines, _series, _style

SHOWN = {
    "cosine": "cosine",
    "zero_fraction": "zero entries (share)",
    "sign_agreement": "sign agreement (share)",
}
LEAST = 0.05
"""A number that changes less with ε than this, in every mode, has no panel."""


class Cosine:
    needs = ("gradient_error",)
    title = "Direction of the gradient estimates"
    caption = (
        "Cosine with the float64 gradient, share of entries that are exactly zero, and share of "
        "the non-zero entries whose sign agrees (dotted: guessing). Lines are medians over seeds, "
        "points and both players, as in the choice of ε for the claims; bands hold the middle 80 "
        "%. Level lines are modes without ε. The figure shows each precision of the estimates, "
        "for one data set per model: the one probed with most modes. Zero entries and signs have "
        "a panel only where they change with ε. At small ε, loss differences round to zero. A "
        "gradient of zeros has no cosine and no sign agreement: the line ends there. The cosine "
        "axis is linear up to 0.01 and logarithmic above."
    )

    def draw(self, tables: Tables) -> Figure:
        errors = tables["gradient_error"]
        errors = errors[~_series.ruled(errors)]
        if errors[list(SHOWN)].isna().all(axis=None):
            return _style.no_data("the table gradient_error holds none of these numbers")
        errors = _series.main_groups(errors, PROBE_GROUP, "model")
        shown = _series.series(errors)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,), value = axes, rows["shown"].iloc[0]
            named = [one for one in shown if value == "cosine" or _stands(one.rows(rows), value)]
            _lines.probed(ax, rows, value, shown, named)
            if value == "cosine":
                _axes.cosine(ax, "y", ax.dataLim.intervaly[0])
            elif value == "zero_fraction":
                ax.set_ylim(-0.05, 1.05)
            else:
                ax.axhline(0.5, color=_style.INK, linestyle=":", linewidth=1)
                ax.set_ylim(min(0.38, ax.dataLim.intervaly[0] - 0.02), 1.03)
            _axes.log_epsilon(ax, rows["epsilon"])

        parts = [
            (f"{title}\n{label}", rows.assign(shown=value))
            for title, rows in _series.precisions(errors)
            for value, label in SHOWN.items()
            if value == "cosine" or _changes(rows, value)
        ]
        names = [[one.label for one in shown if len(one.rows(rows))] for _, rows in parts]
        height = max(2.0, *map(_labels.height, names))
        return _layout.panels(parts, panel, [height], ["ε (parameter units)"], [""], across=2)


def _stands(rows: pd.DataFrame, value: str) -> bool:
    """Whether a mode has a name: it changes, or loses entries at its only ε."""
    lost = value == "zero_fraction" and bool(rows[value].median() > LEAST)
    return lost or _changes(rows, value)


def _changes(rows: pd.DataFrame, value: str) -> bool:
    medians = rows.groupby(["mode", "settings", "epsilon"])[value].median()
    return bool((medians.groupby(["mode", "settings"]).agg(np.ptp) > LEAST).any())
