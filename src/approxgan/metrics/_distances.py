"""Distances between points: all pairs in blocks, nearest neighbours, and balls around points.

Neighbours are found by a tree in few dimensions, by all distances in many.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Literal

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist, pdist

from approxgan.core.protocols import Modes

ROWS = 64
"""Rows of distances held at once: 64 x 2500 float64 are 1.3 MB and stay in the cache."""

Length = Literal["euclidean", "sqeuclidean"]
TREE_DIM = 10
"""In more dimensions than this a tree visits nearly every point and only adds overhead."""
TIE = 1e-14
"""Distances apart by this part of themselves are equal: more than rounding makes of them."""
RADIUS = 3.0
"""A sample belongs to a mode within this many of its standard deviations."""


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


def distinct(points: np.ndarray) -> np.ndarray:
    """The points without those that equal an earlier one, in their order."""
    # Bytes sort faster than rows of numbers. -0.0 equals 0.0 and has other bytes.
    rows = np.ascontiguousarray(points + 0.0)
    _, first = np.unique(rows.view(f"V{rows.strides[0]}")[:, 0], return_index=True)
    return points[np.sort(first)]


def nearest(points: np.ndarray, among: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(distances [n, k] in ascending order, indices [n, k]) of each point's k nearest.

    Which of several equally far points come last is arbitrary, but always the same.
    """
    if points.shape[1] <= TREE_DIM:
        distances, indices = KDTree(among).query(points, np.arange(1, k + 1))
        return distances, indices
    blocks = [_nearest(points[i : i + ROWS], among, k) for i in range(0, len(points), ROWS)]
    distances, indices = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return distances, indices


def _nearest(points: np.ndarray, among: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    distances = cdist(points, among)
    chosen = np.argpartition(distances, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(distances, chosen, axis=1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(chosen, order, axis=1)


def balls(
    centres: np.ndarray, radii: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(points in each closed ball [n], whether each point is in some ball [m]).

    The ball of a centre reaches to a point measured elsewhere: ties count as inside.
    """
    radii = radii * (1 + TIE)
    inside = np.zeros(len(points), dtype=bool)
    counts = np.empty(len(centres), dtype=np.intp)
    tree = KDTree(points) if centres.shape[1] <= TREE_DIM else None
    # In blocks, as every ball may hold every point.
    for i in range(0, len(centres), ROWS):
        block, reach = centres[i : i + ROWS], radii[i : i + ROWS]
        if tree is not None:
            found = tree.query_ball_point(block, reach)
            counts[i : i + ROWS] = [len(held) for held in found]
            inside[np.fromiter(chain.from_iterable(found), dtype=np.intp)] = True
        else:
            near = cdist(block, points) <= reach[:, None]
            counts[i : i + ROWS] = near.sum(axis=1)
            inside |= near.any(axis=0)
    return counts, inside


def held(samples: np.ndarray, modes: Modes) -> np.ndarray:
    """[M]: the samples within 3 sigma of a mode that are nearest to it."""
    distances, owner = nearest(samples, modes.centres, 1)
    owner = owner[distances <= RADIUS * modes.sigma]
    return np.bincount(owner, minlength=len(modes.centres))


def reached(samples: np.ndarray, modes: Modes) -> np.ndarray:
    """[M]: whether any sample is within 3 sigma of a mode."""
    return nearest(modes.centres, samples, 1)[0][:, 0] <= RADIUS * modes.sigma
