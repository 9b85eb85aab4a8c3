"""What densities that can be drawn from at will have in common."""

from abc import ABC, abstractmethod

import numpy as np

from approxgan.core.protocols import Modes
from approxgan.core.settings import Checked

MOST_MODES = 10_000


class Density(Checked, ABC):
    """A density in the plane that is drawn from for training too, and states no modes."""

    dim = 2

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64"""

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.sample(n, rng)

    def modes(self) -> Modes | None:
        return None


class Mixture(Density):
    """An equal mixture of the Gaussians that ``modes`` states."""

    @abstractmethod
    def modes(self) -> Modes:
        """The modes, in a fixed order: centres [M, 2]."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return drawn(self.modes(), n, rng)


def drawn(modes: Modes, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, 2]: points of an equal mixture."""
    chosen = rng.integers(len(modes.centres), size=n)
    return modes.centres[chosen] + modes.sigma * rng.standard_normal((n, 2))


def circle(count: int, radius: float, sigma: float) -> Modes:
    """Modes equally spaced on a circle, counter-clockwise from the positive x axis."""
    # Without endpoint=False the last mode would be the first again, at angle 2π.
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return Modes(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), sigma)
