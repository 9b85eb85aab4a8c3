"""Two interleaved half circles with Gaussian noise."""

from dataclasses import dataclass

import numpy as np

from approxgan.core.settings import Positive
from approxgan.datasets._density import Density


@dataclass(frozen=True)
class Moons(Density):
    """The half circles of scikit-learn's ``make_moons``, equally likely; t uniform on [0, π].

    (cos t, sin t) and (1 - cos t, 1/2 - sin t), plus noise. Unlike there, points are independent.
    """

    noise: Positive
    """Standard deviation of the noise along each axis, in data units."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        inner = rng.integers(2, size=n)
        angle = rng.uniform(0, np.pi, n)
        sign = 1 - 2 * inner
        curve = np.stack([inner + sign * np.cos(angle), inner / 2 + sign * np.sin(angle)], axis=1)
        return curve + self.noise * rng.standard_normal((n, self.dim))
