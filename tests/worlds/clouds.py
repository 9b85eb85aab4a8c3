"""Clouds of points that the tests of metrics compare, and what they compare them by."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from approxgan.config.registry import build
from approxgan.core.protocols import Metric, Truth
from worlds.variants import example

RING = example("datasets", "ring")
GRID = example("datasets", "grid")
NO_MODES = SimpleNamespace(modes=lambda: None)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(n: int, dim: int = 2, seed: int = 1) -> np.ndarray:
    return rng(seed).standard_normal((n, dim))


def compared(
    metric: Metric, x: np.ndarray, y: np.ndarray, dataset: Any = NO_MODES, training: Any = None
) -> dict[str, float]:
    """The metric of samples x, with y drawn from the true density."""
    return metric.against(Truth(y, y if training is None else training, dataset.modes()))(x)


def score(
    name: str, x: np.ndarray, y: np.ndarray, dataset: Any = NO_MODES, **settings: Any
) -> dict[str, float]:
    return compared(build("metrics", name, settings), x, y, dataset)


def value(metric: Metric, x: np.ndarray, y: np.ndarray) -> float:
    """The only number of a metric that gives one."""
    (number,) = compared(metric, x, y, RING).values()
    return number


def assert_mean(values: Any, expected: float) -> None:
    """The mean of independent values agrees within four of its standard errors."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(np.mean(values) - expected) <= 4 * error
