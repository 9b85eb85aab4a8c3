"""How a run ended: divergence, vanishing gradients and the spread of its losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.core import PLAYERS


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
        "forwards": int(arrays["forwards_total"]),
        "backwards": int(arrays["backwards_total"]),
    }
    late = arrays["step"] >= training["steps"] / 2
    for name in PLAYERS:
        losses = arrays[f"{name}_loss"][late, row]
        losses = losses[np.isfinite(losses)]
        result[f"{name}_loss_mean"] = losses.mean() if len(losses) else np.nan
        result[f"{name}_loss_variance"] = losses.var(ddof=1) if len(losses) > 1 else np.nan
    return result
