"""A ring of Gaussians of which the points are rounded to a grid."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from scipy.special import ndtr

from approxgan.core.protocols import Law
from approxgan.core.settings import Positive, number, whole
from approxgan.datasets._density import MOST_MODES, Density, circle, drawn

FAR = 6.0
"""Standard deviations beyond the centres up to which cells are listed: 2e-9 lies beyond."""
MOST_CELLS = 150
"""On either side of the origin, in one column."""


@dataclass(frozen=True)
class RoundedRing(Density):
    """δ · ⌊x / δ + 1/2⌋ in both columns, x of a ``ring``: what can be is a finite list of cells.

    The probability of a cell is the mean over modes of the product of two differences of the
    normal distribution function.
    """

    count: Annotated[int, whole(most=MOST_MODES)]
    radius: Positive
    sigma: Positive
    """These three as in ``ring``."""
    grid: Annotated[float, number(lambda g: g > 0 and math.frexp(g)[0] == 0.5, "a power of 2")]
    """δ, in data units; its multiples are the same numbers in every precision."""

    def __post_init__(self) -> None:
        super().__post_init__()
        least = (self.radius + FAR * self.sigma) / MOST_CELLS
        if self.grid < least:
            raise ValueError(
                f"grid is {self.grid:g}; accepted: {least:g} or more, for at most {MOST_CELLS} "
                "cells on either side of the origin"
            )

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        points = drawn(circle(self.count, self.radius, self.sigma), n, rng)
        return self.grid * np.floor(points / self.grid + 0.5)

    @property
    def _reach(self) -> int:
        """Cells on either side of the origin."""
        return math.ceil((self.radius + FAR * self.sigma) / self.grid)

    @cached_property
    def law(self) -> Law:
        """What is known of the density: its cells, and their probabilities."""
        reach = self._reach
        line = np.arange(-reach, reach + 1.0)
        edges = self.grid * (np.append(line, reach + 1.0) - 0.5)
        # [modes, columns, cells of a line]
        modes = circle(self.count, self.radius, self.sigma)
        shares = np.diff(ndtr((edges - modes.centres[..., None]) / modes.sigma))
        joint = np.einsum("mi,mj->ij", shares[:, 0], shares[:, 1]).ravel() / self.count
        cells = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
        return Law(None, self.grid * cells, joint / joint.sum())

    @property
    def support(self) -> int:
        return (2 * self._reach + 1) ** 2
