"""Two-sided differences, one coordinate at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, Situation, StepSize, Streams
from approxgan.estimators._refusals import of_penalty
from approxgan.estimators._steps import required


@dataclass(frozen=True)
class CentralDifference:
    """ĝ_i = (f(θ + ε e_i) - f(θ - ε e_i)) / 2ε, error ε² f'''/6 + O(ε⁴) where f is smooth."""

    takes_epsilon: ClassVar[bool] = True
    sides: ClassVar[int] = 2
    per_coordinate: ClassVar[bool] = True
    order: ClassVar[int | None] = 2
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = False

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step = required(eps, theta)
        ahead, value = f.sweep(theta, step)
        behind, _ = f.sweep(theta, -step)
        grad = (ahead - behind) / (2.0 * step)
        return Estimate(grad, value, forwards=2 * theta.shape[1], backwards=0)

    def refuses(self, situation: Situation) -> str | None:
        return of_penalty(situation)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = CentralDifference
