"""How many of the true modes samples reach, and how many samples lie near one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from approxgan.metrics._directions import better
from approxgan.metrics._modes import held, reached
from approxgan.metrics._points import checked

if TYPE_CHECKING:
    from approxgan.core.protocols import Dataset

SHARE = 0.2
"""A mode counts as covered with this share of the samples that it should hold."""


@dataclass(frozen=True)
class ModeCoverage:
    """Counts against the stated modes (after Srivastava et al., VEEGAN, 2017).

    - ``modes_captured``: modes with at least one sample within 3 sigma;
    - ``modes_covered``: modes that hold at least 20 % of their expected mass, n / M samples;
      held are the samples within 3 sigma that are nearest to that mode;
    - ``high_quality_fraction``: share of samples within 3 sigma of some mode. True samples reach
      1 - exp(-9/2) = 0.9889 in the plane where modes lie apart: more is under-dispersion.

    Datasets that state no modes get no numbers.
    """

    directions = better(
        modes_captured="higher", modes_covered="higher", high_quality_fraction="higher"
    )

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
        expected = len(samples) / len(counts)
        return {
            "modes_captured": float(reached(samples, modes).sum()),
            "modes_covered": float((counts >= SHARE * expected).sum()),
            "high_quality_fraction": float(counts.sum() / len(samples)),
        }


variant = ModeCoverage
