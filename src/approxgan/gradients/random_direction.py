"""Differences along random directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from approxgan.core import Estimate, Objective, Streams
from approxgan.gradients._directions import differences
from approxgan.gradients._steps import positive, required

DISTRIBUTIONS = ("gaussian", "sphere", "orthonormal")


@dataclass(frozen=True)
class RandomDirection:
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ)) / ε · u_k (Nesterov and Spokoiny 2017).

    u is Gaussian, uniform on the sphere of radius √d, or q orthonormal vectors times √d. Each has
    E[u uᵀ] = I, so E[ĝ] → ∇f as ε → 0. Expected squared relative error there: (d+1)/q, (d-1)/q,
    d/q - 1.
    """

    directions: int
    """q, the number of directions of one estimate."""
    distribution: str
    """gaussian, sphere or orthonormal."""
    sides: int
    """1: f(θ + εu) - f(θ); 2: (f(θ + εu) - f(θ - εu)) / 2."""

    takes_epsilon: ClassVar[bool] = True
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = True
    differentiates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        positive("directions", self.directions)
        if self.distribution not in DISTRIBUTIONS:
            raise ValueError(
                f"distribution={self.distribution!r} is not known; accepted: "
                f"{', '.join(DISTRIBUTIONS)}"
            )
        if self.sides not in (1, 2):
            raise ValueError(f"sides={self.sides!r} is not accepted; accepted: 1, 2")

    def estimate(self, f: Objective, theta: Tensor, *, eps: float | None, rng: Streams) -> Estimate:
        directions = self._draw(theta.shape[1], rng).to(theta)
        return differences(f, theta, directions, required(eps), two_sided=self.sides == 2)

    def _draw(self, dimension: int, rng: Streams) -> Tensor:
        """[S, q, P]"""
        gaussian = rng.normal(self.directions, dimension)
        if self.distribution == "gaussian":
            return gaussian
        if self.distribution == "sphere":
            return gaussian * (dimension**0.5 / gaussian.norm(dim=-1, keepdim=True))
        if self.directions > dimension:
            raise ValueError(
                f"directions={self.directions} orthonormal directions do not fit in "
                f"{dimension} dimensions"
            )
        basis, triangle = torch.linalg.qr(gaussian.mT)
        # Signs of R's diagonal make the distribution uniform (Mezzadri 2007).
        signs = triangle.diagonal(dim1=-2, dim2=-1).sign()
        return basis.mT * signs[..., None] * dimension**0.5

    def squared_error(self, dimension: int) -> float | None:
        q = self.directions
        return {
            "gaussian": (dimension + 1) / q,
            "sphere": (dimension - 1) / q,
            "orthonormal": dimension / q - 1,
        }[self.distribution]


variant = RandomDirection
