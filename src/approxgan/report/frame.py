"""The part of the plane that the page's pictures of samples show."""

from __future__ import annotations

import numpy as np

MARGIN = 0.15
"""How far the frame reaches beyond the true points, as a share of their range."""


def square(true: np.ndarray) -> tuple[np.ndarray, float]:
    """Lower left corner and side of the frame of a data set; ``true`` is [n, 2]."""
    low, high = true.min(0), true.max(0)
    # One scale for both coordinates: a circle stays a circle.
    half = (0.5 + MARGIN) * float((high - low).max() or 1.0)
    return (low + high) / 2 - half, 2 * half
