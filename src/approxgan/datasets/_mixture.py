"""What the mixtures of Gaussians share."""

from __future__ import annotations

import numpy as np

from approxgan.core.protocols import Modes

MOST_MODES = 10_000


def draw(modes: Modes, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, dim] float64: independent draws, each from a mode chosen with equal probability."""
    count, dim = modes.centres.shape
    chosen = rng.integers(count, size=n)
    return modes.centres[chosen] + modes.sigma * rng.standard_normal((n, dim))
