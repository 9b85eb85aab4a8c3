"""The energy distance of two samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from approxgan.metrics._directions import better
from approxgan.metrics._pairs import between, pairs, within
from approxgan.metrics._points import checked
from approxgan.metrics._prepared import Prepared


@dataclass(frozen=True)
class EnergyDistance(Prepared):
    """2 E‖x - y‖ - E‖x - x'‖ - E‖y - y'‖ as a U-statistic, in data units.

    x and x' are distinct samples, y and y' distinct reference points, so the expectation over
    samples of the true density is exactly 0 and single values may be negative: they are never
    clipped. Zero in expectation only where the densities agree (Székely and Rizzo, 2013).
    """

    directions = better(energy_distance="lower")

    def against(self, reference: np.ndarray) -> Callable[[np.ndarray], dict[str, float]]:
        """The metric with the reference's own term computed once, for many samples."""
        reference = checked(reference, "reference points")
        own = _within(reference)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])
            cross = _total(between(samples, reference, "euclidean"))
            cross /= len(samples) * len(reference)
            return {"energy_distance": 2 * cross - _within(samples) - own}

        return score


def _within(x: np.ndarray) -> float:
    """The mean of ‖x_i - x_j‖ over i < j."""
    return _total(within(x, "euclidean")) / pairs(x)


def _total(blocks: Iterable[np.ndarray]) -> float:
    return sum(float(block.sum()) for block in blocks)


variant = EnergyDistance
