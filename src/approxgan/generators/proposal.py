"""Another generator whose parameters are drawn anew for each sample."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.settings import Checked, Positive, one_of

MOST_COLUMNS = 10_000


@dataclass(frozen=True)
class Proposal(Checked):
    """x ~ p(x | u), u ~ N(μ, σ² I): the proposal of adversarial variational optimisation.

    Louppe, Hermans and Cranmer (2019) move μ, and σ if ``scales`` are learned, by the mode
    ``score_function`` of log N(u; μ, σ²). θ is μ, and after it log σ of each parameter if that is
    learned. The discriminator sees the marginal ∫ p(x | u) N(u; μ, σ²) du, and that is what is
    matched: the mean count of a Poisson counter with log-rate u is exp(μ + σ²/2), so that μ ends
    lower than the true log-rate by σ²/2. The black box is the generator at u; a difference ``at:
    output`` moves the u of each sample.
    """

    of: Any
    """The generator p(x | u): in a config its kind and settings."""
    scale: Positive
    """σ of every parameter, at the start where they are learned."""
    scales: Annotated[str, one_of("fixed", "learned")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not hasattr(self.of, "refuses"):
            raise ValueError(
                f"of is a {type(self.of).__name__}; accepted: a generator that makes one number "
                "of columns alone"
            )

    @property
    def learned(self) -> bool:
        return self.scales == "learned"

    @cached_property
    def moved(self) -> int:
        """Parameters of the generator."""
        fit = (dim for dim in range(1, MOST_COLUMNS) if self.of.refuses(dim) is None)
        return self.of.size(next(fit))

    @property
    def differentiable(self) -> bool:
        return self.of.differentiable

    @property
    def why_not_differentiable(self) -> str:
        return getattr(self.of, "why_not_differentiable", "")

    @property
    def width(self) -> int:
        return self.of.width + self.moved

    def refuses(self, dim: int) -> str | None:
        return self.of.refuses(dim)

    def size(self, dim: int) -> int:
        return sum(self.layer_sizes(dim))

    def layer_sizes(self, dim: int) -> list[int]:
        return [*self.of.layer_sizes(dim), *([self.moved] if self.learned else [])]

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        spread = np.full(self.moved if self.learned else 0, math.log(self.scale))
        return np.concatenate([self.of.init(dim, rng), spread])

    def truth(self, dim: int) -> np.ndarray | None:
        """Means, as if σ were 0: none where σ is learned."""
        truth = getattr(self.of, "truth", None)
        return None if self.learned or truth is None else truth(dim)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        """The generator's draws, and then standard normal ones of its parameters."""
        rows = [
            np.concatenate([self.of.draw(rng, (), dtype), rng.standard_normal(self.moved, dtype)])
            for _ in range(math.prod(shape))
        ]
        return np.array(rows, dtype=dtype).reshape(*shape, self.width)

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.box(dim, self.inner(dim, theta, draws), draws)

    def inner(self, dim: int, theta: Tensor, draws: Tensor) -> Tensor:
        mean, spread = self._law(theta)
        return mean + spread.exp() * draws[..., self.of.width :]

    def box(self, dim: int, u: Tensor, draws: Tensor) -> Tensor:
        own = draws[..., : self.of.width].flatten(0, 1).unsqueeze(1)
        return self.of.run(dim, u.flatten(0, 1), own).reshape(*u.shape[:2], dim)

    def log_inner(self, dim: int, theta: Tensor, u: Tensor) -> Tensor:
        mean, spread = self._law(theta)
        normal = (u - mean) / spread.exp()
        return -(0.5 * normal.square() + spread + 0.5 * math.log(2 * math.pi)).sum(-1)

    def _law(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ, [M, 1, P]."""
        mean = theta[:, None, : self.moved]
        if self.learned:
            return mean, theta[:, None, self.moved :]
        return mean, torch.full_like(mean, math.log(self.scale))
