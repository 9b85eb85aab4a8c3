"""Differences along random directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, Situation, StepSize, Streams
from approxgan.core.settings import require_count, require_one_of
from approxgan.estimators._directions import BLOCK, differences
from approxgan.estimators._kinds import Differences, too_many
from approxgan.estimators._steps import shared

DISTRIBUTIONS = ("gaussian", "sphere", "orthonormal")


@dataclass(frozen=True)
class RandomDirection(Differences):
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ)) / ε · u_k (Nesterov and Spokoiny 2017).

    u is Gaussian, uniform on the sphere of radius √d, or q orthonormal vectors times √d. Each has
    E[u uᵀ] = I, so E[ĝ] → ∇f as ε → 0. Expected squared relative error there: (d+1)/q, (d-1)/q,
    d/q - 1 (orthonormal: Choromanski et al. 2018). Cost: one-sided q evaluations, and one of
    f(θ) for every 32 of them; two-sided 2q, whose mean the estimate's value is.
    """

    directions: int
    """q, the number of directions of one estimate."""
    distribution: str
    """gaussian, sphere or orthonormal."""
    sides: int
    """1: f(θ + εu) - f(θ); 2: (f(θ + εu) - f(θ - εu)) / 2."""

    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_count("directions", self.directions)
        require_one_of("distribution", self.distribution, DISTRIBUTIONS)
        require_count("sides", self.sides, most=2)

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        step, theta = shared(eps, theta)
        dimension = theta.shape[1]
        if self.distribution == "orthonormal":
            # They must be drawn together to be orthogonal to each other.
            waiting = self._orthonormal(dimension, rng).to(theta)
            parts = iter(waiting.split(BLOCK, dim=1))
            draw = lambda count: next(parts)  # noqa: E731
        else:
            draw = lambda count: self._draw(count, dimension, rng).to(theta)  # noqa: E731
        return differences(f, theta, draw, self.directions, step, two_sided=self.sides == 2)

    def _draw(self, count: int, dimension: int, rng: Streams) -> Tensor:
        """[S, count, P]"""
        gaussian = rng.normal(count, dimension)
        if self.distribution == "gaussian":
            return gaussian
        return gaussian * (dimension**0.5 / gaussian.norm(dim=-1, keepdim=True))

    def _orthonormal(self, dimension: int, rng: Streams) -> Tensor:
        """[S, q, P]"""
        if self.directions > dimension:
            raise ValueError(
                f"directions={self.directions} orthonormal directions do not fit in "
                f"{dimension} dimensions"
            )
        gaussian = rng.normal(self.directions, dimension)
        # There is no factorisation in the types of half precision.
        exact = gaussian.to(torch.promote_types(gaussian.dtype, torch.float32))
        basis, triangle = torch.linalg.qr(exact.mT)
        # Signs of R's diagonal make the distribution uniform (Mezzadri 2007).
        signs = triangle.diagonal(dim1=-2, dim2=-1).sign()
        return basis.mT * signs[..., None] * dimension**0.5

    def refuses(self, situation: Situation) -> str | None:
        reason = super().refuses(situation)
        if reason is None and self.distribution == "orthonormal":
            return too_many("directions", self.directions, situation)
        return reason

    def squared_error(self, dimension: int) -> float | None:
        q = self.directions
        return {
            "gaussian": (dimension + 1) / q,
            "sphere": (dimension - 1) / q,
            "orthonormal": dimension / q - 1,
        }[self.distribution]


variant = RandomDirection
