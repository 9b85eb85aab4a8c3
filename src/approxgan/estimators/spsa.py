"""Simultaneous perturbation stochastic approximation (Spall 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.core.settings import require_count
from approxgan.estimators._directions import differences
from approxgan.estimators._kinds import Differences
from approxgan.estimators._steps import shared


@dataclass(frozen=True)
class Spsa(Differences):
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ - ε u_k)) / 2ε · u_k, u of independent signs.

    Spall (1992) divides by u; for signs 1/u = u. Expected squared relative error as ε → 0:
    (d-1)/q. Cost: 2q evaluations, whose mean the estimate's value is.
    """

    directions: int
    """q, the number of directions of one estimate."""

    sides: ClassVar[int] = 2
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_count("directions", self.directions)

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step, theta = shared(eps, theta)
        dimension = theta.shape[1]
        draw = lambda count: rng.signs(count, dimension).to(theta)  # noqa: E731
        return differences(f, theta, draw, self.directions, step, two_sided=True)

    def squared_error(self, dimension: int) -> float | None:
        return (dimension - 1) / self.directions


variant = Spsa
