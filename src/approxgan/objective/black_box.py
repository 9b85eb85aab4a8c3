"""Wraps any loss, differentiable or not, as the objective that a gradient mode works on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.sweep import batched, plain

How = Literal["plain", "batched"]


class WrappedObjective:
    """A callable [S, P] -> [S] as a ``core.Objective``; see ``objective``."""

    def __init__(self, function: Callable[[Tensor], Tensor], how: How) -> None:
        self._function = function
        self._how: How = how

    def __call__(self, theta: Tensor) -> Tensor:
        return self._function(theta)

    def many(self, thetas: Tensor) -> Tensor:
        if self._how == "batched":
            return torch.func.vmap(self._function)(thetas)
        return torch.stack([self._function(theta) for theta in thetas])

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        evaluate = batched.sweep if self._how == "batched" else plain.sweep
        return evaluate(self._function, theta, step)

    def with_subgradient(self, alpha: float) -> WrappedObjective:
        raise ValueError(
            f"the slope {alpha} at kinks cannot be chosen: this objective is a plain callable "
            "and does not show where its kinks are; use a mode other than subgradient"
        )


def objective(function: Callable[[Tensor], Tensor], *, how: How = "plain") -> WrappedObjective:
    """The objective of any loss f(θ): [S, P] -> [S], where S losses are stacked.

    ``how='plain'`` calls ``function`` once per evaluation and never differentiates it, so it may
    be a simulator or any other black box that takes and returns tensors. ``how='batched'``
    evaluates many points in one call through ``torch.func.vmap`` and needs a function of torch
    operations. Raises ``ValueError`` for another ``how``.

    >>> f = objective(lambda theta: (theta**2).sum(-1))
    >>> f.sweep(torch.zeros(1, 2), 0.5).losses
    tensor([[0.2500, 0.2500]])
    """
    if how not in ("plain", "batched"):
        raise ValueError(f"how={how!r} is not known; accepted: 'plain', 'batched'")
    return WrappedObjective(function, how)
