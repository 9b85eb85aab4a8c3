"""What is counted by modes: those that samples reach, and the reverse KL divergence over them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from worlds.clouds import GRID, RING, assert_mean, normal, rng, score
from worlds.variants import example

from approxgan.config.registry import build


def coverage(points: np.ndarray) -> dict[str, float]:
    return score("mode_coverage", points, points, RING)


def test_mode_coverage_counts_constructed_points() -> None:
    centres, sigma = RING.modes().centres, RING.modes().sigma
    far, inside, outside = np.zeros((32, 2)), *(sigma * np.array([[0, r]]) for r in (2.999, 3.001))
    assert coverage(far) == {
        "modes_captured": 0,
        "modes_covered": 0,
        "high_quality_fraction": 0,
    }
    # 80 points: 10 expected a mode, so 2 are enough to cover it and 1 only captures it.
    points = np.concatenate(
        [
            np.repeat(centres[:1], 38, axis=0),
            np.repeat(centres[1:3] + inside, 2, axis=0),
            centres[3:5],
            np.repeat(centres[5:6] + outside, 36, axis=0),
        ]
    )
    assert coverage(points) == {
        "modes_captured": 5,
        "modes_covered": 3,
        "high_quality_fraction": 44 / 80,
    }


def test_mode_coverage_holds_a_sample_for_its_nearest_mode_alone() -> None:
    wide = build("datasets", "ring", {"count": 2, "radius": 1.0, "sigma": 1.0})
    given = score("mode_coverage", np.full((10, 2), [0.5, 0.0]), np.zeros((9, 2)), wide)
    assert given == {"modes_captured": 2, "modes_covered": 1, "high_quality_fraction": 1}


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_mode_coverage_of_true_samples_is_at_its_ceiling(name: str) -> None:
    dataset, n = example("datasets", name), 20_000
    points = dataset.sample(n, rng())
    given = score("mode_coverage", points, points, dataset)
    count = len(dataset.modes().centres)
    assert given["modes_captured"] == given["modes_covered"] == count
    ceiling = 1 - math.exp(-9 / 2)
    error = math.sqrt(ceiling * (1 - ceiling) / n)
    assert abs(given["high_quality_fraction"] - ceiling) <= 4 * error


def test_mode_coverage_gives_nothing_where_no_modes_are_stated() -> None:
    assert score("mode_coverage", normal(10), normal(10)) == {}


def divergence(points: np.ndarray, dataset: Any = RING) -> float:
    return score("mode_divergence", points, points, dataset)["mode_divergence"]


def test_mode_divergence_agrees_with_scipys_entropy() -> None:
    held = np.array([5, 0, 3, 9, 0, 1, 2, 2])
    points = np.repeat(RING.modes().centres, held, axis=0)
    expected = stats.entropy(held / held.sum(), np.full(8, 1 / 8))
    assert divergence(points) == pytest.approx(expected, rel=1e-13)
    strays = np.concatenate([points, np.zeros((30, 2))])
    assert divergence(strays) == divergence(points)


def test_mode_divergence_runs_from_equal_shares_to_one_mode() -> None:
    centres = RING.modes().centres
    assert divergence(np.tile(centres, (3, 1))) == pytest.approx(0, abs=1e-15)
    assert divergence(np.tile(centres[2], (9, 1))) == pytest.approx(math.log(8), rel=1e-15)
    assert divergence(np.tile(centres[:2], (9, 1))) == pytest.approx(math.log(4), rel=1e-15)
    assert divergence(np.zeros((9, 2))) == math.log(8), "no mode holds any: the upper bound"


@pytest.mark.parametrize("dataset", [RING, GRID], ids=["ring", "grid"])
def test_mode_divergence_null_has_its_known_bias(dataset: Any) -> None:
    # 2 n KL is chi-squared with M - 1 degrees of freedom, n the samples within 3 sigma; the next
    # term, of order M² / 12 n², is a hundredth of the tolerance.
    n, modes = 2000, dataset.modes()
    values = []
    for seed in range(200):
        points = dataset.sample(n, rng(seed))
        held = (cdist(points, modes.centres).min(axis=1) <= 3 * modes.sigma).sum()
        values.append(2 * held * divergence(points, dataset))
    assert_mean(values, len(modes.centres) - 1)


def test_mode_divergence_gives_nothing_where_no_modes_are_stated() -> None:
    assert score("mode_divergence", normal(10), normal(10)) == {}
