"""Dense layers whose outputs are rounded to a grid."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from approxgan.core.settings import within
from approxgan.generators._layered import Layered


@dataclass(frozen=True, kw_only=True)
class Rounded(Layered):
    """x = δ · ⌊u / δ + 1/2⌋, u the output of dense layers over standard normal draws.

    The rounding alone is the black box, and u is its input: with δ = 0 it leaves u as it is, and
    the generator is smooth. Relaxed, with v = u / δ and its fraction r = v - ⌊v⌋, it is
    δ · (⌊v⌋ + 1/2 + tanh((r - 1/2) / τ) / 2 tanh(1 / 2τ)) (Agustsson and Theis 2020): u itself at
    a high temperature τ, rounded at a low one.
    """

    grid: Annotated[float, within(0.0)]
    """δ, in data units."""

    why_not_differentiable = "the generator rounds: its gradient is zero almost everywhere"

    @property
    def differentiable(self) -> bool:
        return self.grid == 0

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.box(dim, self.inner(dim, theta, draws, kink), draws)

    def inner(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.chain(dim).passes(theta, draws, kink)[-1]

    def box(self, dim: int, u: Tensor, draws: Tensor) -> Tensor:
        return u if self.grid == 0 else self.grid * (u / self.grid + 0.5).floor()

    def relaxed(self, dim: int, theta: Tensor, draws: Tensor, temperature: float) -> Tensor:
        u = self.inner(dim, theta, draws)
        if self.grid == 0:
            return u
        steps = u / self.grid
        below = steps.detach().floor()
        sharp = torch.tanh((steps - below - 0.5) / temperature)
        return self.grid * (below + 0.5 + 0.5 * sharp / np.tanh(0.5 / temperature))
