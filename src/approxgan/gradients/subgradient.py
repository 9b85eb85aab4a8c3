"""An element of the Clarke subdifferential, chosen by the slope used at kinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core import Estimate, Objective, Streams
from approxgan.gradients._autograd import gradient


@dataclass(frozen=True)
class Subgradient:
    """Backpropagation in which an activation at exactly 0 has slope alpha.

    The incoming gradient is multiplied by alpha there (Bertoin et al., NeurIPS 2021, study this
    choice). Away from exact zeros it is the exact gradient.
    """

    alpha: float
    """Between the one-sided slopes of the activation: 0.2 to 1 for leaky ReLU of slope 0.2."""

    takes_epsilon: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.alpha <= 1.0:
            raise ValueError(f"alpha={self.alpha} must lie in [0, 1]")

    def estimate(self, f: Objective, theta: Tensor, *, eps: float | None, rng: Streams) -> Estimate:
        return gradient(f.with_kink(self.alpha), theta)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = Subgradient
