"""Evolution strategy: antithetic Gaussian pairs, weighted by their losses or by their ranks."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.core.settings import one_of
from approxgan.estimators._directions import BLOCK, Directions
from approxgan.estimators._steps import by_seed, shared


@dataclass(frozen=True)
class EvolutionStrategy(Directions):
    """ĝ = (1/q) Σ_k (F(θ + ε u_k) - F(θ - ε u_k)) / 2ε · u_k, u Gaussian (Salimans et al. 2017).

    With shaping ``raw`` F is the loss: ĝ is the gradient of the loss smoothed by ε u, estimated
    with expected squared relative error (d+1)/q as ε → 0. With ``ranks`` F is the centred rank of
    the loss among all 2q, from -1/2 to 1/2, equal losses alike: ĝ does not change when the losses
    are transformed by an increasing function, and its length says nothing of the gradient's. On a
    linear loss it tends to g/|g| / (2ε√π) as q grows. All q directions are held together then.
    Cost: 2q evaluations, whose mean the estimate's value is.
    """

    shaping: Annotated[str, one_of("raw", "ranks")]

    sides = 2

    def draw(self, total: int, dimension: int, rng: Streams) -> Tensor:
        return rng.normal(total, dimension)

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        if self.shaping == "raw":
            return super().estimate(f, theta, eps=eps, rng=rng)
        step, theta = shared(eps, theta)
        draws = self.drawn(theta.shape[1], rng, getattr(f, "block", BLOCK))
        parts = [self.evaluated(f, theta, step, drawn) for drawn in draws]
        losses = torch.cat([torch.cat(sides) for sides in zip(*parts, strict=True)][1:])
        ahead, behind = centred_ranks(losses).split(self.directions)
        weights = ((ahead - behind) / by_seed(2.0 * step)).to(theta.dtype)
        grad, start = torch.zeros_like(theta), 0
        for block, _, _ in parts:
            grad += torch.einsum("ks,ksp->sp", weights[start : start + len(block)], block)
            start += len(block)
        spent = 2 * self.directions
        return Estimate(grad / self.directions, losses.mean(0), forwards=spent, backwards=0)

    def squared_error(self, dimension: int) -> float | None:
        return (dimension + 1) / self.directions if self.shaping == "raw" else None


def centred_ranks(losses: Tensor) -> Tensor:
    """[K, S] ranks of each column, from -1/2 to 1/2; equal losses share theirs, NaN is worst."""
    columns = losses.nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf).T.contiguous()
    ordered = columns.sort(dim=1).values
    below = torch.searchsorted(ordered, columns)
    rest = torch.searchsorted(ordered, columns, right=True)
    return ((below + rest - 1).to(losses.dtype) / 2.0 / (len(losses) - 1) - 0.5).T
