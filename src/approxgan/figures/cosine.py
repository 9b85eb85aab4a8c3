"""Which way the estimates point."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _probe, _style

PLAYERS = ("discriminator", "generator")
ROWS = {
    "cosine": "cosine similarity\n(1)",
    "zero_fraction": "zero entries\n(share)",
    "sign_agreement": "sign agreement\n(share)",
}


class Cosine:
    """Direction, exact zeros and signs of the estimates against ε."""

    needs = ("gradient_error",)
    title = "Direction of the gradient estimates"
    caption = (
        "Cosine similarity with the float64 gradient, share of entries that are exactly zero, and "
        "share of the non-zero entries whose sign agrees (one half is guessing; dotted). Lines are "
        "medians over seeds and points, bands hold the middle 80 %; level lines are modes without "
        "ε. Adam nearly ignores the length of a gradient, but whether cosine or relative error "
        "goes with the samples better is for the figure of both against quality to say. Zeros at "
        "small ε are loss differences that round to nothing: where all entries are zero, cosine "
        "and sign agreement do not exist and the line ends. The cosine axis is linear "
        "up to 0.01 and logarithmic above."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        errors = _groups.tidy(tables["gradient_error"])
        errors = errors[~_groups.ruled(errors)]
        if errors[list(ROWS)].isna().all(axis=None):
            return _style.no_data("the table gradient_error holds none of these numbers")
        shown = _groups.series(errors)
        groups = list(_groups.split(errors, _groups.PROBE_GROUP))
        # The two players of a group stand side by side: their panels are two groups to the layout.
        laid = _panels.panels(2 * len(groups), [2.3, 1.5, 1.5], across=4, sharey="row")
        for g, (title, rows) in enumerate(groups):
            for p, player in enumerate(PLAYERS):
                slot = 2 * g + p
                part = rows[rows["player"] == player]
                for r, value in enumerate(ROWS):
                    _probe.curves(laid.at(slot, r), part, value, shown)
                    _epsilon.log_epsilon(laid.at(slot, r), errors["epsilon"])
                laid.at(slot, 0).set_yscale("symlog", linthresh=0.01, linscale=0.5)
                laid.at(slot, 0).set_yticks([0, 0.01, 0.1, 1], ["0", "0.01", "0.1", "1"])
                laid.at(slot, 1).set_ylim(-0.05, 1.05)
                laid.at(slot, 2).axhline(0.5, color=_style.INK, linestyle=":", linewidth=1)
                laid.at(slot, 2).set_ylim(0.4, 1.03)
                laid.at(slot, 0).set_title(f"{title}\n{player}")
        laid.finish(2 * len(groups), "ε (parameter units)", list(ROWS.values()))
        _style.legend(laid.figure, _probe.keys(errors, shown))
        return laid.figure


variant = Cosine
