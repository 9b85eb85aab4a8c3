"""The Kullback-Leibler divergences and the entropy of samples' frequencies."""

from typing import ClassVar

import numpy as np
from scipy.special import entr, rel_entr

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._outcomes import Outcomes


class KullbackLeibler(Checked):
    """KL both ways and the entropy of the frequencies q of n samples, p the exact truth; in nats.

    ``reverse_kl``: Σ q log(q / p), large where samples are what the truth hardly has; infinite,
    which is no value, if one is no outcome of the truth. ``forward_kl``: Σ p log(p / q), large
    where the truth has what samples lack; there q counts half a sample more of each of the K
    outcomes, as it would be infinite (Krichevsky and Trofimov 1981). ``entropy``: -Σ q log q.
    All are biased by sampling: of n true samples, ``reverse_kl`` has the mean (K - 1) / 2n to
    first order, and the entropy is as much too low (Miller 1955). Null scores measure this floor;
    with more outcomes than samples nothing else is seen. Data without listed outcomes get none.
    """

    directions: ClassVar = {"reverse_kl": "lower", "forward_kl": "lower", "entropy": "neither"}

    def against(self, truth: Truth) -> Score:
        outcomes = Outcomes.of(truth)

        def score(samples: np.ndarray) -> dict[str, float]:
            if outcomes is None:
                return {}
            p, (q, beyond) = outcomes.probabilities, outcomes.shares(samples)
            padded = (q * len(samples) + 0.5) / (len(samples) + 0.5 * len(q))
            return {
                "reverse_kl": float(rel_entr(q, p).sum()) if beyond == 0 else np.inf,
                "forward_kl": float(rel_entr(p, padded).sum()),
                "entropy": float(entr(q).sum() + entr(beyond)),
            }

        return score
