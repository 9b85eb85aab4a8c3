"""Control: the exact gradient from a start moved by next to nothing, the floor of chaos."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.estimators._autograd import gradient
from approxgan.estimators._steps import within


@dataclass(frozen=True)
class PerturbedStart:
    """∇f by backpropagation, from θ₀ + distance · s with random signs s.

    Training amplifies any difference. How far this run ends from the unperturbed one is how far
    apart two runs end that are the same in every respect that matters.
    """

    distance: float
    """Of every parameter from its start, in parameter units; 1e-7 is a rounding in float32."""

    takes_epsilon: ClassVar[bool] = False
    sides: ClassVar[int] = 0
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        within("distance", self.distance, 0.0, math.inf)

    def start(self, theta: Tensor, rng: Streams) -> Tensor:
        """The moved start, [S, P]."""
        return theta + self.distance * rng.signs(theta.shape[1]).to(theta)

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        return gradient(f, theta)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = PerturbedStart
