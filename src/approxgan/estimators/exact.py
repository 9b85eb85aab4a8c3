"""Reverse-mode automatic differentiation: the gradient the others are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.estimators._autograd import gradient


@dataclass(frozen=True)
class Exact:
    """∇f by backpropagation."""

    takes_epsilon: ClassVar[bool] = False
    sides: ClassVar[int] = 0
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        return gradient(f, theta)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = Exact
