"""The article's formula, one coordinate at a time."""

from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._kinds import Differences
from approxgan.estimators._steps import required


class ForwardDifference(Differences):
    """ĝ_i = (f(θ + ε e_i) - f(θ)) / ε, error ε f''/2 + O(ε²) where f is smooth.

    Nocedal and Wright (2006, section 8.1) give the error. Divided by the ε asked for, as the
    article writes it, not by the step as it was rounded. Cost: P + 1 evaluations.
    """

    sides = 1
    per_coordinate = True
    order = 1

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, theta = required(eps, theta)
        losses, value = f.sweep(theta, step)
        grad = ((losses - value[:, None]) / step).to(theta.dtype)
        return Estimate(grad, value, forwards=theta.shape[1] + 1, backwards=0)
