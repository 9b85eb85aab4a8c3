"""Numbers against the training step: medians over seeds with a band."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from approxgan.figures import _style

PANELS = {
    "energy_distance": "energy distance\n(data units)",
    "discriminator_loss": "discriminator\nloss",
    "generator_loss": "generator\nloss",
}


def trace(ax: Axes, rows: pd.DataFrame, value: str, **look: Any) -> None:
    """Median over seeds at each step, and the band of their middle half."""
    known = rows[["step", value]].replace([np.inf, -np.inf], np.nan).dropna()
    if known.empty:
        return
    got = known.groupby("step")[value].quantile([0.25, 0.5, 0.75]).unstack()
    ax.fill_between(got.index, got[0.25], got[0.75], color=look["color"], alpha=0.15, linewidth=0)
    ax.plot(got.index, got[0.5], **look)


def fit(ax: Axes, value: str, drawn: pd.DataFrame) -> None:
    """A y scale for what was drawn: a loss on its way to infinity must not flatten the others."""
    values = drawn[value].to_numpy(float)
    values = values[np.isfinite(values)]
    if not len(values):
        ax.set_yticks([])
        ax.text(0.5, 0.5, "no finite value", transform=ax.transAxes, ha="center", va="center")
        return
    _style.scale(ax, values)
    ax.locator_params(axis="x", nbins=4)


def energy(quality: pd.DataFrame) -> pd.DataFrame:
    """The quality table's energy distance as a column of that name."""
    rows = quality[quality["metric"] == "energy_distance"]
    return rows.rename(columns={"value": "energy_distance"})
