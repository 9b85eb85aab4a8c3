"""The article's formula read literally: one ε added to all of w, one number for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, Situation, StepSize, Streams
from approxgan.estimators._refusals import of_penalty
from approxgan.estimators._steps import by_seed, shared


@dataclass(frozen=True)
class UniformShift:
    """ĝ_i = (f(θ + ε 1) - f(θ)) / ε for every i: the slope along the all-ones direction.

    As ε → 0 every entry is Σ_j ∂f/∂θ_j, √P times too long along the one direction it sees.
    """

    takes_epsilon: ClassVar[bool] = True
    sides: ClassVar[int] = 1
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = False

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step = shared(eps, theta)
        value, shifted = f.many(torch.stack([theta, theta + step])).detach()
        grad = ((shifted - value) / by_seed(step))[:, None].expand_as(theta).contiguous()
        return Estimate(grad, value, forwards=2, backwards=0)

    def refuses(self, situation: Situation) -> str | None:
        return of_penalty(situation)

    def squared_error(self, dimension: int) -> float | None:
        return None


variant = UniformShift
