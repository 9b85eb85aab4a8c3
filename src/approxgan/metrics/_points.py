"""What every metric asks of the points it is given."""

import numpy as np

LARGEST = 1e150
"""Beyond this, squared distances overflow: compiled code would take them for infinite silently."""


def checked(points: np.ndarray, name: str, dim: int | None = None) -> np.ndarray:
    """The points as [n, dim] float64.

    Raises ``ValueError`` unless there are at least two finite points, of ``dim`` columns where
    that is given; ``FloatingPointError`` for finite points too large for float64 distances.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2 or points.shape[1] < 1:
        raise ValueError(
            f"{name} have shape {points.shape}; accepted: [n, dim], n at least 2, dim at least 1"
        )
    if dim is not None and points.shape[1] != dim:
        raise ValueError(
            f"{name} have {points.shape[1]} columns; accepted: {dim}, as what they are compared to"
        )
    unusable = int((~np.isfinite(points).all(axis=1)).sum())
    if unusable:
        raise ValueError(f"{unusable} of {len(points)} {name} are not finite; accepted: none")
    if np.abs(points).max() > LARGEST:
        raise FloatingPointError(f"{name} lie beyond {LARGEST:g}: their distances overflow")
    return points
