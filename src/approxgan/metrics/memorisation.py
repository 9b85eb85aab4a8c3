"""Whether samples lie nearer to the training points than to fresh ones."""

from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._distances import TIE, distinct, nearest
from approxgan.metrics._points import checked


class Memorisation(Checked):
    """Share of samples that lie nearer to a training point than to any reference point.

    The first n distinct points of each set are compared, n being the smaller number; ties count
    half. A generator that has learnt only the density has an expectation of ½, a copy of the
    training set has 1 (after Lopez-Paz and Oquab, 2017). Below ½ is no better than ½: far from the
    data, chance decides. For data of given rows, true samples are in the reference, and their null
    is far below ½.
    """

    directions: ClassVar = {"nearer_to_training": "neither"}

    def against(self, truth: Truth) -> Score:
        training = distinct(checked(truth.training, "training points"))
        dim = training.shape[1]
        fresh = distinct(checked(truth.reference, "reference points", dim))
        count = min(len(fresh), len(training))

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", dim)
            to_training, to_fresh = (
                nearest(samples, points[:count], 1)[0][:, 0] for points in (training, fresh)
            )
            nearer = to_training < to_fresh
            tied = np.isclose(to_training, to_fresh, rtol=TIE, atol=0)
            return {"nearer_to_training": float(np.where(tied, 0.5, nearer).mean())}

        return score
