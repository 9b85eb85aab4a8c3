"""Relative error against fixed ε, and the ε that each rule chose with the error it got."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import Tables
from approxgan.figures import _axes, _layout, _lines, _series, _style, _theory

BASIC = ("forward_difference", "central_difference", "uniform_shift")
"""Modes whose curves are drawn even if no rule chose their ε."""
MARKERS = {"dtype": "s", "adaptive": "D"}
OTHER_MARKER = "P"
CHOSEN = ["chosen_epsilon", "chosen_low", "chosen_high", "relative_error"]


class EpsilonRules:
    needs = ("gradient_error", "probe_points")
    title = "How to choose the step"
    claims = ("C6",)
    caption = (
        "Relative error of the estimates against fixed ε (lines: medians over seeds and points; "
        "bands: the middle 80 %), and the steps that rules chose. A mark stands at the median ε "
        "that a rule chose and the median error it got. Its bar across holds the middle 80 % of "
        "the chosen ε over coordinates, its upright bar the middle 80 % of the errors. The rule "
        "dtype looks at the number format alone (√u for one-sided differences, ∛u for two-sided, "
        "times max(1, |w|)). The rule adaptive (Shi et al., 2021) measures the loss until "
        "rounding and truncation balance. The dashed curve is theory for the forward difference: "
        "truncation grows with ε and rounding falls with it; the least error is near the star, "
        "2√(ε_f/|f''|). Measurements lie below the curve where its f'' counts kinks of the "
        "network that a smaller ε does not cross. A good rule has its mark at the bottom of "
        "its curve. The mark of adaptive may lie below its curve, as it gives each "
        "coordinate an ε of its own. Games without rules are left out."
    )

    def draw(self, tables: Tables) -> Figure:
        errors = tables["gradient_error"]
        errors = errors.assign(relative_error=errors["relative_error"].where(lambda e: e > 0))
        ruled = errors[_series.ruled(errors)].dropna(subset=CHOSEN[:1])
        if not np.isfinite(ruled["relative_error"].to_numpy(float)).any():
            return _style.no_data("the table gradient_error holds no ε that a rule chose")
        games = ruled[list(PROBE_GROUP)].drop_duplicates()
        errors = errors[errors["mode"].isin({*BASIC, *ruled["mode"]}) & errors["rule"].ne("")]
        errors = errors.merge(games)
        # One colour a mode: the mark tells which rule chose.
        shown, dtypes = _series.series(errors[~_series.ruled(errors)]), errors["dtype"].unique()

        def column(axes: list[Axes], rows: pd.DataFrame) -> None:
            for ax, dtype in zip(axes, sorted(dtypes), strict=True):
                _panel(ax, rows[rows["dtype"] == dtype], tables["probe_points"], shown)
            chosen = rows.loc[_series.ruled(rows), CHOSEN[:3]].to_numpy(float)
            _axes.log_epsilon(axes[0], [*rows["epsilon"], *chosen.ravel()])

        return _layout.panels(
            _series.players(errors), column, [2.8] * len(dtypes), ["ε (parameter units)"],
            [f"{dtype}\nrelative error" for dtype in sorted(dtypes)], _keys(shown, ruled),
            across=4, sharey="row",
        )  # fmt: skip


def _panel(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame, shown: list[_series.Series]) -> None:
    ax.set_yscale("log")
    fixed = rows[~_series.ruled(rows)]
    for one in shown:
        look = {"markersize": 3, "linewidth": 1.3}
        _lines.curve(ax, one.rows(fixed), "relative_error", one, **look)
    _theory.curve(ax, rows, points)
    for (mode, rule, _), part in rows[_series.ruled(rows)].groupby(["mode", "rule", "settings"]):
        _mark(ax, part, _style.colour(str(mode)), MARKERS.get(str(rule), OTHER_MARKER))


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


def _keys(shown: list[_series.Series], ruled: pd.DataFrame) -> list:
    look = {"color": "#b0b0b0", "markeredgecolor": _style.INK, "linestyle": "", "markersize": 7.5}
    keys = [one.key() for one in shown]
    for rule in sorted(ruled["rule"].unique()):
        marker = MARKERS.get(rule, OTHER_MARKER)
        keys.append(_style.key(f"chosen by the rule {rule}", marker=marker, **look))
    return [*keys, *_theory.keys()]
