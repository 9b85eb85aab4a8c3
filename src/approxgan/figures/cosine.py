"""Which way the estimates point."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _layout, _lines, _series, _style

ROWS = {
    "cosine": "cosine",
    "zero_fraction": "zero entries\n(share)",
    "sign_agreement": "sign agreement\n(share)",
}


class Cosine:
    """Direction, exact zeros and signs of the estimates against ε."""

    needs = ("gradient_error",)
    title = "Direction of the gradient estimates"
    caption = (
        "Cosine with the float64 gradient, share of entries that are exactly zero, and share of "
        "the non-zero entries whose sign agrees (dotted: guessing). Lines are medians over seeds "
        "and points, bands hold the middle 80 %; level lines are modes without ε. At small ε, loss "
        "differences round to zero. Where all entries are zero, cosine and sign agreement do not "
        "exist and the line ends. The cosine axis is linear up to 0.01 and logarithmic above."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        errors = tables["gradient_error"]
        errors = errors[~_series.ruled(errors)]
        if errors[list(ROWS)].isna().all(axis=None):
            return _style.no_data("the table gradient_error holds none of these numbers")
        shown, parts = _series.series(errors), _series.players(errors)
        laid = _layout.panels(len(parts), [2.3, 1.5, 1.5], across=4, sharey="row")
        for slot, (title, part) in enumerate(parts):
            top, zeros, signs = (laid.at(slot, r) for r in range(len(ROWS)))
            for ax, value in zip((top, zeros, signs), ROWS, strict=True):
                _lines.probed(ax, part, value, shown)
            _lines.log_epsilon(top, part["epsilon"])
            top.set_yscale("symlog", linthresh=0.01, linscale=0.5)
            top.set_yticks([0, 0.01, 0.1, 1], ["0", "0.01", "0.1", "1"])
            zeros.set_ylim(-0.05, 1.05)
            signs.axhline(0.5, color=_style.INK, linestyle=":", linewidth=1)
            signs.set_ylim(0.4, 1.03)
            top.set_title(title)
        laid.finish(len(parts), "ε (parameter units)", list(ROWS.values()))
        _style.legend(laid.figure, _lines.probe_keys(errors, shown))
        return laid.figure
