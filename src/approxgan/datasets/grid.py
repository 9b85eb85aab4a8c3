"""Gaussians on a square grid."""

from dataclasses import dataclass
from math import isqrt
from typing import Annotated

import numpy as np

from approxgan.core.protocols import Modes
from approxgan.core.settings import Positive, whole
from approxgan.datasets._density import MOST_MODES, Mixture


@dataclass(frozen=True)
class Grid(Mixture):
    """An equal mixture of side² isotropic Gaussians on a square grid centred on the origin.

    Side 5 and spacing 2 put them at {-4, -2, 0, 2, 4}².
    """

    side: Annotated[int, whole(most=isqrt(MOST_MODES))]
    """Number of modes along each axis."""
    spacing: Positive
    """Distance between neighbouring centres, in data units."""
    sigma: Positive
    """Standard deviation of a mode along each axis, in data units."""

    def modes(self) -> Modes:
        """The modes, column by column from the lower left: centres [side², 2]."""
        along = self.spacing * (np.arange(self.side) - (self.side - 1) / 2)
        x, y = np.meshgrid(along, along, indexing="ij")
        return Modes(np.stack([x.ravel(), y.ravel()], axis=1), self.sigma)
