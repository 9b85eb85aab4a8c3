"""The share of activations that change sign between θ and the points that an estimate uses."""

from typing import Any

import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.game import PlayerObjective

COORDINATES = 64
"""Coordinates of a sweep, evenly spread, at which activations are compared, to save time."""


class Watched:
    """An objective that also counts sign changes of pre-activations against θ [S, P].

    ``crossing()`` [S] is the share of (pre-activation, evaluated point) pairs with another sign
    than at θ; NaN where nothing but θ itself was evaluated.
    """

    def __init__(self, f: PlayerObjective, theta: Tensor) -> None:
        self._f = f
        self._theta = theta.detach()
        self._signs = self._sign(self._theta)
        self._changed = torch.zeros(len(theta), dtype=torch.float64, device=theta.device)
        self._seen = 0

    @torch.no_grad()
    def _sign(self, theta: Tensor) -> Tensor:
        return self._f.preactivations(theta) > 0

    def _see(self, theta: Tensor) -> None:
        # A dual number's primal part is θ itself, and so is exact's only point.
        point = theta.detach()
        if torch.equal(point, self._theta):
            return
        self._changed += (self._sign(point) != self._signs).double().mean(1)
        self._seen += 1

    def crossing(self) -> Tensor:
        # 0 / 0 is not a number.
        return self._changed / self._seen

    def __call__(self, theta: Tensor) -> Tensor:
        self._see(theta)
        return self._f(theta)

    def many(self, thetas: Tensor) -> Tensor:
        for theta in thetas:
            self._see(theta)
        return self._f.many(thetas)

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        steps = torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)
        count = min(COORDINATES, theta.shape[1])
        for i in torch.linspace(0, theta.shape[1] - 1, count).round().long().tolist():
            point = theta.detach().clone()
            point[:, i] += steps[:, i]
            self._see(point)
        return self._f.sweep(theta, step)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._f, name)

    def with_subgradient(self, alpha: float) -> PlayerObjective:
        return self._f.with_subgradient(alpha)
