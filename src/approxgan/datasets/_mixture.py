"""What the mixtures of Gaussians share: their draws and the rules for their settings."""

from __future__ import annotations

import math

import numpy as np

from approxgan.core.protocols import Modes


def draw(modes: Modes, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, dim] float64: independent draws, each from a mode chosen with equal probability."""
    count, dim = modes.centres.shape
    chosen = rng.integers(count, size=n)
    return modes.centres[chosen] + modes.sigma * rng.standard_normal((n, dim))


def require_count(name: str, value: int) -> None:
    """Raise ``ValueError`` unless value is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; accepted: a whole number, 1 or more")


def require_length(name: str, value: float) -> None:
    """Raise ``ValueError`` unless value is a finite number above 0."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value!r}; accepted: a finite number above 0, in data units")
