"""The number of true modes that samples reach, and the share of samples near a mode."""

from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Score, Truth
from approxgan.core.settings import Checked
from approxgan.metrics._distances import held, reached
from approxgan.metrics._points import checked

SHARE = 0.2
"""A mode counts as covered with this share of the samples that it should hold."""


class ModeCoverage(Checked):
    """Counts against the stated modes (after Srivastava et al., VEEGAN, 2017).

    - ``modes_captured``: modes with at least one sample within 3 sigma;
    - ``modes_covered``: modes that hold at least 20 % of their expected mass, n / M samples;
      held are the samples within 3 sigma that are nearest to that mode;
    - ``high_quality_fraction``: share of samples within 3 sigma of some mode. True samples reach
      1 - exp(-9/2) = 0.9889 in the plane where modes lie apart: more is under-dispersion.

    Datasets without modes get no numbers.
    """

    directions: ClassVar = {
        "modes_captured": "higher",
        "modes_covered": "higher",
        "high_quality_fraction": "higher",
    }

    def against(self, truth: Truth) -> Score:
        modes = truth.modes

        def score(samples: np.ndarray) -> dict[str, float]:
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

        return score
