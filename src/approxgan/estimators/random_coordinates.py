"""One-sided differences on a random subset of the coordinates, scaled up."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import whole
from approxgan.estimators._directions import at_coordinates, subset, with_bases
from approxgan.estimators._kinds import Differences, too_many
from approxgan.estimators._steps import required


@dataclass(frozen=True)
class RandomCoordinates(Differences):
    """ĝ_i = (d/k) (f(θ + ε e_i) - f(θ)) / ε for k of the d coordinates, 0 for the others.

    Every set of k coordinates is equally likely, so E[ĝ] → ∇f as ε → 0 (the random coordinate
    directions of Nesterov 2012, several at once). Expected squared relative error there: d/k - 1,
    as for orthonormal directions. Cost: k evaluations, and one of f(θ) for every 32 of them.
    """

    coordinates: Annotated[int, whole()]
    """k, the number of coordinates of one estimate."""

    sides = 1
    per_coordinate = True
    random = True

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, point = required(eps, theta)
        dimension = point.shape[1]
        if self.coordinates > dimension:
            raise ValueError(
                f"coordinates={self.coordinates} is more than the {dimension} parameters; "
                f"accepted: 1 to {dimension}"
            )
        chosen = subset(rng, dimension, self.coordinates)
        slopes, value = at_coordinates(f, point, step, chosen)
        grad = torch.zeros_like(point).scatter_(1, chosen, slopes * (dimension / self.coordinates))
        return Estimate(grad, value, forwards=with_bases(self.coordinates), backwards=0)

    def refuses(self, situation: Situation) -> str | None:
        return super().refuses(situation) or too_many("coordinates", self.coordinates, situation)

    def squared_error(self, dimension: int) -> float | None:
        return dimension / self.coordinates - 1
