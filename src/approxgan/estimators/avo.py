"""Parameters drawn anew for each sample: adversarial variational optimisation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.estimators._sampled import Baseline, Sampled, centred
from approxgan.estimators._steps import by_seed, shared


@dataclass(frozen=True)
class Avo(Sampled):
    """ĝ = (1/B) Σ_b (f_b - c_b) u_b / ε, f_b the loss of a sample at θ + ε u_b, u_b Gaussian.

    This is the score function of a Gaussian proposal over parameters with mean θ and standard
    deviation ε (Louppe, Hermans and Cranmer 2019). The mean is the gradient of the loss smoothed
    by ε u, with the ``mean`` loss as the baseline c (1 - 1/B) of it. The variance grows with
    1/ε², as losses differ at ε = 0 too. The discriminator sees samples at θ itself, and those at
    θ + ε u if the generator is a ``proposal``. Cost: 1 evaluation, of B samples at B points.
    """

    baseline: Baseline

    needs = "outcome"
    takes_epsilon = True
    random = True

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        seen = self.seen(f)
        step, point = shared(eps, theta)
        width = by_seed(step)
        if isinstance(width, Tensor):
            width = width[:, None, None]
        moves = rng.normal(seen.rows, point.shape[1]).to(point)
        with torch.no_grad():
            losses = seen.each(point[:, None] + width * moves)
        weights = centred(losses, self.baseline) / losses.shape[1]
        grad = torch.einsum("sb,sbp->sp", weights, moves / width)
        return Estimate(grad.to(point.dtype), losses.mean(1), forwards=1, backwards=0)

    def refuses(self, situation: Situation) -> str | None:
        if situation.rule is not None:
            return (
                f"epsilon={situation.rule}: the rule chooses the step of a difference, but here ε "
                "is the spread of parameters; accepted: a number > 0"
            )
        return super().refuses(situation)
