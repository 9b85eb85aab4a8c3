"""Dense generator and discriminator, or a dense discriminator for another generator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from torch import Tensor

from approxgan.core.chain import ACTIVATION, WIDTH, WIDTHS, Chain, check_slope
from approxgan.core.protocols import Generator, Layers, Player
from approxgan.core.settings import Checked


@dataclass(frozen=True)
class Dense(Checked):
    """latent -> hidden... -> data, and data -> hidden... -> one logit: two ``Chain``s."""

    latent: int
    """0 where the generator is one of the family ``generators``."""
    generator: Sequence[int] | Generator
    discriminator: Annotated[Sequence[int], WIDTHS]
    activation: Annotated[str, ACTIVATION]
    """Of every hidden layer of these networks."""
    slope: float | None = None
    """Leaky ReLU's slope below 0; TensorFlow's default, which the article uses, is 0.2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_slope(self.activation, self.slope)
        if not hasattr(self.generator, "run"):
            WIDTH.check("latent", self.latent)
            WIDTHS.check("generator", self.generator)

    def sizes(self, player: Player, dim: int) -> tuple[int, ...]:
        if player == "discriminator":
            return (dim, *self.discriminator, 1)
        assert isinstance(self.generator, Sequence)
        return (self.latent, *self.generator, dim)

    def chain(self, player: Player, dim: int) -> Chain:
        return Chain(self.sizes(player, dim), self.activation, self.slope)

    def size(self, player: Player, dim: int) -> int:
        return self.chain(player, dim).size

    def layer_sizes(self, player: Player, dim: int) -> list[int]:
        return self.chain(player, dim).layer_sizes

    def init(self, player: Player, dim: int, rng: np.random.Generator) -> np.ndarray:
        return self.chain(player, dim).init(rng)

    def apply(
        self, player: Player, dim: int, theta: Tensor, x: Tensor, kink: float | None = None
    ) -> Tensor:
        return self.chain(player, dim).passes(theta, x, kink)[-1]

    def preactivations(self, player: Player, dim: int, theta: Tensor, x: Tensor) -> list[Tensor]:
        return self.chain(player, dim).passes(theta, x)[:-1]

    def layers(self, player: Player, dim: int) -> Layers:
        return self.chain(player, dim).layers

    def slopes(self) -> tuple[float, float] | None:
        return self.chain("discriminator", 1).slopes
