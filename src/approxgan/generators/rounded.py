"""Dense layers whose outputs are rounded to a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from approxgan.core.chain import ACTIVATION, WIDTH, Chain, check_slope
from approxgan.core.settings import Checked, Rule, within


@dataclass(frozen=True)
class Rounded(Checked):
    """x = δ · ⌊u / δ + 1/2⌋, u the output of dense layers over standard normal draws.

    The rounding alone is the black box, and u is its input: with δ = 0 it leaves u as it is, and
    the generator is smooth. Relaxed, with v = u / δ and its fraction r = v - ⌊v⌋, it is
    δ · (⌊v⌋ + 1/2 + tanh((r - 1/2) / τ) / 2 tanh(1 / 2τ)) (Agustsson and Theis 2020): u itself at
    a high temperature τ, rounded at a low one.
    """

    latent: Annotated[int, WIDTH]
    hidden: Annotated[
        Sequence[int], Rule(lambda v: isinstance(v, list | tuple), "a list of widths", WIDTH)
    ]
    """None for a linear layer: u is Gaussian."""
    activation: Annotated[str, ACTIVATION]
    """Of every hidden layer."""
    grid: Annotated[float, within(0.0)]
    """δ, in data units."""
    slope: float | None = None
    """Leaky ReLU's slope below 0."""

    why_not_differentiable = "the generator rounds: its gradient is zero almost everywhere"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_slope(self.activation, self.slope)

    @property
    def differentiable(self) -> bool:
        return self.grid == 0

    @property
    def width(self) -> int:
        return self.latent

    def chain(self, dim: int) -> Chain:
        return Chain((self.latent, *self.hidden, dim), self.activation, self.slope)

    def size(self, dim: int) -> int:
        return self.chain(dim).size

    def layer_sizes(self, dim: int) -> list[int]:
        return self.chain(dim).layer_sizes

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        return self.chain(dim).init(rng)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        """Standard normal."""
        return rng.standard_normal((*shape, self.latent), dtype=dtype)

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
