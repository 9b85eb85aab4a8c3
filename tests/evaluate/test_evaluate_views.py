"""Metrics of samples seen through a data set's views."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from worlds.clouds import compared
from worlds.snapshots import (
    RING,
    SEEDS,
    STEPS,
    N,
    Spy,
    all_metrics,
    null,
    run,
    training,
    true_snapshots,
)


@dataclass(frozen=True)
class Turned:
    """The ring with views: turned by a right angle, and its first coordinate alone."""

    dim = 2

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return RING.sample(n, rng)

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return RING.training(n, rng)

    def modes(self) -> Any:
        return RING.modes()

    def views(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        return {"turned": lambda x: x[:, ::-1] * [-1, 1], "first": lambda x: x[:, :1]}


WITHOUT_MODES = ("mode_coverage", "mode_divergence")


def test_views_have_every_number_again_but_those_of_modes() -> None:
    metrics = all_metrics()
    table = run(true_snapshots(), metrics, Turned())
    plain = [name for metric in metrics.values() for name in metric.directions]
    seen = [
        name
        for key, metric in metrics.items()
        for name in metric.directions
        if key not in WITHOUT_MODES
    ]
    expected = [*plain, *(f"{name}_turned" for name in seen), *(f"{name}_first" for name in seen)]
    for _, part in table.groupby(["seed", "step"]):
        assert list(part["metric"]) == expected
    assert np.isfinite(table["value"].to_numpy()).all()
    columns = ["seed", "step", "samples", "metric", "value"]
    kept = table[table["metric"].isin(plain)].reset_index(drop=True)[columns]
    assert_frame_equal(kept, run(true_snapshots(), metrics))
    repeats = null(Turned(), metrics, N, 2)
    assert list(repeats["metric"]) == 2 * expected


def test_views_map_samples_reference_and_training_alike() -> None:
    spy, metrics, first = Spy(), all_metrics(), Turned().views()["first"]
    snapshots = true_snapshots()
    run(snapshots, {"spy": spy})
    reference = spy.kept()[-1].reference
    table = run(snapshots, metrics, Turned()).set_index(["seed", "step", "metric"])["value"]
    values = table[SEEDS[1], STEPS[2]]
    # Without modes in sight, as in a view, the Wasserstein distance has no strata.
    for key in set(metrics) - set(WITHOUT_MODES):
        points = first(snapshots[1, 2].astype(np.float64)), first(reference)
        given = compared(metrics[key], *points, training=first(training()))
        assert given == {name: values[f"{name}_first"] for name in given}
    for name in ("energy_distance", "frechet_distance", "density", "mmd2", "nearer_to_training"):
        assert values[f"{name}_turned"] == pytest.approx(values[name], rel=1e-9, abs=1e-12)


def test_views_of_diverged_or_huge_samples_have_the_same_rows_without_values() -> None:
    snapshots = true_snapshots().astype(np.float64)
    sound = run(snapshots, all_metrics(), Turned())
    snapshots[0, 1, 7, 1] = math.nan
    snapshots[1, 1] *= 1e200
    table = run(snapshots, all_metrics(), Turned())
    assert_frame_equal(table[["seed", "step", "metric"]], sound[["seed", "step", "metric"]])
    lost = table["step"] == STEPS[1]
    assert table.loc[lost, "value"].isna().all()
    assert_frame_equal(table[~lost], sound[~lost])


def test_views_that_overflow_have_no_values() -> None:
    class Squared(Turned):
        def views(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
            return {"squared": lambda x: (x * x) @ np.eye(2)}

    snapshots = true_snapshots().astype(np.float64)
    snapshots[0, 0, 0, 0] = 1e160
    table = run(snapshots, {"spy": Spy()}, Squared())
    assert table.loc[table["value"].isna(), "metric"].tolist() == ["drawn_squared"]


def test_a_views_names_must_not_clash() -> None:
    class Clashing(Spy):
        def numbers(self, samples: np.ndarray) -> dict[str, float]:
            return {"drawn_first": 1.0}

    with pytest.raises(ValueError, match="spy gives 'drawn_first'; another metric gives it"):
        run(true_snapshots(), {"clashing": Clashing("drawn_first"), "spy": Spy()}, Turned())
