"""How to choose a step: where the rules land on the curve of error against ε."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _style, _theory

PLAYERS = ("discriminator", "generator")
BASIC = ("forward_difference", "central_difference", "uniform_shift")
"""Modes whose curves are drawn even if no rule chose their ε."""
RULE_MARKERS = {"dtype": "s", "adaptive": "D"}
OTHER_MARKER = "P"
POINT = [*_groups.PROBE_GROUP, "dtype", "player", "seed", "step"]
CHOSEN = ["chosen_epsilon", "chosen_low", "chosen_high", "relative_error"]


class EpsilonRules:
    """Relative error against fixed ε, and the ε that each rule chose with the error it got."""

    needs = ("gradient_error", "probe_points")
    title = "How to choose the step"
    caption = (
        "Relative error of the estimates against fixed ε (lines: medians over seeds and points; "
        "bands: the middle 80 %), and where the rules land: a mark at the median ε that a rule "
        "chose and the median error it got, the bar across from the 10 % to the 90 % quantile of "
        "the chosen ε over coordinates, the upright one over points; games in which no rule was "
        "tried are left out. The rule dtype looks at the number format only (√u for one-sided "
        "differences, ∛u for two-sided, times max(1, |w|)); "
        "adaptive (Shi et al., 2021) measures the loss until rounding and truncation balance. "
        "Theory, the dashed curve, is truncation that grows with ε and rounding that falls with "
        "it; for the forward difference its least error is at the star, 2√(ε_f/|f''|). A good "
        "rule marks the bottom of its curve without having been told where that is: how far "
        "right or left of it a mark lies is what the rule misjudges, how far above it is what "
        "that costs."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        errors = _groups.tidy(tables["gradient_error"])
        errors["relative_error"] = errors["relative_error"].where(errors["relative_error"] > 0)
        ruled = errors[_groups.ruled(errors)].dropna(subset=CHOSEN[:1])
        if not np.isfinite(ruled["relative_error"].to_numpy(float)).any():
            return _style.no_data("the table gradient_error holds no ε that a rule chose")
        wanted = {*BASIC, *ruled["mode"]}
        errors = errors[errors["mode"].isin(wanted) & errors["rule"].ne("")]
        # One colour a mode: which rule chose is told by the mark.
        shown = _groups.series(errors[~_groups.ruled(errors)])
        # Where no rule was tried there is nothing to compare, and maybe not each precision.
        every = _groups.split(errors, _groups.PROBE_GROUP)
        groups = [(title, rows) for title, rows in every if _groups.ruled(rows).any()]
        dtypes = sorted({dtype for _, rows in groups for dtype in rows["dtype"]})
        laid = _panels.panels(2 * len(groups), [3.0] * len(dtypes), across=4, sharey="row")
        for g, (title, rows) in enumerate(groups):
            for p, player in enumerate(PLAYERS):
                for r, dtype in enumerate(dtypes):
                    ax = laid.at(2 * g + p, r)
                    part = rows[(rows["player"] == player) & (rows["dtype"] == dtype)]
                    _panel(ax, part, tables["probe_points"], shown)
                    _epsilon.log_epsilon(
                        ax, pd.concat([errors["epsilon"], ruled["chosen_epsilon"]])
                    )
                laid.at(2 * g + p).set_title(f"{title}\n{player}")
        ylabels = [f"{dtype}\nrelative error (1)" for dtype in dtypes]
        laid.finish(2 * len(groups), "ε (parameter units)", ylabels)
        _style.legend(laid.figure, _keys(shown, ruled))
        return laid.figure


def _panel(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame, shown: list[_groups.Series]) -> None:
    ax.set_yscale("log")
    fixed = rows[~_groups.ruled(rows)]
    for one in shown:
        look = {"markersize": 3, "linewidth": 1.3}
        _epsilon.curve(ax, one.rows(fixed), "relative_error", one, **look)
    law = fixed[fixed["mode"] == "forward_difference"]
    here = _theory.usable(points.merge(law[POINT].drop_duplicates(), on=POINT))
    if len(here):
        steps = rows.loc[rows["mode"] == "forward_difference", ["epsilon", "chosen_epsilon"]]
        _theory.curve(ax, np.geomspace(steps.min().min(), steps.max().max(), 60), here)
    for (mode, rule, _), part in rows[_groups.ruled(rows)].groupby(["mode", "rule", "settings"]):
        _mark(ax, part, _style.colour(str(mode)), RULE_MARKERS.get(str(rule), OTHER_MARKER))


def _mark(ax: Axes, rows: pd.DataFrame, colour: str, marker: str) -> None:
    """One rule of one mode at the medians over seeds and points."""
    x, left, right, y = rows[CHOSEN].median()
    low, high = rows["relative_error"].quantile([0.1, 0.9])
    if not np.isfinite([x, y]).all():
        return
    bars = {"color": colour, "linewidth": 1.8, "zorder": 6, "solid_capstyle": "butt"}
    ax.plot([min(left, x), max(right, x)], [y, y], **bars)
    ax.plot([x, x], [low, high], **bars)
    look = {"color": colour, "markeredgecolor": _style.INK, "markeredgewidth": 1.0}
    ax.plot(x, y, marker=marker, markersize=7.5, linestyle="", zorder=7, **look)


def _keys(shown: list[_groups.Series], ruled: pd.DataFrame) -> list:
    entries = [_style.key(one.label, color=one.colour, marker=one.marker) for one in shown]
    look = {"color": "#b0b0b0", "markeredgecolor": _style.INK, "linestyle": "", "markersize": 7.5}
    for rule in sorted(ruled["rule"].unique()):
        marker = RULE_MARKERS.get(rule, OTHER_MARKER)
        entries.append(_style.key(f"chosen by the rule {rule}", marker=marker, **look))
    return [*entries, *_theory.keys()]


variant = EpsilonRules
