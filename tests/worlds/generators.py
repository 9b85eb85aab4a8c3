"""Every generator with its example settings, and points and draws for it in float64."""

from __future__ import annotations

import numpy as np
import torch

from approxgan.config import registry
from worlds.variants import example

NAMES = registry.names("generators")
FREE = 2
"""Columns of data for a generator that makes any number."""


def columns(made):
    """Columns of a generator's data."""
    refuses = getattr(made, "refuses", lambda dim: None)
    return next(dim for dim in (FREE, made.width, *range(1, 30)) if refuses(dim) is None)


BUILT = {
    name: (example("generators", name), columns(example("generators", name))) for name in NAMES
}
LISTED = [
    name
    for name in NAMES
    if getattr(BUILT[name][0], "outcomes", lambda dim: None)(BUILT[name][1]) is not None
]


def thetas(name, count=2):
    """[count, P] around the generator's start, far enough from it to differ."""
    made, dim = BUILT[name]
    starts = [made.init(dim, np.random.default_rng(seed)) for seed in range(count)]
    return torch.from_numpy(3.0 * np.stack(starts))


def drawn(name, stacked, samples, seed=5):
    """[stacked, samples, width]"""
    made, _ = BUILT[name]
    return torch.from_numpy(made.draw(np.random.default_rng(seed), (stacked, samples), np.float64))
