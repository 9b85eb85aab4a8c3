"""The noise of a computed function, from differences of its values at equally spaced points."""

import math

import torch
from torch import Tensor

from approxgan.core.protocols import Objective
from approxgan.step_rules._sizes import sizes

POINTS = 8
SPACINGS = (64.0, 6400.0, 0.64)
"""In machine epsilons: the first guess, 100 times larger where the values hardly differ, 100
times smaller where they differ too much. Moré and Wild's own advice is these factors."""
AGREE = 4.0
"""Levels of the difference table that are within this factor of each other are noise."""
DIGIT = 0.1
"""Values that differ by more than this part of the largest hold more than noise."""
FORWARDS = POINTS * len(SPACINGS)


def estimate(f: Objective, theta: Tensor, direction: Tensor) -> Tensor:
    """[S] standard deviations of the noise of f around θ, along ``direction`` [S, P].

    At least that of rounding the loss itself, u|f|/√3 with unit roundoff u. ``FORWARDS``
    evaluations.
    """
    first, wide, narrow = (_losses(f, theta, direction, spacing) for spacing in SPACINGS)
    noise, too_small, too_large = detect(first.double())
    noise = detect(wide.double())[0].where(too_small, noise)
    noise = detect(narrow.double())[0].where(too_large, noise)
    unit = 0.5 * torch.finfo(first.dtype).eps
    rounding = unit / 3.0**0.5 * first.double().abs().nan_to_num().amax(0)
    tiny = torch.finfo(torch.float64).tiny
    return noise.nan_to_num().maximum(rounding).clamp(min=tiny)


def _losses(f: Objective, theta: Tensor, direction: Tensor, spacing: float) -> Tensor:
    """[K, S] at equally spaced points around θ."""
    offsets = torch.arange(POINTS, device=theta.device) - (POINTS - 1) / 2.0
    apart = spacing * torch.finfo(theta.dtype).eps * sizes(theta, per_coordinate=False)
    steps = offsets[:, None, None] * apart  # [K, S, 1]
    return f.many(theta + steps.to(theta) * direction).detach()


def detect(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """ECnoise (Moré and Wild 2011) of f at equally spaced points, [K, S] in float64.

    Returns [S] the noise, NaN where it is not detected, and whether that is because the spacing
    is too small or too large. The k-th differences of a smooth f vanish with k; those of noise of
    standard deviation σ have mean square σ² (2k)!/(k!)². The first level k at which three levels
    agree, and whose differences have both signs, gives σ.
    """
    spread = values.amax(0) - values.amin(0)
    rough = ~(spread <= DIGIT * values.abs().amax(0))
    table, gamma = values, 1.0
    levels, mixed = [], []
    for k in range(1, len(values)):
        table = table.diff(dim=0)
        gamma *= 0.5 * k / (2 * k - 1)
        levels.append((gamma * table.square().mean(0)).sqrt())
        mixed.append((table.amin(0) < 0) & (table.amax(0) > 0))
    flat = (values.diff(dim=0) == 0).sum(0) >= len(values) / 2
    windows = torch.stack(levels).unfold(0, 3, 1)  # [K - 3, S, 3]
    agree = windows.amax(-1) <= AGREE * windows.amin(-1)
    good = agree & torch.stack(mixed)[: len(agree)] & ~rough & ~flat
    # argmax gives the first of equals.
    first = torch.stack(levels).gather(0, good.int().argmax(0, keepdim=True))[0]
    found = good.any(0)
    return first.where(found, math.nan), flat & ~rough, ~found & (rough | ~flat)
