"""Control: the exact gradient with a given fraction of its entries set to zero."""

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.core.settings import one_of, within
from approxgan.estimators._directions import subset
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class MaskedExact(Derivatives):
    """ĝ_i = 0 for round(fraction · d) of the d entries, ∂f/∂θ_i for the others: not scaled up.

    ``smallest`` takes the entries of smallest size, which the rounding of a difference loses.
    ``random`` draws the entries again for every estimate, so that E[ĝ] = (1 - fraction) ∇f.
    A control of this project: the effect of sparsity alone. Cost: that of ``exact``.
    """

    fraction: Annotated[float, within(0.0, 1.0)]
    """Of the entries, in [0, 1]."""
    which: Annotated[str, one_of("random", "smallest")]

    random = True
    """``smallest`` draws nothing."""
    matches = ("fraction",)

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        exact = gradient(f, theta)
        count = self._count(theta.shape[1])
        return self._masked(exact, torch.full((len(theta),), count, device=theta.device), rng)

    def estimate_like(
        self, like: Estimate, f: Objective, theta: Tensor, *, rng: Streams
    ) -> Estimate:
        """With as many zeros as ``like`` has exact zeros, seed by seed."""
        return self._masked(gradient(f, theta), (like.grad == 0).sum(1), rng)

    def _masked(self, exact: Estimate, counts: Tensor, rng: Streams) -> Estimate:
        dimension = exact.grad.shape[1]
        if self.which == "random":
            order = subset(rng, dimension, dimension)
        else:
            order = exact.grad.abs().argsort(dim=1, stable=True)
        lost = order.to(counts).argsort(dim=1) < counts[:, None]
        return replace(exact, grad=exact.grad.masked_fill(lost, 0.0))

    def _count(self, dimension: int) -> int:
        return round(self.fraction * dimension)

    def squared_error(self, dimension: int) -> float | None:
        return self._count(dimension) / dimension if self.which == "random" else None
