"""A chain of dense layers over stacked flat parameters: what networks of several families share."""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from approxgan.core.protocols import Layers
from approxgan.core.settings import one_of, several, shown, whole, within

# torch's own threshold, 20, would cut off 2e-9.
SMOOTH = {"tanh": torch.tanh, "softplus": lambda x: functional.softplus(x, threshold=40.0)}
NAMES = ("leaky_relu", "relu", *SMOOTH)
ACTIVATION = one_of(*NAMES)
WIDTH = whole(most=1_000_000)
WIDTHS = several(WIDTH, "a list of one or more hidden widths")


def check_slope(activation: str, slope: float | None) -> None:
    """Raise ``ValueError`` for a slope that the activation does not take, or lacks."""
    if activation == "leaky_relu":
        within(0.0, 1.0).check("slope", slope)
    elif slope is not None:
        raise ValueError(f"slope is {shown(slope)}; accepted: none, as {activation} takes none")


@dataclass(frozen=True)
class Chain:
    """sizes[0] -> hidden... -> sizes[-1]; the activation is that of every hidden layer.

    Flat parameters hold, layer by layer, the weight [out, in] row by row and then the bias.
    """

    sizes: tuple[int, ...]
    activation: str
    slope: float | None
    """Leaky ReLU's slope below 0."""

    @property
    def size(self) -> int:
        return sum(self.layer_sizes)

    @property
    def layer_sizes(self) -> list[int]:
        return [out * (into + 1) for into, out in itertools.pairwise(self.sizes)]

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """PyTorch's default for ``Linear``: weight and bias uniform on ±1/√in."""
        pieces = []
        for into, out in itertools.pairwise(self.sizes):
            bound = 1.0 / np.sqrt(into)
            pieces.append(rng.uniform(-bound, bound, out * (into + 1)))
        return np.concatenate(pieces)

    def passes(self, theta: Tensor, x: Tensor, kink: float | None = None) -> list[Tensor]:
        """What every layer gives before its activation, [S, B, out]; the last one has none."""
        pairs = list(itertools.pairwise(self.sizes))
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
        slopes = self.slopes
        if slopes is None:
            return SMOOTH[self.activation](x)
        leaky = functional.leaky_relu(x, slopes[0])
        return leaky if kink is None else torch.where(x == 0, kink * x, leaky)

    @property
    def layers(self) -> Layers:
        """As in ``objective.problem.DenseProblem``."""
        hidden = self.activation if self.slopes is None else self.slopes[0]
        return self.sizes, (hidden,) * (len(self.sizes) - 2) + (1.0,)

    @property
    def slopes(self) -> tuple[float, float] | None:
        """One-sided slopes of the activation at its kink; None for a smooth one."""
        return None if self.activation in SMOOTH else (self.slope or 0.0, 1.0)
