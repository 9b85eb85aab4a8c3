"""Relative error against ε beside what theory expects."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import Tables
from approxgan.core.protocols import PLAYERS
from approxgan.figures import _axes, _labels, _layout, _lines, _series, _style, _theory

FLOOR = 1e-10


class GradientError:
    needs = ("gradient_error", "probe_points")
    title = "Error of the gradient estimates"
    claims = ("C4",)
    caption = (
        "Relative error ‖ĝ − g‖/‖g‖ of every mode at the same points of exact trajectories; g is "
        "computed by reverse-mode differentiation in float64. Lines are medians over seeds and "
        "points, bands hold the middle 80 %. Level lines are modes without ε; the level of exact "
        "is the error of the precision itself. Errors under 1e-10 are not shown. One row for each "
        "precision of the estimates, for one data set per model: the one probed with most modes. "
        "Dashed curves are theory for the forward difference, √((ε/2 · ‖f''‖/‖g‖)² + (√(2P) · "
        "u|f|/√3 / (ε‖g‖))²): the truncation error with the diagonal f'' of the Hessian, and the "
        "rounding of two losses per coordinate, each with standard deviation u|f|/√3 (u the unit "
        "roundoff, P the number of parameters). Theory counts only the last rounding of the loss: "
        "measurements may lie above it. Its f'' comes from second differences with a fixed step "
        "(1e-4 in the default config), which count kinks that a smaller ε does not cross: at such "
        "ε, measurements lie below it. Stars mark the best step of Shi et al. (2021), "
        "2√(ε_f/|f''|), with ε_f = u|f|/√3 and the root mean square of f''. Dotted levels are the "
        "errors of random modes in the smooth limit. A gradient of zeros has error 1; above 1 an "
        "estimate is mostly noise."
    )

    def draw(self, tables: Tables) -> Figure:
        errors = tables["gradient_error"]
        errors = errors[~_series.ruled(errors)]
        errors = errors.assign(relative_error=errors["relative_error"].where(lambda e: e >= FLOOR))
        if not np.isfinite(errors["relative_error"].to_numpy(float)).any():
            return _style.no_data("the table gradient_error holds no error that can be shown")
        errors = _series.main_groups(errors, PROBE_GROUP, "model")
        shown = _series.series(errors)

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,) = axes
            _lines.probed(ax, rows, "relative_error", shown, shown)
            for level in rows.groupby(["mode", "settings"])["theory"].median().dropna().unique():
                ax.axhline(level, linestyle=":", **_theory.LAW)
            _theory.curve(ax, rows, tables["probe_points"])
            ax.set_yscale("log")
            known = rows["relative_error"]
            if known.notna().any():
                ax.set_ylim(known.min() / 2, known.max() * 2)
            _axes.log_epsilon(ax, rows["epsilon"])

        curve, star = _theory.keys()
        random = _style.key("theory, random modes", linestyle=":", **_theory.LAW)
        parts = [(f"{title}\n{player}", part) for title, rows in _series.precisions(errors)
                 for player in PLAYERS if len(part := rows[rows["player"] == player])]  # fmt: skip
        height = max(2.4, *(_labels.height([one.label for one in shown if len(one.rows(rows))])
                            for _, rows in parts))  # fmt: skip
        return _layout.panels(
            parts, panel, [height], ["ε (parameter units)"], ["relative error"],
            [curve, random, star], across=2, sharey="row",
        )  # fmt: skip
