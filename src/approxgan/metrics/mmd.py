"""The squared maximum mean discrepancy of two samples under Gaussian kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import MOST_SAMPLES, require_count, require_positive, shown
from approxgan.metrics._distances import between, pairs, within
from approxgan.metrics._points import checked

LEAST = -700.0
"""Exponents are raised to this, exp(-700) = 1e-304: exp is slow where it underflows."""


@dataclass(frozen=True)
class Mmd:
    """E k(x, x') + E k(y, y') - 2 E k(x, y), k(x, y) = mean over b of exp(-‖x - y‖² / 2b²).

    The U-statistic of Gretton et al. (2012): x and x' are distinct samples, y and y' distinct
    reference points, so the expectation over samples of the true density is exactly 0 and single
    values may be negative: they are never clipped. Between 0 and 2 in expectation, without unit.
    The bandwidths b are fixed: a median chosen anew for each sample would not be comparable
    between runs. The first ``points`` of each side are compared (all, where there are fewer).
    Raises ``ValueError`` for settings out of range.
    """

    bandwidths: Sequence[float]
    """In data units; the kernels' weights are equal."""
    points: int
    """Of each side: 2 or more."""

    directions: ClassVar = {"mmd2": "lower"}

    def __post_init__(self) -> None:
        require_count("points", self.points, least=2, most=MOST_SAMPLES)
        if not isinstance(self.bandwidths, list | tuple) or not self.bandwidths:
            raise ValueError(
                f"bandwidths is {shown(self.bandwidths)}; accepted: a list of numbers above 0"
            )
        for bandwidth in self.bandwidths:
            require_positive("bandwidths", bandwidth)

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")[: self.points]
        own = self._total(within(reference, "sqeuclidean")) / pairs(reference)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])[: self.points]
            cross = self._total(between(samples, reference, "sqeuclidean"))
            cross /= len(samples) * len(reference)
            inner = self._total(within(samples, "sqeuclidean")) / pairs(samples)
            return {"mmd2": inner + own - 2 * cross}

        return score

    def _total(self, blocks: Iterable[np.ndarray]) -> float:
        """Σ k over blocks of squared distances."""
        total = 0.0
        for squared in blocks:
            exponent = np.empty_like(squared)
            for bandwidth in self.bandwidths:
                np.multiply(squared, -0.5 / bandwidth**2, out=exponent)
                np.maximum(exponent, LEAST, out=exponent)
                total += float(np.exp(exponent, out=exponent).sum())
        return total / len(self.bandwidths)


variant = Mmd
