"""Differences at the input of a generator's black box, sample by sample; the rest backpropagated.

A generator is x = box(u, draws) with u = inner(θ, draws). Its loss is a mean over samples, each a
function of its own u, so that the estimator works on samples as on seeds, and the chain rule gives
dL/dθ = Σ dL/du · du/dθ. Without ``inner`` u is θ for every sample, each moved on its own.
"""

from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, GradientEstimator, Streams, Sweep
from approxgan.objective.generating import STACKED, GeneratorObjective
from approxgan.objective.sweep import loops


@dataclass(frozen=True)
class BoxObjective:
    """``core.protocols.Objective`` of what goes into the black box, in place of θ.

    Its points are [S · B, K], seed by seed, and its losses [S · B] what each sample contributes.
    """

    f: GeneratorObjective
    seeds: int

    def __call__(self, theta: Tensor) -> Tensor:
        return self.many(theta[None])[0]

    def many(self, thetas: Tensor) -> Tensor:
        parts = thetas.split(max(1, STACKED // thetas.shape[1]))
        apart = (part.unflatten(1, (self.seeds, -1)) for part in parts)
        return torch.cat([self.f.boxes(part).flatten(1) for part in apart])

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        return loops.stacked(self.many, theta, step)

    def with_subgradient(self, alpha: float) -> NoReturn:
        raise ValueError(f"the slope {alpha} at kinks cannot be chosen at a generator's output")


@dataclass(frozen=True)
class OfSamples:
    """``core.protocols.Streams`` for every sample of every seed, from the seeds' own."""

    rng: Streams
    samples: int

    def normal(self, *shape: int) -> Tensor:
        return self.rng.normal(self.samples, *shape).flatten(0, 1)

    def signs(self, *shape: int) -> Tensor:
        return self.rng.signs(self.samples, *shape).flatten(0, 1)


def estimate(
    estimator: GradientEstimator,
    f: GeneratorObjective,
    theta: Tensor,
    *,
    eps: Eps,
    rng: Streams,
) -> Estimate:
    """The gradient at θ [S, P]; an evaluation of all B samples, each at its own point, is one."""
    seeds = len(theta)
    with torch.enable_grad():
        point = theta.detach().requires_grad_(True)
        inner = f.inner(point)
    apart = inner.detach().flatten(0, 1)
    samples = inner.shape[1]
    made = estimator.estimate(BoxObjective(f, seeds), apart, eps=eps, rng=OfSamples(rng, samples))
    own = made.grad.reshape(inner.shape) / samples
    (grad,) = torch.autograd.grad(inner, point, own)
    value = f.constant + made.value.reshape(seeds, samples).mean(1)
    through = int(hasattr(f.game.generator, "inner"))
    return Estimate(grad, value, made.forwards, made.backwards + through, made.runs)
