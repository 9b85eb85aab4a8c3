"""Which samples belong to which mode."""

from __future__ import annotations

import numpy as np

from approxgan.core.protocols import Modes
from approxgan.metrics._nearest import nearest

RADIUS = 3.0
"""A sample belongs to a mode within this many of its standard deviations."""


def held(samples: np.ndarray, modes: Modes) -> np.ndarray:
    """[M]: the samples within 3 sigma of a mode that are nearest to it."""
    distances, owner = nearest(samples, modes.centres, 1)
    owner = owner[distances <= RADIUS * modes.sigma]
    return np.bincount(owner, minlength=len(modes.centres))


def reached(samples: np.ndarray, modes: Modes) -> np.ndarray:
    """[M]: whether any sample is within 3 sigma of a mode."""
    return nearest(modes.centres, samples, 1)[0][:, 0] <= RADIUS * modes.sigma
