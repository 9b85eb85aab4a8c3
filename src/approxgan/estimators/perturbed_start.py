"""Control: the exact gradient from a slightly moved start; it gives the noise floor."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from approxgan.core.autograd import gradient, require_point
from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.core.settings import require_within
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class PerturbedStart(Derivatives):
    """∇f by backpropagation, from θ₀ + distance · s with random signs s.

    Training amplifies any difference. The distance between the end of this run and that of the
    unperturbed run is the difference that chance alone makes. A control of this project. Cost:
    that of ``exact``.
    """

    distance: float
    """Of every parameter from its start, in parameter units; 1e-7 is a rounding in float32."""

    def __post_init__(self) -> None:
        require_within("distance", self.distance, 0.0)

    def start(self, theta: Tensor, rng: Streams) -> Tensor:
        """The moved start, [S, P]."""
        return require_point(theta) + self.distance * rng.signs(theta.shape[1]).to(theta)

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: StepSize | None, rng: Streams
    ) -> Estimate:
        return gradient(f, theta)

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


variant = PerturbedStart
