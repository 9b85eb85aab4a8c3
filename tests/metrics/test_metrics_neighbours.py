"""Precision, recall, density and coverage beside their definitions and known nulls."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from worlds.clouds import RING, assert_mean, normal, rng, score

from approxgan.config.registry import build
from approxgan.core.errors import InputError


def naive_neighbours(x: np.ndarray, y: np.ndarray, k: int) -> dict[str, float]:
    """By all distances, after the definitions."""

    def ball(points: np.ndarray, i: int) -> float:
        others = [math.dist(points[i], points[j]) for j in range(len(points)) if j != i]
        return sorted(others)[k - 1]

    real, fake = ([ball(z, i) for i in range(len(z))] for z in (y, x))
    inside = np.array([[math.dist(s, r) for r in y] for s in x])  # [n, m]
    in_real, in_fake = inside <= real, inside <= np.array(fake)[:, None]
    return {
        "precision": np.mean([any(row) for row in in_real]),
        "recall": np.mean([any(column) for column in in_fake.T]),
        "density": np.mean([sum(row) for row in in_real]) / k,
        "coverage": np.mean([min(inside[:, j]) <= real[j] for j in range(len(y))]),
    }


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("dim", [1, 2, 3, 12])
def test_neighbours_agree_with_the_definitions(dim: int, k: int) -> None:
    # In 12 dimensions the search is by all distances, in blocks; in fewer by a tree.
    x, y = 1.3 * normal(80, dim, seed=1) + 0.4, normal(70, dim, seed=2)
    given = score("neighbours", x, y, k=k)
    assert given == pytest.approx(naive_neighbours(x, y, k), rel=1e-12)
    assert dim != 2 or len(set(given.values())) == 4


def test_neighbours_of_a_line_are_counted_by_hand() -> None:
    # k = 1. Reference radii 1, 1, 2, 10 at 0, 1, 3, 13; sample radii 1.5, 1.5, 18 at 2.5, 4, 22:
    # 1 is on the edge of the first, 0 in none. 2.5 is in the ball of 3, 4 in those of 3 and 13,
    # 22 in that of 13.
    y, x = np.array([[0.0], [1.0], [3.0], [13.0]]), np.array([[2.5], [4.0], [22.0]])
    given = score("neighbours", x, y, k=1)
    assert given == pytest.approx(
        {"precision": 1, "recall": 3 / 4, "density": 4 / 3, "coverage": 2 / 4}
    )


@pytest.mark.parametrize(("n", "m"), [(200, 200), (120, 200)])
@pytest.mark.parametrize("k", [1, 5])
def test_neighbours_null_is_the_known_one(n: int, m: int, k: int) -> None:
    given = [
        score("neighbours", normal(n, seed=s), normal(m, seed=999 + s), k=k) for s in range(200)
    ]
    assert_mean([values["density"] for values in given], 1)
    missed = math.prod((m - i) / (n + m - i) for i in range(1, k + 1))
    assert_mean([values["coverage"] for values in given], 1 - missed)
    if n == m:
        assert_mean([values["precision"] - values["recall"] for values in given], 0)


def test_neighbours_see_what_is_missing_and_what_is_too_much() -> None:
    sound = score("neighbours", RING.sample(800, rng(1)), RING.sample(800, rng(2)), k=5)
    reference = RING.sample(800, rng(2))
    half = reference[reference[:, 0] > 0.5]
    lost = score("neighbours", half + 0.02 * normal(len(half)), reference, k=5)
    assert lost["precision"] > 0.9 > 0.5 > max(lost["recall"], lost["coverage"])
    strays = np.concatenate([RING.sample(800, rng(1)), 5 * normal(800)])
    assert score("neighbours", strays, reference, k=5)["precision"] < 0.6 < sound["precision"]


@pytest.mark.parametrize("dim", [2, 12])
def test_neighbours_of_copies_of_the_reference(dim: int) -> None:
    # Every closed ball holds its centre and k others, the last of them on its edge.
    y = normal(100, dim)
    given = score("neighbours", y[::-1], y, k=4)
    assert given == pytest.approx({"precision": 1, "recall": 1, "density": 5 / 4, "coverage": 1})


@pytest.mark.parametrize("dim", [2, 12])
def test_neighbours_of_collapsed_samples_have_no_recall(dim: int) -> None:
    y = normal(100, dim)
    collapsed = np.tile(np.full(dim, 0.01), (90, 1))
    given = score("neighbours", collapsed, y, k=4)
    assert given["recall"] == 0
    assert given["precision"] == 1 > 0.5 > given["coverage"] > 0
    exact = score("neighbours", np.tile(y[0], (90, 1)), y, k=4)
    assert exact["recall"] == 1 / 100


@pytest.mark.parametrize("dim", [2, 12])
def test_neighbours_count_a_repeated_reference_point_once(dim: int) -> None:
    x, y = normal(80, dim, seed=1), normal(60, dim, seed=2)
    drawn = np.concatenate([y, y[rng().integers(60, size=500)]])
    assert score("neighbours", x, drawn, k=4) == score("neighbours", x, y, k=4)


def test_neighbours_of_true_samples_of_an_empirical_density() -> None:
    # 50 points drawn 1000 times on either side: every point is on both sides. A ball holds k + 1
    # of the 50 points and the same share of the samples, in the mean.
    pool = normal(50)
    given = [
        score("neighbours", *pool[rng(seed).integers(50, size=(2, 1000))], k=4)
        for seed in range(50)
    ]
    for name in ("precision", "recall", "coverage"):
        assert {values[name] for values in given} == {1}
    assert_mean([values["density"] for values in given], 5 / 4)


@pytest.mark.parametrize("far", [1e8, 1e12])
def test_neighbours_of_a_grid_are_not_moved_by_one_far_row(far: float) -> None:
    grid = np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    x, y = grid + 0.25, np.concatenate([grid, [[far, 0.0]]])
    given = score("neighbours", x, y, k=3)
    assert given == pytest.approx(naive_neighbours(x, y, 3), rel=1e-12)
    assert given["density"] == pytest.approx(0.98333, abs=1e-5)


def test_neighbours_of_many_copies_take_no_memory_for_their_pairs() -> None:
    rows, x = normal(20, 3), normal(5000, 3, seed=2)
    x[:4000] = rows[0]
    tracemalloc.start()
    given = score("neighbours", x, np.repeat(rows, 1000, axis=0), k=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8, "the 10 million pairs of copies in the reference take 160 MB"
    assert given["recall"] >= 1 / 20


@pytest.mark.parametrize("bad", [0, 2.0, True, None])
def test_neighbours_refuse_settings_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"k is .*; accepted: a whole number, 1 "):
        build("metrics", "neighbours", {"k": bad})


def test_neighbours_refuse_too_few_points() -> None:
    with pytest.raises(ValueError, match="5 samples; accepted: more than k, which is 5"):
        score("neighbours", normal(5), normal(6), k=5)
    with pytest.raises(ValueError, match="3 distinct reference points; accepted: more than k"):
        score("neighbours", normal(9), np.tile(normal(3), (9, 1)), k=3)
