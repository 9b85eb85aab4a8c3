"""The energy distance of two samples."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._distances import between, pairs, within
from approxgan.metrics._points import checked


class EnergyDistance(Checked):
    """2 E‖x - y‖ - E‖x - x'‖ - E‖y - y'‖ as a U-statistic, in data units.

    x and x' are distinct samples, y and y' distinct reference points, so that true samples have
    an expectation of exactly 0, and single values may be negative. Zero in expectation only where
    the densities agree (Székely and Rizzo, 2013).
    """

    directions: ClassVar = {"energy_distance": "lower"}

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")
        own = _within(reference)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])
            cross = _total(between(samples, reference, "euclidean"))
            cross /= len(samples) * len(reference)
            return {"energy_distance": 2 * cross - _within(samples) - own}

        return score


def _within(x: np.ndarray) -> float:
    return _total(within(x, "euclidean")) / pairs(x)


def _total(blocks: Iterable[np.ndarray]) -> float:
    return sum(float(block.sum()) for block in blocks)
