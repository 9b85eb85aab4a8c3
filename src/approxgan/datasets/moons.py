"""Two interleaved half circles with Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from approxgan.core.settings import require_positive
from approxgan.datasets._density import Density


@dataclass(frozen=True)
class Moons(Density):
    """The half circles of scikit-learn's ``make_moons``, equally likely; t uniform on [0, π].

    (cos t, sin t) and (1 - cos t, 1/2 - sin t), plus noise. Unlike there, each point's half
    circle and t are drawn independently, so that the points are independent of one another.
    Raises ``ValueError`` for settings out of range.
    """

    noise: float
    """Standard deviation of the noise along each axis, in data units."""

    def __post_init__(self) -> None:
        require_positive("noise", self.noise)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: fresh draws of the density."""
        inner = rng.integers(2, size=n)
        angle = rng.uniform(0, np.pi, n)
        sign = 1 - 2 * inner
        curve = np.stack([inner + sign * np.cos(angle), inner / 2 + sign * np.sin(angle)], axis=1)
        return curve + self.noise * rng.standard_normal((n, self.dim))


variant = Moons
