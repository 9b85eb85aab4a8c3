"""The reference sweep: one evaluation of the objective per coordinate, for any callable."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Sweep


def sweep(f: Callable[[Tensor], Tensor], theta: Tensor, step: float | Tensor) -> Sweep:
    """f(θ + step·e_i) for every i.

    θ [S, P]; f maps [S, P] to [S]; step is a number or [S, P]. P + 1 evaluations, in place.
    """
    steps = torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)
    point = theta.detach().clone()
    value = f(point).detach()
    losses = value.new_empty(theta.shape)
    for i in range(theta.shape[1]):
        column = point[:, i].clone()
        point[:, i] += steps[:, i]
        losses[:, i] = f(point).detach()
        point[:, i] = column
    return Sweep(losses, value)
