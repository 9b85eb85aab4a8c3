"""All pairs of points, a block of distances at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist, pdist

ROWS = 64
"""Rows of distances held at once: 64 x 2500 float64 are 1.3 MB and stay in the cache."""

Length = Literal["euclidean", "sqeuclidean"]


def between(x: np.ndarray, y: np.ndarray, length: Length) -> Iterator[np.ndarray]:
    """The distances of every x_i to every y_j, in blocks that may be overwritten."""
    for i in range(0, len(x), ROWS):
        yield cdist(x[i : i + ROWS], y, length)


def within(x: np.ndarray, length: Length) -> Iterator[np.ndarray]:
    """The distances of x_i to x_j for i < j, in blocks that may be overwritten."""
    for i in range(0, len(x), ROWS):
        block, rest = x[i : i + ROWS], x[i + ROWS :]
        yield pdist(block, length)
        yield cdist(block, rest, length)


def pairs(x: np.ndarray) -> float:
    """How many pairs i < j there are."""
    return len(x) * (len(x) - 1) / 2
