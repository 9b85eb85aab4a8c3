"""The reverse Kullback-Leibler divergence over modes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import rel_entr

from approxgan.metrics._directions import better
from approxgan.metrics._modes import held
from approxgan.metrics._points import checked

if TYPE_CHECKING:
    from approxgan.core.protocols import Dataset


@dataclass(frozen=True)
class ModeDivergence:
    """Σ_k p_k log(M p_k), p_k the share of mode k among the samples that some mode holds.

    KL(generated ‖ true) over modes, in nats, the true shares being 1 / M (after Srivastava et
    al., VEEGAN, 2017); a mode holds the samples within 3 sigma that are nearest to it, as in
    ``mode_coverage``. From 0, equal shares, to log M, all samples in one mode; samples of which
    no mode holds any get this upper bound too, so that a failed run counts as the worst and
    keeps its row. Blind to samples outside the modes and to the shape within them. Biased
    upwards: n held samples of the truth have a mean of (M - 1) / 2n to first order.

    Datasets that state no modes get no numbers.
    """

    directions = better(mode_divergence="lower")

    def __call__(
        self,
        samples: np.ndarray,
        reference: np.ndarray,
        dataset: Dataset,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """samples [n, dim]; the reference plays no part; deterministic. Raises ``ValueError``."""
        modes = dataset.modes()
        if modes is None:
            return {}
        samples = checked(samples, "samples", modes.centres.shape[1])
        counts = held(samples, modes)
        count = len(counts)
        if not counts.any():
            return {"mode_divergence": math.log(count)}
        shares = counts / counts.sum()
        return {"mode_divergence": float(rel_entr(shares, 1 / count).sum())}


variant = ModeDivergence
