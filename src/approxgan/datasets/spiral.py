"""Arms of an Archimedean spiral with Gaussian noise."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from approxgan.core.settings import Positive, number, whole
from approxgan.datasets._density import Density

RADIUS = 2.0
"""Distance of the arms' ends from the origin, in data units."""
TURNS = number(lambda turns: 0 < turns <= 100, "a number above 0, up to 100")
NEWTON_STEPS = 8


@dataclass(frozen=True)
class Spiral(Density):
    """Equally likely arms, each uniform along its length, plus noise.

    Along an arm the radius grows in proportion to the angle, from 0 at the origin to ``RADIUS``
    after ``turns`` turns counter-clockwise. Arm k = 0, 1, ... is the first, which leaves the
    origin along the positive x axis, turned by 2πk / arms.
    """

    arms: Annotated[int, whole(most=10_000)]
    turns: Annotated[float, TURNS]
    """Full turns of an arm from its start to its end."""
    noise: Positive
    """Standard deviation of the noise along each axis, in data units."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        end = 2 * np.pi * self.turns
        angle = _angle(rng.random(n), end)
        direction = angle + 2 * np.pi * rng.integers(self.arms, size=n) / self.arms
        radius = RADIUS * angle / end
        curve = radius[:, None] * np.stack([np.cos(direction), np.sin(direction)], axis=1)
        return curve + self.noise * rng.standard_normal((n, self.dim))


def _angle(share: np.ndarray, end: float) -> np.ndarray:
    """The angle that a share of an arm's length lies before; the arm reaches to angle ``end``.

    The length of the curve r = φ is (φ √(1 + φ²) + asinh φ) / 2, inverted by Newton's method.
    """
    target = share * _twice_length(np.asarray(end))
    angle = end * np.sqrt(share)
    # Convex and increasing: from this start it has converged to rounding well before the last.
    for _ in range(NEWTON_STEPS):
        angle = angle - (_twice_length(angle) - target) / (2 * np.sqrt(1 + angle**2))
    return angle


def _twice_length(angle: np.ndarray) -> np.ndarray:
    return angle * np.sqrt(1 + angle**2) + np.arcsinh(angle)
