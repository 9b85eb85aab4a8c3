"""Uniform on the black squares of a board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from approxgan.core.settings import require_count, require_positive
from approxgan.datasets._density import Density

MOST_SQUARES = 1_000_000
"""Along an edge."""


@dataclass(frozen=True)
class Checkerboard(Density):
    """Uniform on every other square of a board centred on the origin; its lower left is black.

    Raises ``ValueError`` for settings out of range.
    """

    side: int
    """Squares along each edge of the board, 2 or more."""
    width: float
    """Length of each edge of the board, in data units."""

    def __post_init__(self) -> None:
        require_count("side", self.side, least=2, most=MOST_SQUARES)
        require_positive("width", self.width)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: fresh draws of the density."""
        # Black squares are the even ones, counted column by column where side is odd. Where it is
        # even, every other column begins with a white one.
        number = 2 * rng.integers((self.side**2 + 1) // 2, size=n)
        column, row = np.divmod(number, self.side)
        if self.side % 2 == 0:
            row += column % 2
        chosen = np.stack([column, row], axis=1)
        return self.width * ((chosen + rng.random((n, self.dim))) / self.side - 0.5)


variant = Checkerboard
