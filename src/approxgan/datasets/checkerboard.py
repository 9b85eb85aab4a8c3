"""Uniform on the black squares of a board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from approxgan.datasets._mixture import require_count, require_length


@dataclass(frozen=True)
class Checkerboard:
    """Uniform on every other square of a board centred on the origin; its lower left is black.

    Raises ``ValueError`` for settings out of range.
    """

    side: int
    """Squares along each edge of the board, 2 or more."""
    width: float
    """Length of each edge of the board, in data units."""

    dim = 2

    def __post_init__(self) -> None:
        require_count("side", self.side)
        if self.side < 2:
            raise ValueError(f"side is {self.side!r}; accepted: a whole number, 2 or more")
        require_length("width", self.width)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: fresh draws of the density."""
        column, row = np.indices((self.side, self.side))
        black = np.argwhere((column + row) % 2 == 0)  # [squares, 2]
        chosen = black[rng.integers(len(black), size=n)]
        return self.width * ((chosen + rng.random((n, self.dim))) / self.side - 0.5)

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: draws of the density, like ``sample``."""
        return self.sample(n, rng)

    def modes(self) -> None:
        """None: a square is not a Gaussian."""
        return None


variant = Checkerboard
