"""Random directions and coordinates, and the gradient estimate that slopes add up to."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Estimate, Objective, StepSize, Streams
from approxgan.estimators._steps import by_seed

BLOCK = 32
"""Directions evaluated at once: bounds memory to that many copies of the parameters."""


def with_bases(count: int) -> int:
    """Evaluations of ``count`` one-sided differences: each block has a base value of its own."""
    return count + math.ceil(count / BLOCK)


def differences(
    f: Objective,
    theta: Tensor,
    draw: Callable[[int], Tensor],
    count: int,
    step: StepSize,
    *,
    two_sided: bool,
) -> Estimate:
    """(1/q) Σ_k slope_k u_k with slopes (f(θ + εu) - f(θ)) / ε, or two-sided.

    θ [S, P]; the step is a number or [S, 1]; ``draw(n)`` gives the next n of the ``count`` = q
    directions, [S, n, P]. The base value is evaluated in the same call as the points it is
    subtracted from, so both are rounded alike.
    """
    width = by_seed(2.0 * step if two_sided else step)
    grad = torch.zeros_like(theta)
    parts = []
    for start in range(0, count, BLOCK):
        block = draw(min(BLOCK, count - start)).movedim(1, 0)
        ahead = theta + step * block
        other = theta - step * block if two_sided else theta[None]
        values = f.many(torch.cat([ahead, other])).detach()
        first, second = values[: len(block)], values[len(block) :]
        slopes = ((first - second) / width).to(theta.dtype)
        grad += torch.einsum("ks,ksp->sp", slopes, block)
        # One-sided, the base value; two-sided, this block's part in the mean of all evaluations.
        part = (first + second).mean(0) / 2.0 * (len(block) / count)
        parts.append(part if two_sided else second[0])
    spent = 2 * count if two_sided else with_bases(count)
    value = torch.stack(parts).sum(0) if two_sided else parts[-1]
    return Estimate(grad / count, value, forwards=spent, backwards=0)


def subset(rng: Streams, dimension: int, count: int) -> Tensor:
    """[S, count] coordinates without replacement, every subset equally likely.

    The first of a random order. A second draw decides between equal numbers of the first, which
    are common where the streams are rounded to a coarse type.
    """
    first, second = rng.normal(2, dimension).unbind(1)
    shuffled = second.argsort(dim=1, stable=True)
    order = first.gather(1, shuffled).argsort(dim=1, stable=True)
    return shuffled.gather(1, order[:, :count])
