"""How a run ended: divergence, vanishing gradients and the spread of its losses."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.core.protocols import PLAYERS
from approxgan.storage.tables import COUNTS

SHORTEST = 8
"""The fewest values in which a period is sought."""


def first_stretch(steps: np.ndarray, low: np.ndarray, length: int) -> int | None:
    """Start of the first stretch of traced steps, at least ``length`` long, where ``low`` holds.

    steps [T] increasing, low [T] booleans; None without one.
    """
    start = None
    for step, under in zip(steps.tolist(), low.tolist(), strict=True):
        if not under:
            start = None
            continue
        start = step if start is None else start
        if step - start >= length:
            return start
    return None


def dominant_period(values: np.ndarray, spacing: float) -> tuple[float, float]:
    """Period of the largest peak of the periodogram, in units of ``spacing``, and its share.

    values [T] equally spaced, their linear trend removed; the share is of the variance that is
    left. (NaN, NaN) for fewer than 8 values or values without variance.
    """
    if len(values) < SHORTEST:
        return np.nan, np.nan
    # A second to load, for one table of many.
    from scipy import signal

    frequency, power = signal.periodogram(values, detrend="linear")
    total = power[1:].sum()
    # What detrending leaves of equal values is rounding.
    if not total > (1e-12 * np.abs(values).max()) ** 2:
        return np.nan, np.nan
    peak = 1 + int(power[1:].argmax())
    return float(spacing / frequency[peak]), float(power[peak] / total)


def vanishing(
    arrays: Mapping[str, np.ndarray], row: int, training: Mapping[str, Any]
) -> tuple[int | None, str]:
    """Step and player of the first vanished gradient of one seed; (None, '') without one."""
    found = []
    for player in PLAYERS:
        low = arrays[f"{player}_gradient_norm"][:, row] < training["vanishing_threshold"]
        start = first_stretch(arrays["step"], low, training["vanishing_steps"])
        if start is not None:
            found.append((start, player))
    return min(found) if found else (None, "")


def of(arrays: Mapping[str, np.ndarray], row: int, training: Mapping[str, Any]) -> dict[str, Any]:
    """The table ``outcomes``' columns for one seed of a trace."""
    diverged_step = int(arrays["diverged_step"][row])
    vanished_step, player = vanishing(arrays, row, training)
    result: dict[str, Any] = {
        "steps": training["steps"],
        "diverged": diverged_step >= 0,
        "diverged_step": diverged_step if diverged_step >= 0 else pd.NA,
        "vanished": vanished_step is not None,
        "vanished_step": pd.NA if vanished_step is None else vanished_step,
        "vanished_player": player,
        **{name: int(arrays[f"{name}_total"]) for name in COUNTS},
    }
    late = arrays["step"] >= training["steps"] / 2
    for name in PLAYERS:
        losses = arrays[f"{name}_loss"][late, row]
        losses = losses[np.isfinite(losses)]
        result[f"{name}_loss_mean"] = losses.mean() if len(losses) else np.nan
        result[f"{name}_loss_variance"] = losses.var(ddof=1) if len(losses) > 1 else np.nan
        period, share = dominant_period(losses, training["trace_every"])
        result[f"{name}_loss_period"], result[f"{name}_loss_period_share"] = period, share
    return result
