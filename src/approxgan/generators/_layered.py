"""Dense layers over standard normal draws: what generators that begin with them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from approxgan.core.chain import ACTIVATION, WIDTH, Chain, check_slope
from approxgan.core.settings import Checked, Rule


@dataclass(frozen=True)
class Layered(Checked):
    """latent -> hidden... -> data. Parameters and their start are those of a ``Chain``.

    It says nothing that a compiled sweep reads: what comes after the layers is a subclass' own.
    """

    latent: Annotated[int, WIDTH]
    hidden: Annotated[
        Sequence[int], Rule(lambda v: isinstance(v, list | tuple), "a list of widths", WIDTH)
    ]
    """None for a linear layer, whose output is Gaussian."""
    activation: Annotated[str, ACTIVATION]
    """Of every hidden layer."""
    slope: float | None = None
    """Leaky ReLU's slope below 0."""

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
        """Standard normal."""
        return rng.standard_normal((*shape, self.latent), dtype=dtype)
