"""Runs' snapshots of true samples, and a metric that keeps what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from approxgan.config.registry import names
from approxgan.core.protocols import Score, Truth
from approxgan.evaluate import score
from worlds.clouds import OF_FINITE
from worlds.variants import example

N, STEPS, SEEDS = 60, [0, 100, 500], [3, 7]
RING = example("datasets", "ring")
ARTICLE = example("datasets", "article")


def all_metrics() -> dict[str, Any]:
    """Those that give numbers for the ring."""
    return {name: example("metrics", name) for name in names("metrics") if name not in OF_FINITE}


def true_snapshots(dataset: Any = RING) -> np.ndarray:
    """[2, 3, N, 2] float32: different true samples in every snapshot."""
    points = dataset.sample(len(SEEDS) * len(STEPS) * N, np.random.default_rng(0))
    return points.reshape(len(SEEDS), len(STEPS), N, 2).astype(np.float32)


class Spy:
    """A metric that keeps what it was given."""

    def __init__(self, stated: str = "drawn") -> None:
        self.directions: Mapping[str, Literal["lower", "higher", "neither"]] = {stated: "neither"}
        self.calls: list[SimpleNamespace] = []

    def against(self, truth: Truth) -> Score:
        def score(samples: np.ndarray) -> dict[str, float]:
            self.calls.append(SimpleNamespace(samples=samples, reference=truth.reference))
            return self.numbers(samples)

        return score

    def numbers(self, samples: np.ndarray) -> dict[str, float]:
        return {"drawn": 1.0}

    def kept(self) -> list[SimpleNamespace]:
        """The calls but the first, which only asks for the names."""
        return self.calls[1:]


def training(dataset: Any = RING, n: int = 1000) -> np.ndarray:
    """[n, dim]: as many as the article's set has, which is of one size alone."""
    return dataset.training(n, np.random.default_rng(4))


def run(snapshots: np.ndarray, metrics: Any, dataset: Any = RING, seeds: Any = SEEDS) -> Any:
    # Any: the checker takes a boolean selection of rows for a column.
    points = training(dataset)
    return score.run(snapshots, STEPS, seeds, dataset, metrics, training=points, seed=11)


def null(dataset: Any, metrics: Any, samples: int, repeats: int, seed: int = 1) -> Any:
    return score.null(
        dataset,
        metrics,
        training=training(dataset, 1000 if dataset is ARTICLE else 100),
        samples=samples,
        repeats=repeats,
        seed=seed,
    )
