"""What theory expects of the forward difference at the probed points."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.figures import _style

LAW = {"color": _style.INK, "linewidth": 1.1, "zorder": 4}
DENSE = (0, (2.2, 1))
POINT = [*PROBE_GROUP, "dtype", "player", "seed", "step"]


def curve(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    """By dtype the median law over the points that these rows probed, and a star at its least."""
    rows = rows[rows["mode"] == "forward_difference"]
    steps = rows[["epsilon", "chosen_epsilon"]].to_numpy(float)
    here = points.merge(rows[POINT].drop_duplicates())
    # Elsewhere the law has no value, or no least one.
    here = here[(here["gradient_norm"] > 0) & (here["curvature_norm"] > 0)]
    for _, same in here.groupby("dtype"):
        records: list[Any] = same.to_dict("records")
        at = np.geomspace(np.nanmin(steps), np.nanmax(steps), 60)
        error = np.median([forward_difference(at, point) for point in records], axis=0)
        ax.plot(at, error, linestyle=DENSE, **LAW)
        best = float(np.median([best_step(point) for point in records]))
        if at[0] <= best <= at[-1]:
            height = np.exp(np.interp(np.log(best), np.log(at), np.log(error)))
            ax.plot(best, height, marker="*", markersize=10, color=_style.INK, zorder=5)


def keys() -> list[Any]:
    """Legend entries of ``curve``."""
    return [
        _style.key("theory, forward difference", linestyle=DENSE, **LAW),
        _style.key("best step (Shi et al.)", color=_style.INK, marker="*", ls="", markersize=9),
    ]


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
