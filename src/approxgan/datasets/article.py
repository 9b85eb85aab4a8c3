"""The article's data: 1000 points of a standard normal in the plane."""

from dataclasses import dataclass

import numpy as np

SEED, POINTS = 0, 1000


@dataclass(frozen=True)
class Article:
    """``np.random.seed(0); X = np.random.randn(1000, 2)``, drawn from N(0, I)."""

    dim = 2

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((n, self.dim))

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[1000, 2] float64: the article's points; raises ``ValueError`` for any other n."""
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
        """None: as one mode, nearly every generator would capture it."""
        return None
