"""Gradient modes with their example settings or others, and losses whose slopes are known."""

from __future__ import annotations

import torch

from approxgan.config import registry
from worlds.variants import EXAMPLE, example

BUILT = {name: example("modes", name) for name in registry.names("modes")}
SAMPLED = tuple(name for name in BUILT if hasattr(BUILT[name], "needs"))
"""Modes that need more of a generator's objective than the loss."""
MODES = tuple(name for name in BUILT if name not in SAMPLED)
"""Those that work on any loss."""
SLOPES = torch.linspace(-1.0, 2.0, 20, dtype=torch.float64)
"""[20] of the linear loss."""


def smooth(theta):
    """A smooth loss with all its derivatives different along every coordinate."""
    weights = torch.arange(1, theta.shape[-1] + 1, dtype=theta.dtype)
    return torch.sin(theta * weights).sum(-1) + torch.exp(0.3 * theta).prod(-1)


def epsilon_of(mode, value=1e-5):
    return value if mode.takes_epsilon else None


def build(name, **settings):
    """The mode with its example settings, but these."""
    return registry.build("modes", name, {**EXAMPLE["modes"].get(name, {}), **settings})


def linear(theta):
    """A loss whose gradient is the same everywhere."""
    return (theta * SLOPES).sum(-1)
