"""The reverse Kullback-Leibler divergence over modes."""

import math
from typing import ClassVar

import numpy as np
from scipy.special import rel_entr

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._distances import held
from approxgan.metrics._points import checked


class ModeDivergence(Checked):
    """Σ_k p_k log(M p_k), p_k the share of mode k among the samples that some mode holds.

    KL(generated ‖ true) over modes, in nats, the true shares being 1 / M (after Srivastava et
    al., VEEGAN, 2017); a mode holds the samples within 3 sigma that are nearest to it. From 0,
    equal shares, to log M, all samples in one mode or none in any. Biased upwards: n held samples
    of the truth have a mean of (M - 1) / 2n to first order. Datasets without modes get no numbers.
    """

    directions: ClassVar = {"mode_divergence": "lower"}

    def against(self, truth: Truth) -> Score:
        modes = truth.modes

        def score(samples: np.ndarray) -> dict[str, float]:
            if modes is None:
                return {}
            counts = held(checked(samples, "samples", modes.centres.shape[1]), modes)
            count = len(counts)
            if not counts.any():
                return {"mode_divergence": math.log(count)}
            shares = counts / counts.sum()
            return {"mode_divergence": float(rel_entr(shares, 1 / count).sum())}

        return score
