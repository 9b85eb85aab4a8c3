"""Samples of data with finitely many outcomes, counted."""

import numpy as np

from approxgan.core.protocols import Truth
from approxgan.metrics._points import checked


class Outcomes:
    """All outcomes of the true density, and their probabilities."""

    def __init__(self, outcomes: np.ndarray, probabilities: np.ndarray) -> None:
        self._place = {key: number for number, key in enumerate(_keys(outcomes))}
        self._columns = outcomes.shape[1]
        self.probabilities = np.asarray(probabilities, dtype=np.float64)

    @classmethod
    def of(cls, truth: Truth) -> "Outcomes | None":
        """None where they are not listed."""
        if truth.outcomes is None or truth.probabilities is None:
            return None
        return cls(truth.outcomes, truth.probabilities)

    def shares(self, samples: np.ndarray) -> tuple[np.ndarray, float]:
        """The share of each outcome among samples [n, dim], and of samples that are no outcome."""
        samples = checked(samples, "samples", self._columns)
        return self.weighed(samples, np.full(len(samples), 1 / len(samples)))

    def weighed(self, points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
        """The weight of each outcome among points [n, dim] with weights [n], and that of others."""
        total = np.zeros(len(self.probabilities) + 1)
        np.add.at(total, [self._place.get(key, -1) for key in _keys(points)], weights)
        return total[:-1], float(total[-1])


def _keys(points: np.ndarray) -> list[bytes]:
    # Adding 0 turns -0 into 0, which is the same number of other bytes.
    return [row.tobytes() for row in np.asarray(points, dtype=np.float64) + 0.0]
