"""Control: the exact gradient from a slightly moved start; it gives the noise floor."""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from approxgan.core.autograd import require_point
from approxgan.core.protocols import Streams
from approxgan.core.settings import within
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class PerturbedStart(Derivatives):
    """∇f by backpropagation, from θ₀ + distance · s with random signs s.

    Training amplifies any difference. The distance between the end of this run and that of the
    unperturbed run is the difference that chance alone makes. A control of this project. Cost:
    that of ``exact``.
    """

    distance: Annotated[float, within(0.0)]
    """Of every parameter from its start, in parameter units; 1e-7 is a rounding in float32."""

    def start(self, theta: Tensor, rng: Streams) -> Tensor:
        """The moved start, [S, P]."""
        return require_point(theta) + self.distance * rng.signs(theta.shape[1]).to(theta)
