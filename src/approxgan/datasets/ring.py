"""Gaussians equally spaced on a circle."""

from dataclasses import dataclass
from typing import Annotated

from approxgan.core.protocols import Modes
from approxgan.core.settings import Positive, whole
from approxgan.datasets._density import MOST_MODES, Mixture, circle


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
        return circle(self.count, self.radius, self.sigma)
