"""Losses of samples times the slopes of their log-probabilities."""

from dataclasses import dataclass

import torch
from torch import Tensor

from approxgan.core.autograd import constant
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._sampled import Baseline, Sampled, centred, weighted


@dataclass(frozen=True)
class ScoreFunction(Sampled):
    """ĝ = (1/B) Σ_b (f_b - c_b) ∇log p(x_b | θ), f_b the loss of sample x_b (Williams 1992).

    Its mean is the gradient of the expected loss without a baseline c, and with the mean loss of
    the other samples as one, ``leave_one_out`` (Kool, van Hoof and Welling 2019). With the
    ``mean`` of all it is (1 - 1/B) of that. Only log p is differentiated, neither samples nor the
    discriminator. Of a ``proposal`` it is the log-density of the parameters drawn. Cost: 1
    evaluation of B samples, and one pass forward and one back through log p, counted as whole ones.
    """

    baseline: Baseline

    needs = "log_prob"

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        seen = self.seen(f)
        with torch.no_grad():
            _, losses, behind = seen.outcome(constant(theta))
        grad = weighted(seen, theta, behind, centred(losses, self.baseline))
        return Estimate(grad, losses.mean(1), forwards=2, backwards=1, runs=1)
