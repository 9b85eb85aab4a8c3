"""Dense layers from standard normal draws to data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from approxgan.core.chain import WIDTHS
from approxgan.core.protocols import Layers
from approxgan.generators._layered import Layered


@dataclass(frozen=True)
class Dense(Layered):
    """latent -> hidden... -> data."""

    hidden: Annotated[Sequence[int], WIDTHS]
    differentiable: ClassVar[bool] = True

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.chain(dim).passes(theta, draws, kink)[-1]

    def preactivations(self, dim: int, theta: Tensor, draws: Tensor) -> list[Tensor]:
        return self.chain(dim).passes(theta, draws)[:-1]

    def layers(self, dim: int) -> Layers:
        return self.chain(dim).layers

    def slopes(self) -> tuple[float, float] | None:
        return self.chain(1).slopes
