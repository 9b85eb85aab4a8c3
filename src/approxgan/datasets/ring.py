"""Gaussians equally spaced on a circle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from approxgan.core.protocols import Modes
from approxgan.core.settings import require_count, require_positive
from approxgan.datasets._density import MOST_MODES, Mixture


@dataclass(frozen=True)
class Ring(Mixture):
    """An equal mixture of isotropic Gaussians at the angles 2πk / count, k = 0, 1, ...

    The first mode lies on the positive x axis. Raises ``ValueError`` for settings out of range.
    """

    count: int
    """Number of modes."""
    radius: float
    """Distance of the modes' centres from the origin, in data units."""
    sigma: float
    """Standard deviation of a mode along each axis, in data units."""

    def __post_init__(self) -> None:
        require_count("count", self.count, most=MOST_MODES)
        require_positive("radius", self.radius)
        require_positive("sigma", self.sigma)

    def modes(self) -> Modes:
        """The modes, counter-clockwise: centres [count, 2]."""
        # Without endpoint=False the last mode would be the first again, at angle 2π.
        angles = np.linspace(0, 2 * np.pi, self.count, endpoint=False)
        centres = self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return Modes(centres, self.sigma)


variant = Ring
