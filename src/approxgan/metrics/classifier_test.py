"""The classifier two-sample test with a nearest-neighbour classifier."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from approxgan.core.protocols import Dataset, Score, Truth
from approxgan.core.settings import MOST_SAMPLES, Checked, number, whole
from approxgan.metrics._distances import nearest
from approxgan.metrics._points import checked

ODD = number(lambda k: k % 2 == 1, "an odd number, as even votes can tie")


@dataclass(frozen=True)
class ClassifierTest(Checked):
    """How well a classifier tells held-out samples from reference points (Lopez-Paz, Oquab 2017).

    The first half of n samples and of n reference points trains it, the other half tests it,
    n the smaller of the two numbers; the majority of the k nearest training points decides.

    - ``classifier_accuracy``: share t of the held-out points that it labels rightly;
    - ``classifier_z``: (t - ½) / √(¼ / held-out points), t in standard errors of its null, the
      binomial with probability ½.

    True samples have an expected accuracy of ½ and a z of 0, with a standard deviation of at
    most 1 given the classifier. Raises ``ValueError`` for k above the number of training points.
    """

    k: Annotated[int, whole(most=MOST_SAMPLES), ODD]
    """Neighbours that vote."""

    directions: ClassVar = {"classifier_accuracy": "lower", "classifier_z": "lower"}

    def refuses(self, samples: int, dataset: Dataset) -> str | None:
        """Why half the points, which train the classifier, do not suffice."""
        return self._lack(samples)

    def _lack(self, count: int) -> str | None:
        training = 2 * (count // 2)
        if self.k <= training:
            return None
        return f"{training} training points; accepted: at least k, which is {self.k}"

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")

        def score(samples: np.ndarray) -> dict[str, float]:
            return self._score(checked(samples, "samples", reference.shape[1]), reference)

        return score

    def _score(self, samples: np.ndarray, reference: np.ndarray) -> dict[str, float]:
        count = min(len(samples), len(reference))
        half = count // 2
        reason = self._lack(count)
        if reason is not None:
            raise ValueError(reason)
        train = np.concatenate([samples[:half], reference[:half]])
        test = np.concatenate([samples[half:count], reference[half:count]])
        # Of the points in either set the first half are generated.
        _, neighbours = nearest(test, train, self.k)
        called_generated = (neighbours < half).sum(axis=1) > self.k / 2
        generated = np.arange(len(test)) < len(test) // 2
        accuracy = float((called_generated == generated).mean())
        return {
            "classifier_accuracy": accuracy,
            "classifier_z": 2 * math.sqrt(len(test)) * (accuracy - 0.5),
        }
