"""Reverse-mode automatic differentiation: the reference for all other modes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class Exact(Derivatives):
    """∇f by backpropagation (Linnainmaa 1970; Griewank and Walther 2008).

    Cost: 1 evaluation and 1 reverse pass.
    """

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        return gradient(f, theta)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = Exact
