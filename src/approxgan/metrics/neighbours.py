"""Precision, recall, density and coverage by nearest neighbours."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from approxgan.core.protocols import Dataset, Score, Truth
from approxgan.core.settings import MOST_SAMPLES, Checked, whole
from approxgan.metrics._distances import balls, distinct, nearest
from approxgan.metrics._points import checked

RARE = math.log(1e-9)
"""Chances below this do not happen."""


@dataclass(frozen=True)
class Neighbours(Checked):
    """Counts in the balls around points that reach to the point's k-th nearest of its own kind.

    - ``precision``: share of samples in the ball of some reference point;
    - ``recall``: share of reference points in the ball of some sample (Kynkäänniemi et al., 2019);
    - ``density``: mean over samples of the reference balls that each is in, divided by k;
    - ``coverage``: share of reference points whose ball holds a sample (Naeem et al., 2020).

    True samples, n against m reference points, have an expected density of 1 and an expected
    coverage of 1 - Π_{i=1..k} (m - i) / (n + m - i), about 1 - 2^-k where n = m; their precision
    and recall are below 1 by an amount that depends on the density and on k.

    Balls are closed. Copies in the reference count once: an empirical density, drawn with
    replacement, repeats its points, and balls that reach only to copies would be empty. Copies
    among the samples count as they are: a collapsed generator's balls may have the radius 0.
    """

    k: Annotated[int, whole(most=MOST_SAMPLES)]
    """Neighbours, a point itself not counted."""

    directions: ClassVar = {
        "precision": "higher",
        "recall": "higher",
        "density": "higher",
        "coverage": "higher",
    }

    def refuses(self, samples: int, dataset: Dataset) -> str | None:
        """Balls need more than k samples, and more than k different true points."""
        if samples <= self.k:
            return f"{samples} samples; accepted: more than k, which is {self.k}"
        points: int | None = getattr(dataset, "support", None)
        if points is None or (points > self.k and _log_chance(samples, points, self.k) < RARE):
            return None
        return (
            f"{samples} draws of {points} different points may hold no more than k, which is "
            f"{self.k}, different ones; accepted: a smaller k, or data with more held-out rows"
        )

    def against(self, truth: Truth) -> Score:
        reference = distinct(checked(truth.reference, "reference points"))
        radii = self._radii(reference, "distinct reference points")

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])
            held, precise = balls(reference, radii, samples)
            _, recalled = balls(samples, self._radii(samples, "samples"), reference)
            return {
                "precision": float(precise.mean()),
                "recall": float(recalled.mean()),
                "density": float(held.sum() / (self.k * len(samples))),
                "coverage": float((held > 0).mean()),
            }

        return score

    def _radii(self, points: np.ndarray, name: str) -> np.ndarray:
        """[n]: the distance to each point's k-th nearest other point."""
        if len(points) <= self.k:
            raise ValueError(f"{len(points)} {name}; accepted: more than k, which is {self.k}")
        # The first of the k + 1 is the point itself, or a copy of it, at the distance 0.
        distances, _ = nearest(points, points, self.k + 1)
        return distances[:, -1]


def _log_chance(draws: int, points: int, k: int) -> float:
    """Log of a bound on the chance of at most k different points: one term for each k-set."""
    sets = math.lgamma(points + 1) - math.lgamma(k + 1) - math.lgamma(points - k + 1)
    return sets + draws * math.log(k / points)
