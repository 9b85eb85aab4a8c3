"""Differences along random directions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.protocols import Situation, Streams
from approxgan.core.settings import one_of, whole
from approxgan.estimators._directions import BLOCK, Directions
from approxgan.estimators._kinds import too_many


@dataclass(frozen=True)
class RandomDirection(Directions):
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ)) / ε · u_k (Nesterov and Spokoiny 2017).

    u is Gaussian, uniform on the sphere of radius √d, or q orthonormal vectors times √d. Each has
    E[u uᵀ] = I, so E[ĝ] → ∇f as ε → 0. Expected squared relative error there: (d+1)/q, (d-1)/q,
    d/q - 1 (orthonormal: Choromanski et al. 2018). Cost: one-sided q evaluations, and one of
    f(θ) for every 32 of them; two-sided 2q, whose mean the estimate's value is.
    """

    distribution: Annotated[str, one_of("gaussian", "sphere", "orthonormal")]
    sides: Annotated[int, whole(most=2)]  # type: ignore[override]
    """1: f(θ + εu) - f(θ); 2: (f(θ + εu) - f(θ - εu)) / 2."""

    def drawn(self, dimension: int, rng: Streams, size: int = BLOCK) -> Iterator[Tensor]:
        if self.distribution != "orthonormal":
            return super().drawn(dimension, rng, size)
        # They must be drawn together to be orthogonal to each other.
        return iter(self._orthonormal(dimension, rng).split(size, dim=1))

    def draw(self, total: int, dimension: int, rng: Streams) -> Tensor:
        gaussian = rng.normal(total, dimension)
        if self.distribution == "gaussian":
            return gaussian
        return gaussian * (dimension**0.5 / gaussian.norm(dim=-1, keepdim=True))

    def _orthonormal(self, dimension: int, rng: Streams) -> Tensor:
        """[S, q, P]"""
        if self.directions > dimension:
            raise ValueError(
                f"directions={self.directions} orthonormal directions do not fit in "
                f"{dimension} dimensions; accepted: 1 to {dimension}"
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
