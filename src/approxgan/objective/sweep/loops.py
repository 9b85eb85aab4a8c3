"""Sweeps of any callable by its evaluations: one by one, or many at once."""

from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Sweep

CHUNK = 256
"""Copies evaluated at once: the fastest of 64 to 2048 for the article's network at batch 64."""


def whole_step(step: float | Tensor, theta: Tensor) -> Tensor:
    """A step, a number or [S, P], for every coordinate."""
    return torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)


def plain(f: Callable[[Tensor], Tensor], theta: Tensor, step: float | Tensor) -> Sweep:
    """The reference: f(θ + step·e_i) for every i, by P + 1 evaluations, in place.

    θ [S, P]; f maps [S, P] to [S]; step is a number or [S, P].
    """
    steps, point = whole_step(step, theta), theta.detach().clone()
    value = f(point).detach()
    losses = value.new_empty(theta.shape)
    for i in range(theta.shape[1]):
        column = point[:, i].clone()
        point[:, i] += steps[:, i]
        losses[:, i] = f(point).detach()
        point[:, i] = column
    return Sweep(losses, value)


def batched(
    f: Callable[[Tensor], Tensor], theta: Tensor, step: float | Tensor, chunk: int = CHUNK
) -> Sweep:
    """The same by ``torch.func.vmap`` over perturbed copies, for an f of torch operations."""
    return stacked(torch.func.vmap(f), theta, step, chunk)


def stacked(
    many: Callable[[Tensor], Tensor], theta: Tensor, step: float | Tensor, chunk: int = CHUNK
) -> Sweep:
    """The same by calls with perturbed copies [K, S, P] -> [K, S].

    The base value is row 0 of the first chunk, so that it is rounded by the same kernels as the
    rest.
    """
    theta = theta.detach()
    count, steps = theta.shape[1], whole_step(step, theta)
    pieces = []
    for start in range(-1, count, chunk):
        rows = torch.arange(start, min(start + chunk, count), device=theta.device)
        points = theta.repeat(len(rows), 1, 1)
        own = rows >= 0
        index = torch.arange(len(rows), device=theta.device)[own]
        points[index, :, rows[own]] += steps[:, rows[own]].T
        pieces.append(many(points).detach())
    values = torch.cat(pieces)
    return Sweep(values[1:].T.contiguous(), values[0])
