"""The article's formula, one coordinate at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, Situation, StepSize, Streams
from approxgan.estimators._refusals import of_penalty
from approxgan.estimators._steps import required


@dataclass(frozen=True)
class ForwardDifference:
    """ĝ_i = (f(θ + ε e_i) - f(θ)) / ε, error ε f''/2 + O(ε²) where f is smooth.

    Divided by the ε asked for, as the article writes it, not by the step as it was rounded.
    """

    takes_epsilon: ClassVar[bool] = True
    sides: ClassVar[int] = 1
    per_coordinate: ClassVar[bool] = True
    order: ClassVar[int | None] = 1
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = False

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step = required(eps, theta)
        losses, value = f.sweep(theta, step)
        grad = (losses - value[:, None]) / step
        return Estimate(grad, value, forwards=theta.shape[1] + 1, backwards=0)

    def refuses(self, situation: Situation) -> str | None:
        return of_penalty(situation)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = ForwardDifference
