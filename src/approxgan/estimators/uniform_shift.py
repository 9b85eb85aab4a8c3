"""The article's formula read literally: ε is added to all parameters at once."""

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._kinds import Differences
from approxgan.estimators._steps import by_seed, shared


class UniformShift(Differences):
    """ĝ_i = (f(θ + ε 1) - f(θ)) / ε for every i: the slope along the all-ones direction.

    As ε → 0 every entry is Σ_j ∂f/∂θ_j, √P times too long along the one direction it sees.
    Source: the article's (L(w + ε) - L(w)) / ε. Cost: 2 evaluations.
    """

    sides = 1

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, theta = shared(eps, theta)
        value, shifted = f.many(torch.stack([theta, theta + step])).detach()
        slope = ((shifted - value) / by_seed(step)).to(theta.dtype)
        grad = slope[:, None].expand_as(theta).contiguous()
        return Estimate(grad, value, forwards=2, backwards=0)

    def squared_error(self, dimension: int) -> float | None:
        return None
