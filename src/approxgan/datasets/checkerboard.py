"""Uniform on the black squares of a board."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from approxgan.core.settings import Positive, whole
from approxgan.datasets._density import Density


@dataclass(frozen=True)
class Checkerboard(Density):
    """Uniform on every other square of a board centred on the origin; its lower left is black."""

    side: Annotated[int, whole(least=2, most=1_000_000)]
    """Squares along each edge of the board."""
    width: Positive
    """Length of each edge of the board, in data units."""

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        # Black squares are the even ones, counted column by column where side is odd. Where it is
        # even, every other column begins with a white one.
        number = 2 * rng.integers((self.side**2 + 1) // 2, size=n)
        column, row = np.divmod(number, self.side)
        if self.side % 2 == 0:
            row += column % 2
        chosen = np.stack([column, row], axis=1)
        return self.width * ((chosen + rng.random((n, self.dim))) / self.side - 0.5)
