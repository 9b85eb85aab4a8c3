"""Rules with their example settings, and losses with noise of known size."""

from __future__ import annotations

import torch

from approxgan.config import registry
from approxgan.objective.black_box import objective
from worlds.variants import EXAMPLE, example

RULES = registry.names("rules")
BUILT = {name: example("rules", name) for name in RULES}
KINDS = [(sides, each) for sides in (1, 2) for each in (True, False)]
"""Sides of the difference, and whether every coordinate has a step of its own."""
ADAPTIVE = EXAMPLE["rules"]["adaptive"]


def uniform(theta):
    """[S] in [-1, 1], which every bit of θ decides: noise, but the same at the same point."""
    bits = theta.double().contiguous().view(torch.int64)
    for multiplier, shift in ((0x2545F4914F6CDD1D, 29), (0x1B873593CC9E2D51, 31)):
        place = torch.arange(1, bits.shape[-1] + 1)
        bits = (bits ^ (bits >> shift)) * multiplier + place
    mixed = bits.sum(-1) * 0x2545F4914F6CDD1D
    return (mixed >> 11).double() / 2.0**52


def noisy(smooth, sigma):
    """The function with uniform noise of standard deviation σ."""
    return objective(lambda theta: smooth(theta) + 3.0**0.5 * sigma * uniform(theta))
