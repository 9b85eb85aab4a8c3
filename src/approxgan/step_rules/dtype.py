"""A step that balances rounding and truncation, from the precision alone."""

import torch
from torch import Tensor

from approxgan.core.protocols import Chosen, Objective, Streams
from approxgan.core.settings import Checked
from approxgan.step_rules._sizes import sizes, start


class Dtype(Checked):
    """ε_i = √u max(1, |θ_i|), with ∛u for two-sided differences.

    u is the machine epsilon of the coarser of the types of θ and of the loss. This is the default
    of ``scipy.optimize``'s differences, without their sign. It takes f and its derivatives to be
    of size 1. Where all parameters step together, |θ_i| is the root mean square of θ. Cost: 1
    evaluation, for the loss's type.
    """

    every = 1

    def choose(
        self, f: Objective, theta: Tensor, *, sides: int, per_coordinate: bool, rng: Streams
    ) -> Chosen:
        theta = start(theta, sides)
        with torch.no_grad():
            loss = f(theta)
        unit = max(torch.finfo(theta.dtype).eps, torch.finfo(loss.dtype).eps)
        step = unit ** (1.0 / (sides + 1)) * sizes(theta, per_coordinate=per_coordinate)
        return Chosen(step.to(theta), forwards=1)
