"""The textbook's errors of the modes at a step, and the likeness that follows from them."""

from __future__ import annotations

import numpy as np

COORDINATE = ("forward_difference", "central_difference")
RANDOM = ("uniform_shift", "random_direction", "spsa")
PLAIN = ("exact", "subgradient", "perturbed_start", "forward_gradient")
TRUE = PLAIN[:3]
"""Modes whose gradient is the exact one."""
CONTROLS = ("noisy_exact", "masked_exact")
RULES = ("dtype", "adaptive")
ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
DIMENSION = {"generator": 29_698, "discriminator": 17_025}


def chosen(mode: str, dtype: str) -> float:
    """ε where the rule dtype chooses it."""
    return (2 * ROUNDOFF[dtype]) ** (1 / 3 if mode == "central_difference" else 1 / 2)


def cosine(mode: str, epsilon: float, dtype: str, player: str) -> float:
    """Signal over signal and error, by the laws the figures draw."""
    if mode in TRUE:
        return 1.0 if dtype == "float64" else 1 - 1e-7
    return float(1 / np.hypot(1, relative_error(mode, epsilon, dtype, player)))


def relative_error(mode: str, epsilon: float, dtype: str, player: str) -> float:
    p, u = DIMENSION[player], ROUNDOFF[dtype]
    if mode in TRUE:
        return u * 3
    if mode == "forward_gradient":
        return float(np.sqrt(p + 1))
    epsilon = chosen(mode, dtype) if np.isnan(epsilon) else epsilon
    rounding = np.sqrt(2 * p) * u * 1.4 / epsilon / 0.3
    truncation = {"central_difference": 40 * epsilon**2}.get(mode, 20 * epsilon)
    floor = {"uniform_shift": 90.0, "random_direction": 43.0, "spsa": 42.9}.get(mode, 0.0)
    return float(np.sqrt(rounding**2 + truncation**2 + floor**2))
