"""The total variation between samples' frequencies and the true probabilities."""

from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._outcomes import Outcomes


class TotalVariation(Checked):
    """½ Σ_x |q(x) - p(x)|, q the frequencies of n samples, p the exact true probabilities.

    From 0 to 1; what is no outcome of the true density counts in full. Biased upwards: of n true
    samples the mean is about Σ √(p (1 - p) / 2πn) (De Moivre 1730), the floor by sampling, which
    null scores measure. Data without listed outcomes get no number.
    """

    directions: ClassVar = {"total_variation": "lower"}

    def against(self, truth: Truth) -> Score:
        outcomes = Outcomes.of(truth)

        def score(samples: np.ndarray) -> dict[str, float]:
            if outcomes is None:
                return {}
            found, beyond = outcomes.shares(samples)
            gap = np.abs(found - outcomes.probabilities).sum()
            return {"total_variation": 0.5 * float(gap + beyond)}

        return score
