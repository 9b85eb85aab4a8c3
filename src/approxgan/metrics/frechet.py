"""The Fréchet distance of two samples' means and covariances."""

from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._points import checked


class Frechet(Checked):
    """‖m - m'‖² + tr(C + C' - 2 (C C')^½) of means and covariances, in squared data units.

    The squared W2 of two Gaussians (Dowson and Landau, 1982) and the formula of the FID;
    covariances with ddof = 1. Blind to everything but the first two moments. Rounding may put it
    below 0 by about 1e-16 of the variance.
    """

    directions: ClassVar = {"frechet_distance": "lower"}

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")
        # Seen from there, so that a large offset takes no digits from what differs.
        centre = reference.mean(axis=0)
        root_reference = _root(reference - centre)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1]) - centre
            shift = samples.mean(axis=0) - (reference - centre).mean(axis=0)
            root = _root(samples)
            spread = np.sum(root**2) + np.sum(root_reference**2)
            # With C = A A, C' = B B, tr (C C')^½ is the sum of the singular values of A B: unlike
            # a root of C C' it stays real and accurate where a covariance is singular.
            overlap = np.linalg.norm(root @ root_reference, ord="nuc")
            return {"frechet_distance": float(shift @ shift + spread - 2 * overlap)}

        return score


def _root(points: np.ndarray) -> np.ndarray:
    """[dim, dim]: the symmetric square root of the covariance."""
    covariance = np.atleast_2d(np.cov(points, rowvar=False, ddof=1))
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
