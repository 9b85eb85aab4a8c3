"""Direction, exact zeros and signs of the estimates against ε."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables
from approxgan.figures import _axes, _layout, _lines, _series, _style

ROWS = {
    "cosine": "cosine",
    "zero_fraction": "zero entries\n(share)",
    "sign_agreement": "sign agreement\n(share)",
}


class Cosine:
    needs = ("gradient_error",)
    title = "Direction of the gradient estimates"
    caption = (
        "Cosine with the float64 gradient, share of entries that are exactly zero, and share of "
        "the non-zero entries whose sign agrees (dotted: guessing). Lines are medians over seeds "
        "and points, bands hold the middle 80 %; level lines are modes without ε. At small ε, loss "
        "differences round to zero. A gradient of zeros has no cosine and no sign agreement: the "
        "line ends there. The cosine axis is linear up to 0.01 and logarithmic above."
    )

    def draw(self, tables: Tables) -> Figure:
        errors = tables["gradient_error"]
        errors = errors[~_series.ruled(errors)]
        if errors[list(ROWS)].isna().all(axis=None):
            return _style.no_data("the table gradient_error holds none of these numbers")
        shown = _series.series(errors)

        def column(axes: list[Axes], rows: pd.DataFrame) -> None:
            for ax, value in zip(axes, ROWS, strict=True):
                _lines.probed(ax, rows, value, shown)
            top, zeros, signs = axes
            _axes.log_epsilon(top, rows["epsilon"])
            _axes.cosine(top, "y", errors["cosine"].min())
            zeros.set_ylim(-0.05, 1.05)
            signs.axhline(0.5, color=_style.INK, linestyle=":", linewidth=1)
            signs.set_ylim(0.4, 1.03)

        return _layout.panels(
            _series.players(errors), column, [2.3, 1.5, 1.5], ["ε (parameter units)"],
            list(ROWS.values()), _lines.probe_keys(errors, shown), across=4, sharey="row",
        )  # fmt: skip
