"""Random directional derivatives by forward-mode automatic differentiation."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor
from torch.autograd import forward_ad

from approxgan.core.autograd import Differentiating, constant, gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.core.settings import whole
from approxgan.estimators._directions import blocks
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class ForwardGradient(Derivatives):
    """ĝ = (1/q) Σ_k (∇f·u_k) u_k, u Gaussian (Baydin et al. 2022): ``random_direction``'s limit.

    Unbiased; expected squared relative error (d+1)/q. Cost: 2q evaluations, two for each
    Jacobian-vector product. If the estimate is 0, one uncounted reverse pass checks
    that torch can differentiate the loss.
    """

    directions: Annotated[int, whole()]
    """q, the number of directions of one estimate."""

    random = True

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        theta = constant(theta)
        grad, value = torch.zeros_like(theta), theta.new_zeros(len(theta))
        with Differentiating(f, theta), torch.no_grad(), forward_ad.dual_level():
            for size in blocks(self.directions):
                block = rng.normal(size, theta.shape[1]).to(theta).movedim(1, 0)
                points = theta.expand_as(block).contiguous()
                values = forward_ad.unpack_dual(f.many(forward_ad.make_dual(points, block)))
                value = values.primal[0]
                if values.tangent is not None:
                    grad += torch.einsum("ks,ksp->sp", values.tangent.to(theta.dtype), block)
        if not grad.any():
            gradient(f, theta)
        return Estimate(grad / self.directions, value, forwards=2 * self.directions, backwards=0)

    def squared_error(self, dimension: int) -> float | None:
        return (dimension + 1) / self.directions
