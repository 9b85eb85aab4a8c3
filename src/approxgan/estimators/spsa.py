"""Simultaneous perturbation stochastic approximation (Spall 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, Situation, StepSize, Streams
from approxgan.estimators._directions import differences
from approxgan.estimators._refusals import of_penalty
from approxgan.estimators._steps import positive, shared


@dataclass(frozen=True)
class Spsa:
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ - ε u_k)) / 2ε · u_k, u of independent signs.

    Spall divides by u; for signs 1/u = u. Expected squared relative error as ε → 0: (d-1)/q.
    """

    directions: int
    """q, the number of directions of one estimate."""

    takes_epsilon: ClassVar[bool] = True
    sides: ClassVar[int] = 2
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = True
    differentiates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        positive("directions", self.directions)

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step, dimension = shared(eps, theta), theta.shape[1]
        draw = lambda count: rng.signs(count, dimension).to(theta)  # noqa: E731
        return differences(f, theta, draw, self.directions, step, two_sided=True)

    def refuses(self, situation: Situation) -> str | None:
        return of_penalty(situation)

    def squared_error(self, dimension: int) -> float | None:
        return (dimension - 1) / self.directions


variant = Spsa
