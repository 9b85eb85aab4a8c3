"""The squared maximum mean discrepancy of two samples under Gaussian kernels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import MOST_SAMPLES, POSITIVE, Checked, several, whole
from approxgan.metrics._distances import between, pairs, within
from approxgan.metrics._points import checked

LEAST = -700.0
"""Exponents are raised to this, exp(-700) = 1e-304: exp is slow where it underflows."""


@dataclass(frozen=True)
class Mmd(Checked):
    """E k(x, x') + E k(y, y') - 2 E k(x, y), k(x, y) = mean over b of exp(-‖x - y‖² / 2b²).

    The U-statistic of Gretton et al. (2012): x and x' are distinct samples, y and y' distinct
    reference points, so that true samples have an expectation of exactly 0, and single values may
    be negative. The bandwidths b are fixed: medians of each sample would not be comparable between
    runs. The first ``points`` of each side are compared (all, where there are fewer).
    """

    bandwidths: Annotated[Sequence[float], several(POSITIVE, "a list of numbers above 0")]
    """In data units; the kernels' weights are equal."""
    points: Annotated[int, whole(least=2, most=MOST_SAMPLES)]
    """Of each side."""

    directions: ClassVar = {"mmd2": "lower"}

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
