"""Dense layers from standard normal draws to data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from torch import Tensor

from approxgan.core.chain import ACTIVATION, WIDTH, WIDTHS, Chain, check_slope
from approxgan.core.protocols import Layers
from approxgan.core.settings import Checked


@dataclass(frozen=True)
class Dense(Checked):
    """latent -> hidden... -> data. Parameters and their start are those of a ``Chain``."""

    latent: Annotated[int, WIDTH]
    hidden: Annotated[Sequence[int], WIDTHS]
    activation: Annotated[str, ACTIVATION]
    """Of every hidden layer."""
    slope: float | None = None
    """Leaky ReLU's slope below 0."""
    differentiable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_slope(self.activation, self.slope)

    def chain(self, dim: int) -> Chain:
        return Chain((self.latent, *self.hidden, dim), self.activation, self.slope)

    @property
    def width(self) -> int:
        return self.latent

    def size(self, dim: int) -> int:
        return self.chain(dim).size

    def layer_sizes(self, dim: int) -> list[int]:
        return self.chain(dim).layer_sizes

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        return self.chain(dim).init(rng)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        return rng.standard_normal((*shape, self.latent), dtype=dtype)

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.chain(dim).passes(theta, draws, kink)[-1]

    def preactivations(self, dim: int, theta: Tensor, draws: Tensor) -> list[Tensor]:
        return self.chain(dim).passes(theta, draws)[:-1]

    def layers(self, dim: int) -> Layers:
        return self.chain(dim).layers

    def slopes(self) -> tuple[float, float] | None:
        return self.chain(1).slopes
