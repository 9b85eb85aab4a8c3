"""Coordinate differences that are kept, and refreshed some at a time."""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import whole
from approxgan.estimators._directions import at_coordinates, subset, with_bases
from approxgan.estimators._kinds import Differences, too_many
from approxgan.estimators._steps import required


@dataclass(frozen=True)
class StaleCoordinates(Differences):
    """The estimate before, with k of its d entries replaced by (f(θ + ε e_i) - f(θ)) / ε.

    The first estimate is the whole forward difference: d + 1 evaluations. Then every set of k
    coordinates is equally likely at each step, so an entry is d/k steps old in the mean; old
    entries are those of the parameters and of the batch of their time. (SAGA keeps gradients by
    sample in this way: Defazio, Bach and Lacoste-Julien 2014.) Nothing is scaled up: the estimate
    lags behind, but its variance does not grow with d/k. Cost of a refresh: k evaluations, and one
    of f(θ) for every 32 of them.
    """

    coordinates: Annotated[int, whole()]
    """k, the number of coordinates that are refreshed."""

    sides = 1
    per_coordinate = True
    order = 1
    random = False
    """A first estimate draws nothing; a refresh draws its coordinates."""

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, point = self._checked(eps, theta)
        losses, value = f.sweep(point, step)
        grad = ((losses - value[:, None]) / step).to(point.dtype)
        return Estimate(grad, value, forwards=point.shape[1] + 1, backwards=0)

    def refresh(
        self, before: Tensor, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams
    ) -> Estimate:
        step, point = self._checked(eps, theta)
        chosen = subset(rng, point.shape[1], self.coordinates)
        slopes, value = at_coordinates(f, point, step, chosen)
        grad = before.scatter(1, chosen, slopes)
        return Estimate(grad, value, forwards=with_bases(self.coordinates), backwards=0)

    def _checked(self, eps: Eps, theta: Tensor) -> tuple[float | Tensor, Tensor]:
        step, point = required(eps, theta)
        if self.coordinates > point.shape[1]:
            raise ValueError(
                f"coordinates={self.coordinates} is more than the {point.shape[1]} parameters; "
                f"accepted: 1 to {point.shape[1]}"
            )
        return step, point

    def refuses(self, situation: Situation) -> str | None:
        return super().refuses(situation) or too_many("coordinates", self.coordinates, situation)
