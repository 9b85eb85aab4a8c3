"""Points of a plane in small panels that all have the limits of the true points."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

PLACE = ["x", "y"]
RIM = "#bbbbbb"


def true_points(data: pd.DataFrame, dataset: str, most: int) -> pd.DataFrame:
    """The first fresh draws of a data set."""
    rows = data[(data["dataset"] == dataset) & (data["source"] == "true")]
    return rows.nsmallest(most, "index")


def limits(points: pd.DataFrame) -> np.ndarray:
    """[2, 2]: low and high of a square around the finite points, with a margin."""
    values = points[PLACE].to_numpy(float)
    values = values[np.isfinite(values).all(1)]
    if not len(values):
        return np.array([[-1.0, 1.0], [-1.0, 1.0]])
    middle = (values.max(0) + values.min(0)) / 2
    half = max(np.ptp(values, axis=0).max() * 0.62, 1e-9)
    return np.stack([middle - half, middle + half], 1)


def frame(ax: Axes, ends: np.ndarray) -> None:
    ax.set(xticks=[], yticks=[], aspect="equal", xlim=ends[0], ylim=ends[1])
    for spine in ax.spines.values():
        spine.set_color(RIM)


def cloud(ax: Axes, points: pd.DataFrame, colour: str, size: float, alpha: float) -> None:
    look = {"linewidths": 0, "rasterized": True}
    ax.scatter(points["x"], points["y"], s=size, color=colour, alpha=alpha, **look)


def beyond(points: pd.DataFrame, ends: np.ndarray) -> str:
    """The share of points beyond the limits, if it is worth a word."""
    values = points[PLACE].to_numpy(float)
    share = ((values < ends[:, 0]) | (values > ends[:, 1])).any(1).mean()
    return f"{share:.0%} outside" if share > 0.01 else ""


def note(ax: Axes, text: str) -> None:
    """A few words along the lower edge."""
    if text:
        box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
        ax.text(0.5, 0.03, text, transform=ax.transAxes, ha="center", va="bottom", fontsize=8,
                zorder=9, bbox=box)  # fmt: skip
