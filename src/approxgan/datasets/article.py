"""The article's data: 1000 points of a standard normal in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED, POINTS = 0, 1000


@dataclass(frozen=True)
class Article:
    """``np.random.seed(0); X = np.random.randn(1000, 2)``, drawn from N(0, I)."""

    dim = 2

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, 2] float64: fresh draws of N(0, I)."""
        return rng.standard_normal((n, self.dim))

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[1000, 2] float64: exactly the article's points, whatever ``rng`` is.

        They come from a legacy generator of their own: NumPy's global state stays as it was.
        Raises ``ValueError`` for any other n.
        """
        reason = self.refuses(n)
        if reason is not None:
            raise ValueError(reason)
        return np.random.RandomState(SEED).randn(POINTS, self.dim)

    def refuses(self, points: int) -> str | None:
        """The article's data set is fixed."""
        if points == POINTS:
            return None
        return f"points is {points}; the article's data set is fixed; accepted: {POINTS}"

    def modes(self) -> None:
        """None: a single Gaussian is not a mixture.

        As one mode, nearly every generator would capture it, and a generator that collapsed to the
        origin would have the best score. Distances between distributions detect both failures.
        """
        return None


variant = Article
