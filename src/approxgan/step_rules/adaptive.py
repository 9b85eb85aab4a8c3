"""A step chosen from the loss's measured noise and curvature."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from approxgan.core.protocols import Chosen, Objective, Streams
from approxgan.core.settings import LARGEST, Checked, number, whole
from approxgan.step_rules import _interval, _noise
from approxgan.step_rules._sizes import sizes, start

BOUND = 3.0**0.5
"""Of a uniform error, in standard deviations."""


@dataclass(frozen=True)
class Adaptive(Checked):
    """ε = h where a difference's rounding error and truncation error are alike.

    The standard deviation σ of the computed loss's noise is estimated first (Moré and Wild 2011).
    Then h is searched (Shi, Xie, Xuan and Nocedal 2021) until ``low`` <= r(h) <= ``high``, where
    r = |f(θ+4h) - 4f(θ+h) + 3f(θ)| / 8ε_f for one-sided differences and
    r = |f(θ+3h) - 3f(θ+h) + 3f(θ-h) - f(θ-3h)| / 8ε_f for two-sided ones. Both are 3 at the best
    step, 2√(ε_f/|f''|) and ∛(3ε_f/|f'''|). The authors use 1.5 and 6. ε_f is √3 σ, the bound of a
    uniform error such as rounding.

    Every coordinate has its own h, all searched together; where all parameters step together it
    is one h for each seed, searched along a direction of random signs. σ is measured by moving
    all parameters. h stays between u·s and s, where u is the machine epsilon and
    s = max(1, |θ_i|); where the loss is straight, nothing else stops h.

    Cost: 24 evaluations for the noise, and for every step tested 2 (P + 1) or, two-sided,
    4 (P + 1); where all parameters step together 3 or 4.
    """

    every: Annotated[int, whole()]
    """Training steps between two choices."""
    low: Annotated[float, number(lambda low: 1.0 < low < LARGEST, "a number above 1")]
    """Of the accepted ratios r: > 1, the most that bounded noise alone can make of it."""
    high: float
    """Of the accepted ratios r: > low + 2, so that noise cannot jump over them."""
    tries: Annotated[int, whole()]
    """Steps tested for every h: always as many, so that what a seed costs is its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        least = self.low + 2.0
        above = number(lambda high: least < high < LARGEST, f"a number above low + 2, {least:g}")
        above.check("high", self.high)

    @torch.no_grad()
    def choose(
        self, f: Objective, theta: Tensor, *, sides: int, per_coordinate: bool, rng: Streams
    ) -> Chosen:
        theta = start(theta, sides)
        direction = rng.signs(theta.shape[1]).to(theta)
        noise = BOUND * _noise.estimate(f, theta, direction)

        def test(step: Tensor) -> Tensor:
            rounded = step.to(theta)
            if per_coordinate:
                return _interval.by_coordinate(f, theta, sides, rounded)
            return _interval.along(f, theta, direction, sides, rounded)

        highest = sizes(theta, per_coordinate=per_coordinate)
        bounds = (torch.finfo(theta.dtype).eps * highest, highest)
        accepted = (self.low, self.high)
        step = _interval.search(test, noise, sides, bounds, accepted, self.tries)
        each = 2 * sides * (theta.shape[1] + 1) if per_coordinate else sides + 2
        return Chosen(step.to(theta), forwards=_noise.FORWARDS + self.tries * each)
