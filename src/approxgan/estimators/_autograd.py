"""One reverse pass through an objective."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Estimate


def gradient(f: Callable[[Tensor], Tensor], theta: Tensor) -> Estimate:
    """Value and gradient of f at θ [S, P]; the gradient of a loss free of θ is 0.

    The seeds' losses do not depend on each other's parameters, so the gradient of their sum is
    the stack of their gradients.
    """
    point = theta.detach().requires_grad_(True)
    with torch.enable_grad():
        value = f(point)
        if value.requires_grad:
            (grad,) = torch.autograd.grad(value.sum(), point)
        else:
            grad = torch.zeros_like(theta)
    return Estimate(grad, value.detach(), forwards=1, backwards=1)
