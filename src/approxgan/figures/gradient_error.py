"""How wrong the estimates are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _epsilon, _groups, _panels, _probe, _style

PLAYERS = ("discriminator", "generator")
LAW = {"color": _style.INK, "linewidth": 1.1, "zorder": 4}
FLOOR = 1e-10
DENSE = (0, (2.2, 1))
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
                _theory(ax, part, tables["probe_points"])
                ax.set_yscale("log")
                ax.set_ylim(bottom=FLOOR)
                _epsilon.log_epsilon(ax, errors["epsilon"])
            laid.at(g).set_title(title)
        ylabels = [f"{player}\nrelative error (1)" for player in PLAYERS]
        laid.finish(len(groups), "ε (parameter units)", ylabels)
        _style.legend(laid.figure, [*_probe.keys(errors, shown), *_law_keys()])
        return laid.figure


def _law_keys() -> list:
    return [
        _style.key("theory, forward difference", linestyle=DENSE, **LAW),
        _style.key("theory, random modes", linestyle=":", **LAW),
        _style.key("best step (Shi et al.)", color=_style.INK, marker="*", ls="", markersize=9),
    ]


def _theory(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    for level in rows.groupby(["mode", "settings"])["theory"].median().dropna().unique():
        ax.axhline(level, linestyle=":", **LAW)
    differences = rows[rows["mode"] == "forward_difference"].dropna(subset="epsilon")
    if differences.empty or points.empty:
        return
    steps = np.geomspace(differences["epsilon"].min(), differences["epsilon"].max(), 60)
    here = points.merge(differences[POINT].drop_duplicates(), on=POINT)
    here = here[(here["gradient_norm"] > 0) & (here["curvature_norm"] > 0)]
    for _, same in here.groupby("dtype"):
        error = np.median([forward_difference(steps, point) for point in _records(same)], axis=0)
        ax.plot(steps, error, linestyle=DENSE, **LAW)
        best = float(np.median([best_step(point) for point in _records(same)]))
        if steps[0] <= best <= steps[-1]:
            height = np.exp(np.interp(np.log(best), np.log(steps), np.log(error)))
            ax.plot(best, height, marker="*", markersize=10, color=_style.INK, zorder=5)


def _records(frame: pd.DataFrame) -> list[dict]:
    return frame.to_dict("records")


def forward_difference(steps: np.ndarray, point: Mapping[str, float]) -> np.ndarray:
    """Expected relative error of the per-coordinate forward difference at a probe point.

    Truncation ε/2 · f''_ii per coordinate, and two independent roundings of the loss per
    coordinate, each uniform within ±u|f| and so of standard deviation u|f|/√3.
    """
    truncation = steps / 2 * point["curvature_norm"]
    rounding = np.sqrt(2 * point["dimension"]) * _noise(point) / steps
    return np.hypot(truncation, rounding) / point["gradient_norm"]


def best_step(point: Mapping[str, float]) -> float:
    """2√(ε_f/|f''|) of Shi et al. (2021, eq. 2.4), |f''| the root mean square over coordinates."""
    curvature = point["curvature_norm"] / np.sqrt(point["dimension"])
    return float(2 * np.sqrt(_noise(point) / curvature))


def _noise(point: Mapping[str, float]) -> float:
    return point["roundoff"] * abs(point["value"]) / np.sqrt(3)


variant = GradientError
