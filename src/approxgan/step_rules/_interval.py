"""A step at which rounding and truncation errors are alike, found by testing steps."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Objective

FACTORS = {1: 4.0, 2: 3.0}
"""By sides: a test compares differences with steps h and factor · h; the search, too, grows and
shrinks h by it."""


def by_coordinate(f: Objective, theta: Tensor, sides: int, step: Tensor) -> Tensor:
    """[S, P] test differences along every coordinate, float64; step [S, P] in the type of θ."""
    factor = FACTORS[sides]

    def rise(to: Tensor) -> Tensor:
        ahead, base = f.sweep(theta, to)
        behind = base[:, None] if sides == 1 else f.sweep(theta, -to).losses
        return ahead.double() - behind.double()

    return rise(factor * step) - factor * rise(step)


def along(f: Objective, theta: Tensor, direction: Tensor, sides: int, step: Tensor) -> Tensor:
    """[S, 1] test differences along one direction [S, P], float64; step [S, 1]."""
    factor = FACTORS[sides]
    near, far = step * direction, factor * step * direction
    behind = [theta] if sides == 1 else [theta - far, theta - near]
    losses = f.many(torch.stack([theta + far, theta + near, *behind])).detach().double()
    rise_far, rise_near = losses[:2] - losses[2:]
    return (rise_far - factor * rise_near)[:, None]


def search(
    test: Callable[[Tensor], Tensor],
    noise: Tensor,
    sides: int,
    bounds: tuple[Tensor, Tensor],
    accepted: tuple[float, float],
    tries: int,
) -> Tensor:
    """Algorithm 2.1 of Shi, Xie, Xuan and Nocedal (2021) for many steps at once.

    ``test`` maps steps h to test differences Δ(h), both of the shape of the ``bounds`` between
    which h is kept; ``noise`` [S] is ε_f, the bound of f's noise. A step is accepted where
    |Δ(h)| / (8 ε_f) lies in ``accepted``: below, noise still hides the truncation error; above,
    truncation outweighs noise. Returns the accepted steps, and the last ones tested where none is.
    """
    low, high = accepted
    # The best step where the derivative that truncation is made of is 1.
    start = 2.0 * noise.sqrt() if sides == 1 else (3.0 * noise) ** (1.0 / 3.0)
    step = tested = start[:, None].expand_as(bounds[0]).clamp(*bounds)
    below, above = torch.zeros_like(step), torch.full_like(step, math.inf)
    done = torch.zeros_like(step, dtype=torch.bool)
    for _ in range(tries):
        tested = step
        ratio = test(step).abs() / (8.0 * noise[:, None])
        # A difference that is not a number came from a step too large for f.
        small, large = (ratio < low) & ~done, ~(ratio <= high) & ~done
        below, above = step.where(small, below), step.where(large, above)
        done = ~(small | large)
        step = step.where(done, _next(step, below, above, FACTORS[sides]).clamp(*bounds))
    return tested


def _next(step: Tensor, below: Tensor, above: Tensor, factor: float) -> Tensor:
    """Grown or shrunk until a step too small and one too large are known, then their middle."""
    inside = (step / factor).where(below == 0.0, (below + above) / 2.0)
    return (factor * step).where(above == math.inf, inside)
