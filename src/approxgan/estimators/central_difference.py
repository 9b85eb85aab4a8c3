"""Two-sided differences, one coordinate at a time."""

from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._kinds import Differences
from approxgan.estimators._steps import required


class CentralDifference(Differences):
    """ĝ_i = (f(θ + ε e_i) - f(θ - ε e_i)) / 2ε, error ε² f'''/6 + O(ε⁴) where f is smooth.

    Nocedal and Wright (2006, section 8.1) give the error. Cost: 2P + 2 evaluations: each of the
    two sweeps evaluates f(θ), which the estimate's value is.
    """

    sides = 2
    per_coordinate = True
    order = 2

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, theta = required(eps, theta)
        ahead, value = f.sweep(theta, step)
        behind, _ = f.sweep(theta, -step)
        grad = ((ahead - behind) / (2.0 * step)).to(theta.dtype)
        return Estimate(grad, value, forwards=2 * (theta.shape[1] + 1), backwards=0)
