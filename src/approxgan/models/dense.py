"""Dense generator and discriminator over stacked flat parameters."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Layers, Player
from approxgan.core.settings import require_count, shown
from approxgan.models._activation import activate, slope_of

WIDEST = 1_000_000


@dataclass(frozen=True)
class Dense:
    """latent -> hidden... -> data, and data -> hidden... -> one logit.

    Flat parameters hold, layer by layer, the weight [out, in] row by row and then the bias.
    The start is PyTorch's default for ``Linear``: weight and bias uniform on ±1/√in.
    """

    latent: int
    generator: Sequence[int]
    discriminator: Sequence[int]
    activation: str
    """leaky_relu, relu, tanh or softplus, of every hidden layer of both networks."""
    slope: float | None = None
    """Leaky ReLU's slope below 0; TensorFlow's default, which the article uses, is 0.2."""

    def __post_init__(self) -> None:
        for name, widths in (("generator", self.generator), ("discriminator", self.discriminator)):
            if not isinstance(widths, list | tuple) or not widths:
                raise ValueError(
                    f"{name} is {shown(widths)}; accepted: a list of one or more hidden widths"
                )
            for width in widths:
                require_count(name, width, most=WIDEST)
        require_count("latent", self.latent, most=WIDEST)
        slope_of(self.activation, self.slope)

    def sizes(self, player: Player, dim: int) -> tuple[int, ...]:
        if player == "generator":
            return (self.latent, *self.generator, dim)
        return (dim, *self.discriminator, 1)

    def size(self, player: Player, dim: int) -> int:
        return sum(self.layer_sizes(player, dim))

    def init(self, player: Player, dim: int, rng: np.random.Generator) -> np.ndarray:
        sizes = self.sizes(player, dim)
        pieces = []
        for into, out in itertools.pairwise(sizes):
            bound = 1.0 / np.sqrt(into)
            pieces.append(rng.uniform(-bound, bound, out * (into + 1)))
        return np.concatenate(pieces)

    def apply(
        self, player: Player, dim: int, theta: Tensor, x: Tensor, kink: float | None = None
    ) -> Tensor:
        return self._forward(player, dim, theta, x, kink, [])

    def preactivations(self, player: Player, dim: int, theta: Tensor, x: Tensor) -> list[Tensor]:
        kept: list[Tensor] = []
        self._forward(player, dim, theta, x, None, kept)
        return kept

    def _forward(
        self,
        player: Player,
        dim: int,
        theta: Tensor,
        x: Tensor,
        kink: float | None,
        kept: list[Tensor],
    ) -> Tensor:
        slope = slope_of(self.activation, self.slope)
        pairs = list(itertools.pairwise(self.sizes(player, dim)))
        # One split, whose backward pass is one concatenation, instead of a slice per tensor.
        parts = theta.split([n for into, out in pairs for n in (into * out, out)], dim=1)
        for layer, (into, out) in enumerate(pairs):
            weight = parts[2 * layer].unflatten(1, (out, into))
            # Not baddbmm, which is no faster and has no forward-mode derivative of its own.
            x = torch.bmm(x, weight.mT).add_(parts[2 * layer + 1].unsqueeze(1))
            if layer < len(pairs) - 1:
                kept.append(x)
                x = activate(x, self.activation, slope, kink)
        return x

    def layers(self, player: Player, dim: int) -> Layers:
        slope = slope_of(self.activation, self.slope)
        sizes = self.sizes(player, dim)
        hidden = self.activation if slope is None else slope
        return sizes, (hidden,) * (len(sizes) - 2) + (1.0,)

    def slopes(self) -> tuple[float, float] | None:
        slope = slope_of(self.activation, self.slope)
        return None if slope is None else (slope, 1.0)

    def layer_sizes(self, player: Player, dim: int) -> list[int]:
        return [out * (into + 1) for into, out in itertools.pairwise(self.sizes(player, dim))]


variant = Dense
