"""Differences along random directions that are orthogonal by construction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.protocols import Situation, Streams
from approxgan.core.settings import one_of, whole
from approxgan.estimators._directions import BLOCK, Directions, subset
from approxgan.estimators._kinds import too_many


@dataclass(frozen=True)
class StructuredDirections(Directions):
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ)) / ε · u_k with |u_k| = √d, or two-sided.

    ``hadamard``: random rows of the Hadamard matrix of the next power of 2, n, cut to d columns,
    times one draw of signs for each column (Choromanski et al. 2018). Expected squared relative
    error as ε → 0: d/q - 1 + (1 - 1/q)(n - d)/(n - 1), where rows are orthogonal only if n = d.
    ``blocks``: the coordinates are divided at random into q blocks as equal as can be, and u_k is
    √q times random signs on block k, 0 elsewhere. Error: Σ_k b_k²/d - 1 for blocks of b_k
    coordinates, d/q - 1 where q divides d. Neither factorises a matrix, as orthonormal Gaussian
    directions do. Cost: as of ``random_direction``.
    """

    structure: Annotated[str, one_of("hadamard", "blocks")]
    sides: Annotated[int, whole(most=2)]  # type: ignore[override]
    """1: f(θ + εu) - f(θ); 2: (f(θ + εu) - f(θ - εu)) / 2."""

    def drawn(self, dimension: int, rng: Streams, size: int = BLOCK) -> Iterator[Tensor]:
        if self.directions > dimension:
            raise ValueError(
                f"directions={self.directions} orthogonal directions do not fit in "
                f"{dimension} dimensions; accepted: 1 to {dimension}"
            )
        if self.structure == "hadamard":
            return self._hadamard(dimension, rng, size)
        return self._blocks(dimension, rng, size)

    def _hadamard(self, dimension: int, rng: Streams, size: int) -> Iterator[Tensor]:
        signs = rng.signs(dimension)[:, None]
        rows = subset(rng, _order(dimension), self.directions).int()
        columns = torch.arange(dimension, dtype=torch.int32, device=rows.device)
        for part in rows.split(size, dim=1):
            # H_ij = (-1)^(number of bits that i and j share): the parity is folded into one bit.
            shared = part[..., None] & columns
            for shift in (16, 8, 4, 2, 1):
                shared ^= shared >> shift
            yield torch.where((shared & 1).bool(), -signs, signs)

    def _blocks(self, dimension: int, rng: Streams, size: int) -> Iterator[Tensor]:
        signs = rng.signs(dimension) * self.directions**0.5
        order = subset(rng, dimension, dimension)
        places = torch.arange(dimension, device=order.device) * self.directions // dimension
        owner = torch.empty_like(order).scatter_(1, order, places.expand_as(order))
        for part in torch.arange(self.directions, device=order.device).split(size):
            yield torch.where(owner[:, None] == part[:, None], signs[:, None], 0.0)

    def refuses(self, situation: Situation) -> str | None:
        return super().refuses(situation) or too_many("directions", self.directions, situation)

    def squared_error(self, dimension: int) -> float | None:
        d, q = dimension, self.directions
        if self.structure == "blocks":
            least, more = divmod(d, q)
            return (more * (least + 1) ** 2 + (q - more) * least**2) / d - 1
        n = _order(d)
        return d / q - 1 + (1 - 1 / q) * (n - d) / max(n - 1, 1)


def _order(dimension: int) -> int:
    """Of the Hadamard matrix: the least power of 2 that is not below."""
    return 1 << (dimension - 1).bit_length()
