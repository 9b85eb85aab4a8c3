"""Dense generator and discriminator over stacked flat parameters."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from approxgan.core.protocols import Layers, Player
from approxgan.core.settings import Checked, one_of, several, shown, whole, within

# torch's own threshold, 20, would cut off 2e-9.
SMOOTH = {"tanh": torch.tanh, "softplus": lambda x: functional.softplus(x, threshold=40.0)}
NAMES = ("leaky_relu", "relu", *SMOOTH)
WIDTH = whole(most=1_000_000)
WIDTHS = several(WIDTH, "a list of one or more hidden widths")


@dataclass(frozen=True)
class Dense(Checked):
    """latent -> hidden... -> data, and data -> hidden... -> one logit.

    Flat parameters hold, layer by layer, the weight [out, in] row by row and then the bias.
    The start is PyTorch's default for ``Linear``: weight and bias uniform on ±1/√in.
    """

    latent: Annotated[int, WIDTH]
    generator: Annotated[Sequence[int], WIDTHS]
    discriminator: Annotated[Sequence[int], WIDTHS]
    activation: Annotated[str, one_of(*NAMES)]
    """Of every hidden layer of both networks."""
    slope: float | None = None
    """Leaky ReLU's slope below 0; TensorFlow's default, which the article uses, is 0.2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.activation == "leaky_relu":
            within(0.0, 1.0).check("slope", self.slope)
        elif self.slope is not None:
            raise ValueError(
                f"slope is {shown(self.slope)}; accepted: none, as {self.activation} takes none"
            )

    def sizes(self, player: Player, dim: int) -> tuple[int, ...]:
        if player == "generator":
            return (self.latent, *self.generator, dim)
        return (dim, *self.discriminator, 1)

    def size(self, player: Player, dim: int) -> int:
        return sum(self.layer_sizes(player, dim))

    def layer_sizes(self, player: Player, dim: int) -> list[int]:
        return [out * (into + 1) for into, out in itertools.pairwise(self.sizes(player, dim))]

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
        return self._passes(player, dim, theta, x, kink)[-1]

    def preactivations(self, player: Player, dim: int, theta: Tensor, x: Tensor) -> list[Tensor]:
        return self._passes(player, dim, theta, x, None)[:-1]

    def _passes(
        self, player: Player, dim: int, theta: Tensor, x: Tensor, kink: float | None
    ) -> list[Tensor]:
        """What every layer gives before its activation; the last one has none."""
        pairs = list(itertools.pairwise(self.sizes(player, dim)))
        # One split, whose backward pass is one concatenation, instead of a slice per tensor.
        parts = theta.split([n for into, out in pairs for n in (into * out, out)], dim=1)
        made: list[Tensor] = []
        for layer, (into, out) in enumerate(pairs):
            below = self._activate(made[-1], kink) if made else x
            weight = parts[2 * layer].unflatten(1, (out, into))
            # Not baddbmm, which is no faster and has no forward-mode derivative of its own.
            made.append(torch.bmm(below, weight.mT).add_(parts[2 * layer + 1].unsqueeze(1)))
        return made

    def _activate(self, x: Tensor, kink: float | None) -> Tensor:
        """Where x is exactly 0 a leaky ReLU has the derivative ``kink``: without one, ``slope``.

        Any kink between the one-sided slopes gives an element of the Clarke subdifferential.
        """
        slopes = self.slopes()
        if slopes is None:
            return SMOOTH[self.activation](x)
        leaky = functional.leaky_relu(x, slopes[0])
        return leaky if kink is None else torch.where(x == 0, kink * x, leaky)

    def layers(self, player: Player, dim: int) -> Layers:
        sizes, slopes = self.sizes(player, dim), self.slopes()
        hidden = self.activation if slopes is None else slopes[0]
        return sizes, (hidden,) * (len(sizes) - 2) + (1.0,)

    def slopes(self) -> tuple[float, float] | None:
        if self.activation in SMOOTH:
            return None
        return self.slope or 0.0, 1.0
