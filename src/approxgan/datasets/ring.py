"""Gaussians equally spaced on a circle."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from approxgan.core.protocols import Modes
from approxgan.core.settings import Positive, whole
from approxgan.datasets._density import MOST_MODES, Mixture


@dataclass(frozen=True)
class Ring(Mixture):
    """An equal mixture of isotropic Gaussians at the angles 2πk / count, k = 0, 1, ...

    The first mode lies on the positive x axis.
    """

    count: Annotated[int, whole(most=MOST_MODES)]
    """Number of modes."""
    radius: Positive
    """Distance of the modes' centres from the origin, in data units."""
    sigma: Positive
    """Standard deviation of a mode along each axis, in data units."""

    def modes(self) -> Modes:
        """The modes, counter-clockwise: centres [count, 2]."""
        # Without endpoint=False the last mode would be the first again, at angle 2π.
        angles = np.linspace(0, 2 * np.pi, self.count, endpoint=False)
        centres = self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return Modes(centres, self.sigma)
