"""Nearest neighbours: by a tree in few dimensions, by all distances in many."""

from __future__ import annotations

from itertools import chain

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from approxgan.metrics._pairs import ROWS

TREE_DIM = 10
"""In more dimensions than this a tree visits nearly every point and only adds overhead."""
SAME = 1e-9
"""Points closer than this part of the data's extent are copies, apart by rounding at most."""


def copies_within(points: np.ndarray) -> float:
    """The distance up to which points of this extent count as copies of one another."""
    return SAME * float(np.ptp(points, axis=0).max())


def distinct(points: np.ndarray) -> np.ndarray:
    """The points without those that are copies of an earlier one, in their order.

    A density known by its points alone is sampled with replacement, and repeats them.
    """
    # Comparing rows exactly would miss copies: a matrix product may round equal rows differently.
    found = KDTree(points).query_pairs(copies_within(points), output_type="ndarray")
    keep = np.ones(len(points), dtype=bool)
    keep[found[:, 1]] = False
    return points[keep]


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
    """(points in each closed ball [n], whether each point is in some ball [m])."""
    inside = np.zeros(len(points), dtype=bool)
    if centres.shape[1] <= TREE_DIM:
        found = KDTree(points).query_ball_point(centres, radii)
        inside[np.fromiter(chain.from_iterable(found), dtype=np.intp)] = True
        return np.fromiter(map(len, found), dtype=np.intp), inside
    counts = np.empty(len(centres), dtype=np.intp)
    for i in range(0, len(centres), ROWS):
        near = cdist(centres[i : i + ROWS], points) <= radii[i : i + ROWS, None]
        counts[i : i + ROWS] = near.sum(axis=1)
        inside |= near.any(axis=0)
    return counts, inside
