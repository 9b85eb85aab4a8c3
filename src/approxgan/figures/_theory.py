"""What theory expects of the forward difference at the probed points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.figures import _style

LAW = {"color": _style.INK, "linewidth": 1.1, "zorder": 4}
DENSE = (0, (2.2, 1))


def usable(points: pd.DataFrame) -> pd.DataFrame:
    """The points at which the law has a value and a least one."""
    return points[(points["gradient_norm"] > 0) & (points["curvature_norm"] > 0)]


def curve(ax: Axes, steps: np.ndarray, points: pd.DataFrame) -> None:
    """The median law over points of one dtype, and a star at the median best step."""
    records: list[Any] = points.to_dict("records")
    error = np.median([forward_difference(steps, point) for point in records], axis=0)
    ax.plot(steps, error, linestyle=DENSE, **LAW)
    best = float(np.median([best_step(point) for point in records]))
    if steps[0] <= best <= steps[-1]:
        height = np.exp(np.interp(np.log(best), np.log(steps), np.log(error)))
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
