"""The sliced Wasserstein distance of two samples."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from approxgan.core.protocols import Dataset, Score, Truth
from approxgan.core.settings import Checked, whole
from approxgan.metrics._points import checked

MOST = 10_000
"""Directions: the error of their mean is then beyond what samples resolve."""
MOST_NUMBERS = 10**8
"""Coordinates along directions, 0.8 GB."""
SEED = 0
"""Of the directions outside the plane: part of the definition, like the angles within it."""


@dataclass(frozen=True)
class SlicedWasserstein(Checked):
    """W2 along lines: the root of the mean over directions u of W2²(⟨x, u⟩, ⟨y, u⟩).

    In data units (Bonneel et al., 2015). Biased upwards in finite samples: read it beside the null
    of true samples. The directions are fixed.
    """

    projections: Annotated[int, whole(most=MOST)]
    """Number of directions."""

    directions: ClassVar = {"sliced_wasserstein": "lower"}

    def refuses(self, samples: int, dataset: Dataset) -> str | None:
        """All points are held along all directions."""
        most = MOST_NUMBERS // max(samples, dataset.dim)
        if self.projections <= most:
            return None
        return f"projections is {self.projections}; accepted: up to {most} with {samples} samples"

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")
        units = self.units(reference.shape[1])
        # Seen from there, so that a large offset takes no digits from what differs.
        centre = reference.mean(axis=0)
        target = _sorted(reference - centre, units)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])
            source = _sorted(samples - centre, units)
            return {"sliced_wasserstein": float(np.sqrt(_squared(source, target).mean()))}

        return score

    def units(self, dim: int) -> np.ndarray:
        """[projections, dim]: the unit vectors projected on.

        In the plane they are equally spaced over the half circle, which averages W2² of a shift or
        a change of scale exactly. The first is half a gap off the x axis, as the modes of a grid
        hide one another along the axes. In other dimensions they are independent and uniform.
        """
        if dim == 2:
            angles = np.pi * (np.arange(self.projections) + 0.5) / self.projections
            return np.stack([np.cos(angles), np.sin(angles)], axis=1)
        vectors = np.random.default_rng(SEED).standard_normal((self.projections, dim))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _sorted(points: np.ndarray, units: np.ndarray) -> np.ndarray:
    """[projections, n]: the coordinates along each direction, ascending."""
    return np.sort(units @ points.T, axis=1)


def _squared(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[projections]: W2² of the rows of sorted x [projections, n] and y [projections, m]."""
    n, m = x.shape[1], y.shape[1]
    if n == m:
        return np.mean((x - y) ** 2, axis=1)
    # Quantile functions are constant between the levels i/n and j/m: whole numbers of 1/(n m).
    levels = np.union1d(m * np.arange(1, n + 1), n * np.arange(1, m + 1))
    widths = np.diff(levels, prepend=0) / (n * m)
    return (x[:, (levels - 1) // m] - y[:, (levels - 1) // n]) ** 2 @ widths
