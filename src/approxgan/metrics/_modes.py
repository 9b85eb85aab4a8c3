"""Which samples belong to which mode."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from approxgan.core.protocols import Modes

RADIUS = 3.0
"""A sample belongs to a mode within this many of its standard deviations."""


def near(samples: np.ndarray, modes: Modes) -> tuple[np.ndarray, np.ndarray]:
    """(whether a sample is within 3 sigma of a mode [n, M], samples that each mode holds [M]).

    A mode holds the samples within 3 sigma that are nearest to it.
    """
    distances = cdist(samples, modes.centres)  # [n, M]
    close = distances <= RADIUS * modes.sigma
    nearest = distances.argmin(axis=1)[close.any(axis=1)]
    return close, np.bincount(nearest, minlength=len(modes.centres))
