"""How wrong the estimates are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _probe, _style, _theory

PLAYERS = ("discriminator", "generator")
FLOOR = 1e-10
POINT = [*_groups.PROBE_GROUP, "dtype", "player"]


class GradientError:
    """Relative error against ε beside what theory expects."""

    needs = ("gradient_error", "probe_points")
    title = "Error of the gradient estimates"
    caption = (
        "Relative error ‖ĝ − g‖/‖g‖ of every mode at the same points of exact trajectories; g is "
        "computed by reverse-mode differentiation in float64. Lines are medians over seeds and "
        "points, bands hold the middle 80 % of them; level lines are modes without ε. The exact "
        "mode's level is the error of the precision itself (errors under 1e-10 are not shown). "
        "Thin dashed curves are theory for the forward difference, "
        "√((ε/2 · ‖f''‖/‖g‖)² + (√(2P) · u|f|/√3 / (ε‖g‖))²): truncation with the diagonal f'' of "
        "the Hessian, and two losses per coordinate rounded to nearest, each with standard "
        "deviation u|f|/√3 (u the unit roundoff, P the number of parameters). Measurements may lie "
        "above: only the last rounding of the loss is counted, and steps that cross kinks of a "
        "piecewise-linear network are not. Stars mark the step "
        "of Shi et al. (2021), 2√(ε_f/|f''|), with ε_f = u|f|/√3 and |f''| its root mean square. "
        "Thin dotted levels are the smooth-limit error of random modes. An error of 1 is what a "
        "gradient of exact zeros scores; above 1 the estimate is mostly noise."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        errors = _groups.tidy(tables["gradient_error"])
        errors = errors[~_groups.ruled(errors)].copy()
        errors["relative_error"] = errors["relative_error"].where(errors["relative_error"] > 0)
        if not np.isfinite(errors["relative_error"].to_numpy(float)).any():
            return _style.no_data("the table gradient_error holds no finite error above 0")
        shown = _groups.series(errors)
        groups = list(_groups.split(errors, _groups.PROBE_GROUP))
        laid = _panels.panels(len(groups), [3.0, 3.0], sharey="all")
        for g, (title, rows) in enumerate(groups):
            for r, player in enumerate(PLAYERS):
                ax = laid.at(g, r)
                part = rows[rows["player"] == player]
                _probe.curves(ax, part, "relative_error", shown)
                _laws(ax, part, tables["probe_points"])
                ax.set_yscale("log")
                ax.set_ylim(bottom=FLOOR)
                _epsilon.log_epsilon(ax, errors["epsilon"])
            laid.at(g).set_title(title)
        ylabels = [f"{player}\nrelative error (1)" for player in PLAYERS]
        laid.finish(len(groups), "ε (parameter units)", ylabels)
        _style.legend(laid.figure, [*_probe.keys(errors, shown), *_law_keys()])
        return laid.figure


def _law_keys() -> list:
    curve, star = _theory.keys()
    return [curve, _style.key("theory, random modes", linestyle=":", **_theory.LAW), star]


def _laws(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    for level in rows.groupby(["mode", "settings"])["theory"].median().dropna().unique():
        ax.axhline(level, linestyle=":", **_theory.LAW)
    differences = rows[rows["mode"] == "forward_difference"].dropna(subset="epsilon")
    if differences.empty or points.empty:
        return
    steps = np.geomspace(differences["epsilon"].min(), differences["epsilon"].max(), 60)
    here = _theory.usable(points.merge(differences[POINT].drop_duplicates(), on=POINT))
    for _, same in here.groupby("dtype"):
        _theory.curve(ax, steps, same)


variant = GradientError
