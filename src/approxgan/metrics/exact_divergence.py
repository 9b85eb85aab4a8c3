"""Distances between exact probabilities: those of a trained generator and the true ones."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from scipy.special import entr, rel_entr

from approxgan.core.protocols import Fitted, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._outcomes import Outcomes


class ExactDivergence(Checked):
    """Total variation, KL both ways and entropy of q, the probabilities at given parameters.

    ``exact_total_variation``: ½ Σ |q - p|, p the true probabilities. ``exact_reverse_kl``:
    Σ q log(q / p). ``exact_forward_kl``: Σ p log(p / q). ``exact_entropy``: -Σ q log q. The
    last three in nats. There is no sampling in them, so that 0 is reached. They are of generators
    that list their outcomes, for data that do.
    """

    directions: ClassVar = {
        "exact_total_variation": "lower",
        "exact_reverse_kl": "lower",
        "exact_forward_kl": "lower",
        "exact_entropy": "neither",
    }
    of_parameters = True

    def against(self, truth: Truth) -> Callable[[Fitted], dict[str, float]]:
        outcomes = Outcomes.of(truth)

        def score(fitted: Fitted) -> dict[str, float]:
            if outcomes is None or fitted.outcomes is None or fitted.probabilities is None:
                return {}
            p, (q, beyond) = (
                outcomes.probabilities,
                outcomes.weighed(fitted.outcomes, fitted.probabilities),
            )
            return {
                "exact_total_variation": 0.5 * float(np.abs(q - p).sum() + beyond),
                "exact_reverse_kl": float(rel_entr(q, p).sum()) if beyond == 0 else np.inf,
                "exact_forward_kl": float(rel_entr(p, q).sum()),
                "exact_entropy": float(entr(fitted.probabilities).sum()),
            }

        return score
