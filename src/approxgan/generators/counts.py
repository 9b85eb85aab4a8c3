"""Poisson counters, which share events, saturate and round."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from approxgan.core.settings import POSITIVE, Checked, number, several, whole

SLOWEST, FASTEST = 1e-30, 1e8
"""Rates count as these at least and at most: the one never counts, the other always saturates."""
MOST_OUTCOMES = 100_000


@dataclass(frozen=True)
class Counts(Checked):
    """d counters with log-rates θ: readings r · ⌊min(N, cap) / r + 1/2⌋, N ~ Poisson(M e^θ).

    A draw is a uniform number u for each counter, and N the smallest count whose cumulative
    probability exceeds u: at the same u, a reading is a step function of θ. M is cross-talk: a
    counter keeps 1 - c of its events, and gives c/2 to each of its neighbours on a circle. With
    c below 1/2 M can be inverted, so that other rates mean other readings. Probabilities are
    exact: all counts from cap on read as cap.
    """

    rates: Annotated[Sequence[float], several(POSITIVE, "a list of rates above 0")]
    """e^θ of each counter in the data; there are as many counters."""
    cap: Annotated[int, whole(most=10_000)]
    """The largest count that a counter holds."""
    rounding: Annotated[int, whole(most=10_000)]
    """r: readings are multiples of it, halves are rounded up. With 1 every count is read."""
    cross_talk: Annotated[float, number(lambda c: 0 <= c < 0.5, "a number from 0 to below 0.5")]
    """c"""

    differentiable = False
    why_not_differentiable = "the generator counts: its gradient is zero almost everywhere"

    @property
    def width(self) -> int:
        return len(self.rates)

    def refuses(self, dim: int) -> str | None:
        if dim == len(self.rates):
            return None
        return f"{len(self.rates)} rates make as many columns; accepted: data of so many, not {dim}"

    def size(self, dim: int) -> int:
        return dim

    def layer_sizes(self, dim: int) -> list[int]:
        return [dim]

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        """Rates about 1: θ normal with standard deviation 1/10."""
        return 0.1 * rng.standard_normal(dim)

    def truth(self, dim: int) -> np.ndarray:
        return np.log(np.asarray(self.rates, dtype=np.float64))

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        """Uniform on [0, 1)."""
        return rng.random((*shape, self.width), dtype=dtype)

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        """NaN where a rate is."""
        counted = self._counted(theta)
        bounds = counted[..., :-1].cumsum(-1)
        counts = torch.searchsorted(bounds, draws.to(bounds).mT.contiguous(), right=True)
        readings = self._readings().to(theta)[counts]
        return readings.where(~counted[..., :1].isnan(), torch.nan).mT

    def log_prob(self, dim: int, theta: Tensor, x: Tensor) -> Tensor:
        """Of readings that cannot be, about -708 for each counter."""
        levels, shares = self._shares(theta)
        place = torch.searchsorted(levels, x.to(levels).contiguous()).clamp(max=len(levels) - 1)
        own = shares.mT.gather(1, place).where(levels[place] == x, 0.0)
        return own.clamp(min=torch.finfo(own.dtype).tiny).log().sum(-1).to(theta.dtype)

    def outcomes(self, dim: int) -> Tensor | None:
        """None where more than ``MOST_OUTCOMES`` readings can be made together."""
        levels = self._readings().unique()
        if len(levels) ** dim > MOST_OUTCOMES:
            return None
        return torch.cartesian_prod(*[levels] * dim).reshape(-1, dim)

    def probabilities(self, dim: int, theta: Tensor) -> Tensor:
        _, shares = self._shares(theta)
        joint = shares[:, 0]
        for column in range(1, dim):
            joint = (joint[..., None] * shares[:, column, None]).flatten(1)
        return joint.to(theta.dtype)

    def _readings(self) -> Tensor:
        """[cap + 1] float64: the reading of each count."""
        counts = torch.arange(self.cap + 1, dtype=torch.float64)
        return self.rounding * (counts / self.rounding + 0.5).floor()

    def _shares(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """The different readings [L], and the probability of each [M, d, L]; float64."""
        levels, place = self._readings().to(theta.device).unique(return_inverse=True)
        counted = self._counted(theta)
        shares = counted.new_zeros(*counted.shape[:2], len(levels))
        return levels, shares.index_add(-1, place, counted)

    def _counted(self, theta: Tensor) -> Tensor:
        """[M, d, cap + 1] float64: of counting 0, ..., cap - 1 events, and cap or more."""
        own = theta.double().clamp(math.log(SLOWEST), math.log(FASTEST)).exp()
        near = 0.5 * (own.roll(1, -1) + own.roll(-1, -1))
        rate = ((1.0 - self.cross_talk) * own + self.cross_talk * near)[..., None]
        counts = torch.arange(self.cap, dtype=rate.dtype, device=rate.device)
        below = (torch.xlogy(counts, rate) - rate - torch.lgamma(counts + 1.0)).exp()
        beyond = torch.special.gammainc(torch.full_like(rate, self.cap), rate)
        return torch.cat([below, beyond], -1)
