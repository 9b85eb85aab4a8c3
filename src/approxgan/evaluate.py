"""A run's samples, and perfect ones, scored against fresh draws of the true density."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from approxgan.core import Dataset, Metric

Score = Callable[[np.ndarray], dict[str, float]]
"""Samples [n, dim] -> numbers by name."""

REFERENCE, METRIC, NULL_SAMPLES, NULL_REFERENCE, NULL_METRIC = range(100, 105)
"""Purposes of the random streams: a stream serves one purpose of one run (or repeat).

They start beyond the purposes that training numbers its own streams with.
"""

PROBE_POINTS = 64
"""True points on which a metric shows which of its numbers it gives for a dataset."""


@runtime_checkable
class Prepared(Protocol):
    """A deterministic metric that can work on a reference once for many samples.

    An optional extra of ``Metric``: calling the metric itself gives the same numbers.
    """

    def against(self, reference: np.ndarray) -> Score:
        """reference [m, dim] -> the metric as a function of the samples alone."""
        ...


def run(
    snapshots: np.ndarray,
    steps: Sequence[int],
    seeds: Sequence[int],
    dataset: Dataset,
    metrics: Mapping[str, Metric],
    *,
    seed: int,
) -> pd.DataFrame:
    """One row a seed, step and number, in that order: columns seed, step, metric, value.

    snapshots [S, T, n, dim] holds n generated samples of seeds[s] at steps[t]. Each is compared
    in float64 with n fresh draws of the true density. The draws depend on ``seed`` and on the
    run's own seed alone: the same for every step, gradient mode and block of seeds. Values are
    NaN where samples are not finite or too large for float64.
    Raises ``ValueError`` for shapes or metrics that do not fit together.
    """
    snapshots = np.asarray(snapshots)
    expected = (len(seeds), len(steps), *snapshots.shape[2:3], dataset.dim)
    if snapshots.ndim != 4 or snapshots.shape != expected:
        raise ValueError(
            f"snapshots have shape {snapshots.shape}; accepted: [{len(seeds)} seeds, "
            f"{len(steps)} steps, n, {dataset.dim}]"
        )
    names = _names(metrics, dataset)
    rows: list[tuple[object, ...]] = []
    for s, run_seed in enumerate(seeds):
        reference = dataset.sample(snapshots.shape[2], _stream(seed, REFERENCE, run_seed))
        scores = _scores(metrics, reference, dataset, (seed, METRIC, run_seed))
        for t, step in enumerate(steps):
            samples = snapshots[s, t].astype(np.float64)
            for key, score in scores.items():
                values = _values(score, samples, names[key])
                rows += [(run_seed, step, name, values[name]) for name in names[key]]
    return _table(rows, ("seed", "step"))


def null(
    dataset: Dataset, metrics: Mapping[str, Metric], *, samples: int, repeats: int, seed: int
) -> pd.DataFrame:
    """What a perfect generator scores: columns metric, repeat, value, repeat by repeat.

    Each repeat compares fresh true samples with a fresh reference of the same size, independent
    of every other repeat. Raises ``ValueError`` for metrics that do not fit together.
    """
    names = _names(metrics, dataset)
    rows: list[tuple[object, ...]] = []
    for repeat in range(repeats):
        reference = dataset.sample(samples, _stream(seed, NULL_REFERENCE, repeat))
        fresh = dataset.sample(samples, _stream(seed, NULL_SAMPLES, repeat))
        scores = _scores(metrics, reference, dataset, (seed, NULL_METRIC, repeat))
        for key, score in scores.items():
            values = score(fresh)
            rows += [(repeat, name, values[name]) for name in names[key]]
    return _table(rows, ("repeat",)).reindex(columns=["metric", "repeat", "value"])


def _stream(seed: int, purpose: int, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, index)))


def _scores(
    metrics: Mapping[str, Metric],
    reference: np.ndarray,
    dataset: Dataset,
    stream: tuple[int, int, int],
) -> dict[str, Score]:
    """Every metric as a function of the samples alone."""

    def score(metric: Metric) -> Score:
        if isinstance(metric, Prepared):
            return metric.against(reference)
        # A generator made anew for each call: a metric's draws depend neither on the metrics
        # before it nor on the steps before.
        return lambda samples: metric(samples, reference, dataset, _stream(*stream))

    return {key: score(metric) for key, metric in metrics.items()}


def _names(metrics: Mapping[str, Metric], dataset: Dataset) -> dict[str, list[str]]:
    """The numbers that each metric gives for this dataset, in the order it states them.

    A metric may give fewer than it states (none where a dataset has no modes), and a run that
    diverged must have the same rows as one that did not, so they are found on true points.
    """
    names: dict[str, list[str]] = {}
    for key, metric in metrics.items():
        points = dataset.sample(2 * PROBE_POINTS, np.random.default_rng(0))
        half = points[:PROBE_POINTS], points[PROBE_POINTS:]
        given = metric(*half, dataset, np.random.default_rng(0))
        for name in given:
            if name not in metric.directions:
                raise ValueError(
                    f"metric {key} gives {name!r}; accepted: the names in its directions, "
                    f"{', '.join(metric.directions)}"
                )
            if any(name in others for others in names.values()):
                raise ValueError(f"metric {key} gives {name!r}; another metric gives it already")
        names[key] = [name for name in metric.directions if name in given]
    return names


def _values(score: Score, samples: np.ndarray, names: list[str]) -> dict[str, float]:
    """The score, or NaN under the same names where the samples are beyond arithmetic."""
    missing = dict.fromkeys(names, np.nan)
    if not np.isfinite(samples).all():
        return missing
    try:
        with np.errstate(over="raise", invalid="raise"):
            values = score(samples)
    except (FloatingPointError, np.linalg.LinAlgError):
        return missing
    # Compiled distances overflow to infinity without raising.
    return {name: value if np.isfinite(value) else np.nan for name, value in values.items()}


def _table(rows: list[tuple[object, ...]], keys: tuple[str, ...]) -> pd.DataFrame:
    """Rows of whole-number keys, a name and a value."""
    table = pd.DataFrame(rows, columns=[*keys, "metric", "value"])
    return table.astype({**dict.fromkeys(keys, "int64"), "metric": "str", "value": "float64"})
