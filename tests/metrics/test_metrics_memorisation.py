"""The share of samples that are nearer to training points than to fresh ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from worlds.clouds import assert_mean, compared, normal, rng

from approxgan.config.registry import build


def memorised(x: np.ndarray, y: np.ndarray, training: np.ndarray) -> float:
    metric = build("metrics", "memorisation", {})
    return compared(metric, x, y, training=training)["nearer_to_training"]


@pytest.mark.parametrize("dim", [2, 12])
def test_memorisation_of_copies(dim: int) -> None:
    x, y, training = (normal(50, dim, seed=s) for s in (1, 2, 3))
    assert memorised(training, y, training) == 1
    assert memorised(y, y, training) == 0
    assert memorised(x, y, y[::-1]) == 0.5, "equally far from both"
    assert memorised(np.concatenate([training, y, x]), y, training) == pytest.approx(
        (1 + 0 + memorised(x, y, training)) / 3
    )


@pytest.mark.parametrize("far", [1e9, 2e9, 1e15])
def test_memorisation_of_copies_is_not_moved_by_one_far_row(far: float) -> None:
    y, training = normal(101, seed=2), normal(101, seed=3)
    y[0] = training[0] = [far, 0.0]
    assert memorised(training[1:], y, training) == 1


def test_memorisation_agrees_with_all_distances() -> None:
    x, y, training = normal(70, 3, seed=1), normal(50, 3, seed=2), normal(90, 3, seed=3)
    # The smaller number, 50, of each.
    expected = np.mean(cdist(x, training[:50]).min(axis=1) < cdist(x, y).min(axis=1))
    assert memorised(x, y, training) == expected
    assert memorised(x, training, y) == 1 - expected


@pytest.mark.parametrize("copied", [0.0, 0.3])
@pytest.mark.parametrize("sizes", [(100, 100), (60, 100), (100, 60)])
def test_memorisation_of_a_share_is_known(copied: float, sizes: tuple[int, int]) -> None:
    # Copies count 1 and fresh samples ½ in the mean.
    values = []
    for seed in range(200):
        x, y = normal(100, seed=seed), normal(sizes[0], seed=1000 + seed)
        training = normal(sizes[1], seed=2000 + seed)
        count = round(100 * copied)
        x[:count] = training[:count]
        values.append(memorised(x, y, training))
    assert_mean(values, copied + (1 - copied) / 2)


def test_memorisation_counts_repeated_points_once() -> None:
    # 40 of the reference's 300 points are distinct: 40 training points are as many.
    x, pool, training = normal(200, seed=1), normal(40, seed=2), normal(300, seed=3)
    drawn = np.concatenate([pool, pool[rng().integers(40, size=260)]])
    assert memorised(x, drawn, training) == memorised(x, pool, training[:40])
    assert memorised(x, training, drawn) == memorised(x, training[:40], pool)


def test_memorisation_refuses_points_of_another_form() -> None:
    with pytest.raises(ValueError, match="training points are not finite"):
        memorised(normal(9), normal(9), np.full((9, 2), np.nan))
    with pytest.raises(ValueError, match="reference points have 3 columns; accepted: 2"):
        memorised(normal(9), normal(9, 3), normal(9))
