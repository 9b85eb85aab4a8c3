"""Arms of an Archimedean spiral with Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from approxgan.core.settings import is_finite, require_count, require_positive, shown
from approxgan.datasets._density import Density

RADIUS = 2.0
"""Distance of the arms' ends from the origin, in data units."""
MOST_TURNS = 100
MOST_ARMS = 10_000
NEWTON_STEPS = 8


@dataclass(frozen=True)
class Spiral(Density):
    """Equally likely arms, each uniform along its length, plus noise.

    Along an arm the radius grows in proportion to the angle, from 0 at the origin to ``RADIUS``
    after ``turns`` turns counter-clockwise. Arm k = 0, 1, ... is the first, which leaves the
    origin along the positive x axis, turned by 2πk / arms. Raises ``ValueError`` for settings
    out of range.
    """

    arms: int
    """Number of arms."""
    turns: float
    """Full turns of an arm from its start to its end."""
    noise: float
    """Standard deviation of the noise along each axis, in data units."""

    def __post_init__(self) -> None:
        require_count("arms", self.arms, most=MOST_ARMS)
        if not (is_finite(self.turns) and 0 < self.turns <= MOST_TURNS):
            raise ValueError(
                f"turns is {shown(self.turns)}; accepted: a number above 0, up to {MOST_TURNS}"
            )
        require_positive("noise", self.noise)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: fresh draws of the density."""
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


variant = Spiral
