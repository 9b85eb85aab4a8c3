"""Handwritten digits: scikit-learn's 1797 images of 8 by 8 pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from approxgan.core.settings import Share, whole
from approxgan.datasets._rows import Rows, Split, split

WHITEST = 16
"""Largest value of a pixel in the images as they come; the smallest is 0."""


@dataclass(frozen=True)
class Digits(Rows):
    """A row is an image, its pixels row by row, scaled from {0, ..., 16} to [-1, 1].

    A fixed permutation splits the images; the true density is the empirical distribution of the
    held-out ones.
    """

    held_out: Share
    """Share of the images kept from training, between 0 and 1."""
    components: int
    """Principal components of the view ``pca``."""

    dim = 64
    image = (8, 8)

    def __post_init__(self) -> None:
        super().__post_init__()
        # No more than pixels, nor than training images.
        whole(most=min(self.rows().training.shape)).check("components", self.components)

    def rows(self) -> Split:
        return _images(self.held_out)

    def views(self) -> Mapping[str, Callable[[np.ndarray], np.ndarray]]:
        """``pca``: [n, 64] -> [n, components], the principal components of the training part."""
        mean, axes = _principal(self.held_out, self.components)
        # Not by a matrix product, which may round equal rows differently.
        return {"pca": lambda images: np.einsum("nd,kd->nk", images - mean, axes)}


@cache
def _images(held_out: Share) -> Split:
    from sklearn.datasets import load_digits

    pixels = load_digits().data  # [1797, 64]
    return split(2 * pixels / WHITEST - 1, held_out)


@cache
def _principal(held_out: Share, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean [64] and principal axes [components, 64] of all training images."""
    from sklearn.decomposition import PCA

    fitted = PCA(components, svd_solver="full").fit(_images(held_out).training)
    return fitted.mean_, fitted.components_
