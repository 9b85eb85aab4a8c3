"""Clouds of points that the tests of metrics compare, and what they compare them by."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from approxgan.config.registry import build
from approxgan.core.protocols import Fitted, Metric, Truth
from worlds.variants import example

RING = example("datasets", "ring")
GRID = example("datasets", "grid")
NO_MODES = SimpleNamespace(modes=lambda: None)


class Finite:
    """Data of six outcomes in the plane, some of them rare, made by known parameters."""

    dim = 2
    outcomes = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [-3.0, 0.5], [7.0, 7.0]])
    probabilities = np.array([0.3, 0.25, 0.2, 0.15, 0.07, 0.03])
    parameters = np.array([0.4, -0.2, 1.0])

    def modes(self) -> None:
        return None

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.outcomes[rng.choice(6, n, p=self.probabilities)]

    training = sample


FINITE = Finite()
OF_FINITE = ("exact_divergence", "kullback_leibler", "parameter_error", "total_variation")
"""Metrics that give numbers for such data alone."""


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(n: int, dim: int = 2, seed: int = 1) -> np.ndarray:
    return rng(seed).standard_normal((n, dim))


def truth(y: np.ndarray, dataset: Any = NO_MODES, training: Any = None) -> Truth:
    """Of points y drawn from the true density."""
    known = ("parameters", "outcomes", "probabilities")
    given = {name: getattr(dataset, name, None) for name in known}
    return Truth(y, y if training is None else training, dataset.modes(), **given)


def compared(
    metric: Any, x: np.ndarray, y: np.ndarray, dataset: Any = NO_MODES, training: Any = None
) -> dict[str, float]:
    """The metric of samples x, with y drawn from the true density.

    A metric of parameters sees a generator that has the data's, moved by 0.1, and, for
    probabilities, the frequencies of x.
    """
    given: Any = x
    if getattr(metric, "of_parameters", False):
        outcomes, counts = np.unique(x, axis=0, return_counts=True)
        moved = getattr(dataset, "parameters", np.zeros(1)) + 0.1
        given = Fitted(x, moved, outcomes, counts / len(x))
    return metric.against(truth(y, dataset, training))(given)


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
