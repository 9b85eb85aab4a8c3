"""Whether samples lie nearer to the training points than to fresh ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from approxgan.metrics._directions import better
from approxgan.metrics._nearest import TIE, distinct, nearest
from approxgan.metrics._points import checked
from approxgan.metrics._prepared import Prepared

if TYPE_CHECKING:
    from approxgan.core.protocols import Dataset

DIRECTIONS = better(nearer_to_training="neither")


@dataclass(frozen=True)
class Memorisation:
    """Share of samples that lie nearer to a training point than to any reference point.

    As many distinct points of each are compared: the first n of both, n the smaller of the two
    numbers; repeated points would otherwise leave one side fewer. Samples equally far from both
    count half. Without unit. A generator that knows no more of the training points than of the
    density has an expectation of ½ over training sets and references, a copy of the training set
    has 1 (after Lopez-Paz and Oquab, 2017: one nearest neighbour, with the training set as one
    sample). Below ½ is no better than ½: far from the data it is chance which set is nearer.
    Where the density is known by its points alone, true samples are themselves in the reference,
    and their null is far below ½.

    Needs the training points: ``beside`` gives the metric that compares with them.
    """

    directions = DIRECTIONS

    def beside(self, training: np.ndarray) -> Beside:
        """The metric for these training points [n, dim]."""
        return Beside(distinct(checked(training, "training points")))

    def __call__(
        self,
        samples: np.ndarray,
        reference: np.ndarray,
        dataset: Dataset,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """Raises ``ValueError``: there is nothing to compare with yet."""
        raise ValueError("memorisation needs the training points: call beside(training) first")


@dataclass(frozen=True)
class Beside(Prepared):
    """``Memorisation`` with the training points that it needs."""

    training: np.ndarray
    """[n, dim], distinct."""

    directions = DIRECTIONS

    def against(self, reference: np.ndarray) -> Callable[[np.ndarray], dict[str, float]]:
        """The metric with the points to compare with chosen once, for many samples."""
        dim = self.training.shape[1]
        fresh = distinct(checked(reference, "reference points", dim))
        count = min(len(fresh), len(self.training))

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", dim)
            to_training, to_fresh = (
                nearest(samples, points[:count], 1)[0][:, 0] for points in (self.training, fresh)
            )
            nearer = to_training < to_fresh
            tied = np.isclose(to_training, to_fresh, rtol=TIE, atol=0)
            return {"nearer_to_training": float(np.where(tied, 0.5, nearer).mean())}

        return score


variant = Memorisation
