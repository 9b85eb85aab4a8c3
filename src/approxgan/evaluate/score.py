"""A run's samples, and perfect ones, scored against fresh draws of the true density."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from approxgan.core.protocols import Dataset, Fitted, Law, Metric, Modes, Truth
from approxgan.core.settings import shown
from approxgan.training.streams import generator

S = TypeVar("S")
T = TypeVar("T")
View = Callable[[np.ndarray], np.ndarray]
"""Points [n, dim] -> the same points in other coordinates [n, k]."""
Score = Callable[[Fitted], dict[str, float]]
UNKNOWN = Law(None, None, None)


@dataclass(frozen=True)
class _Space:
    """Coordinates in which samples are scored."""

    view: View
    training: np.ndarray
    """[m, k]: the training points in these coordinates."""
    modes: Modes | None
    metrics: Mapping[str, Metric]
    law: Law
    names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By metric: its own names -> the table's, in the order it states them."""

    def scores(self, reference: np.ndarray) -> dict[str, Score]:
        """Every metric as a function of samples in these coordinates."""
        truth = Truth(self.view(reference), self.training, self.modes, *self.law)
        return {key: _score(metric, truth) for key, metric in self.metrics.items()}


def _score(metric: Metric, truth: Truth) -> Score:
    made: Any = metric.against(truth)
    if not callable(cast("object", made)):
        raise ValueError(
            f"metric {type(metric).__name__}: against gives {shown(made)}; accepted: a function"
        )
    return made if getattr(metric, "of_parameters", False) else lambda seen: made(seen.samples)


def run(
    snapshots: np.ndarray,
    steps: Sequence[int],
    seeds: Sequence[int],
    dataset: Dataset,
    metrics: Mapping[str, Metric],
    *,
    training: np.ndarray,
    seed: int,
    law: Callable[[int, int], Law] = lambda s, t: UNKNOWN,
) -> pd.DataFrame:
    """One row a seed, step and number, in that order: columns seed, step, samples, metric, value.

    snapshots [S, T, n, dim] holds n generated samples of seeds[s] at steps[t]. They are compared
    with n fresh draws of the true density, which depend on ``seed`` and the run's own seed alone,
    and with the points ``training`` [m, dim]; in every view of the dataset again, under the names
    ``{name}_{view}``. ``law`` is what is known of the generator's density of seed number s at
    snapshot t. Values are NaN where samples are not finite or too large for float64.
    Raises ``ValueError`` for shapes or metrics that do not fit together.
    """
    snapshots = np.asarray(snapshots)
    expected = (len(seeds), len(steps), *snapshots.shape[2:3], dataset.dim)
    if snapshots.ndim != 4 or snapshots.shape != expected:
        raise ValueError(
            f"snapshots have shape {snapshots.shape}; accepted: [{len(seeds)} seeds, "
            f"{len(steps)} steps, n, {dataset.dim}]"
        )
    spaces = _spaces(metrics, dataset, training, snapshots.shape[2])
    n = snapshots.shape[2]
    rows: list[tuple[object, ...]] = []
    for s, run_seed in enumerate(seeds):
        reference = dataset.sample(n, generator(seed, "scored_reference", run_seed))
        score = _against(reference, spaces)
        for t, step in enumerate(steps):
            named = score(snapshots[s, t].astype(float), law(s, t))
            rows += [(run_seed, step, *each) for each in named]
    return _table(rows, ("seed", "step"), n)


def null(
    dataset: Dataset,
    metrics: Mapping[str, Metric],
    *,
    training: np.ndarray,
    samples: int,
    repeats: int,
    seed: int,
) -> pd.DataFrame:
    """What a perfect generator scores: columns repeat, samples, metric, value, repeat by repeat.

    Each repeat compares fresh true samples with a fresh reference of the same size; the points
    ``training`` [m, dim] stay the same.
    Raises ``ValueError`` for metrics that do not fit together.
    """
    spaces = _spaces(metrics, dataset, training, samples)
    rows: list[tuple[object, ...]] = []
    for repeat in range(repeats):
        reference = dataset.sample(samples, generator(seed, "null_reference", repeat))
        fresh = dataset.sample(samples, generator(seed, "null_samples", repeat))
        law = getattr(dataset, "law", UNKNOWN)
        rows += [(repeat, *named) for named in _against(reference, spaces)(fresh, law)]
    return _table(rows, ("repeat",), samples)


def _spaces(
    metrics: Mapping[str, Metric], dataset: Dataset, training: np.ndarray, n: int
) -> list[_Space]:
    """The plain coordinates, and then every view of the dataset.

    A metric may give fewer numbers than it states, such as none without modes. Runs that diverged
    must have the same rows as others, so the names are found on n true points.
    """
    if training.ndim != 2 or training.shape[1] != dataset.dim:
        raise ValueError(
            f"training points have shape {training.shape}; accepted: [m, {dataset.dim}]"
        )
    points = dataset.sample(2 * n, np.random.default_rng(0))
    views: dict[str, View] = {"": lambda points: points}
    views |= {f"_{name}": view for name, view in getattr(dataset, "views", dict)().items()}
    spaces: list[_Space] = []
    taken: set[str] = set()
    for suffix, view in views.items():
        # A Gaussian in the plain coordinates may not be one in a view.
        modes = None if suffix else dataset.modes()
        law = UNKNOWN if suffix else getattr(dataset, "law", UNKNOWN)
        space = _Space(view, view(training), modes, metrics, law)
        for key, score in space.scores(points[n:]).items():
            given = score(Fitted(view(points[:n]), *law))
            space.names[key] = _names(key, metrics[key], given, suffix, taken)
        spaces.append(space)
    return spaces


def _names(
    key: str, metric: Metric, given: Mapping[str, float], suffix: str, taken: set[str]
) -> dict[str, str]:
    """The names of a metric's numbers -> the table's, in the order it states them."""
    if not isinstance(given, Mapping):
        raise ValueError(f"metric {key} gives {shown(given)}; accepted: a map of names to numbers")
    for name, value in given.items():
        if not isinstance(value, Real):
            raise ValueError(f"metric {key}: {name} is {shown(value)}; accepted: a number")
        if name not in metric.directions:
            raise ValueError(
                f"metric {key} gives {name!r}; accepted: the names in its directions, "
                f"{', '.join(metric.directions)}"
            )
        full = name + suffix
        if full in taken:
            raise ValueError(f"metric {key} gives {full!r}; another metric gives it already")
        taken.add(full)
    return {name: name + suffix for name in metric.directions if name in given}


def _against(
    reference: np.ndarray, spaces: Sequence[_Space]
) -> Callable[[np.ndarray, Law], Iterator[tuple[str, float]]]:
    """Samples and what is known of their density -> names and values.

    NaN where the samples are beyond arithmetic, or too little is known.
    """
    prepared = [(space, space.scores(reference)) for space in spaces]

    def score(samples: np.ndarray, law: Law) -> Iterator[tuple[str, float]]:
        for space, scores in prepared:
            seen = _arithmetic(space.view, samples)
            for key, metric in scores.items():
                given = None
                if seen is not None and np.isfinite(seen).all():
                    given = _calmly(metric, Fitted(seen, *law))
                for name, full in space.names[key].items():
                    value = (given or {}).get(name, np.nan)
                    # Compiled distances overflow to infinity without raising.
                    yield full, value if np.isfinite(value) else np.nan

    return score


def _arithmetic(function: Callable[[np.ndarray], T], points: np.ndarray) -> T | None:
    """The function's value, None where the points are not finite or it overflows."""
    return _calmly(function, points) if np.isfinite(points).all() else None


def _calmly(function: Callable[[S], T], given: S) -> T | None:
    """The function's value, None where it overflows."""
    try:
        with np.errstate(over="raise", invalid="raise"):
            return function(given)
    except (FloatingPointError, np.linalg.LinAlgError):
        return None


def _table(rows: list[tuple[object, ...]], keys: tuple[str, ...], samples: int) -> pd.DataFrame:
    """Rows of whole-number keys, the number of samples compared, a name and a value."""
    table = pd.DataFrame(rows, columns=[*keys, "metric", "value"])
    table.insert(len(keys), "samples", samples)
    return table.astype({**dict.fromkeys(keys, "int64"), "metric": "str", "value": "float64"})
