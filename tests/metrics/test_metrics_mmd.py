"""The squared MMD beside sklearn's kernels and its closed form for Gaussians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from worlds.clouds import assert_mean, normal, score

from approxgan.config.registry import build
from approxgan.core.errors import InputError

BANDWIDTHS = [0.3, 1.0, 3]


def mmd2(x: np.ndarray, y: np.ndarray, bandwidths: Any = BANDWIDTHS, points: int = 1000) -> float:
    return score("mmd", x, y, bandwidths=bandwidths, points=points)["mmd2"]


def test_mmd_agrees_with_sklearns_kernels() -> None:
    x, y = normal(131, 3, seed=1), normal(67, 3, seed=2) + 0.5

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.mean([rbf_kernel(a, b, gamma=1 / (2 * h * h)) for h in BANDWIDTHS], axis=0)

    own = [(kernel(z, z).sum() - len(z)) / (len(z) * (len(z) - 1)) for z in (x, y)]
    expected = own[0] + own[1] - 2 * kernel(x, y).mean()
    assert mmd2(x, y) == pytest.approx(expected, rel=1e-11)
    assert mmd2(y, x) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("dim", "shift"), [(1, 0.0), (1, 0.7), (2, 0.0), (2, 0.7)])
def test_mmd_of_shifted_gaussians_is_the_closed_form(dim: int, shift: float) -> None:
    # x - y is normal with variance 2 along each axis, so that E k = (h² / (h² + 2))^(dim / 2)
    # exp(-shift² / (2 (h² + 2))).
    h = np.array(BANDWIDTHS) ** 2
    between, within = (
        np.mean((h / (h + 2)) ** (dim / 2) * np.exp(-d * d / (2 * (h + 2)))) for d in (shift, 0.0)
    )
    offset = np.eye(dim)[0] * shift
    values = [
        mmd2(normal(100, dim, seed=s) + offset, normal(120, dim, seed=1000 + s)) for s in range(300)
    ]
    assert_mean(values, 2 * (within - between))
    assert shift or min(values) < 0, "an unbiased null falls on both sides of 0: never clipped"


def test_mmd_compares_the_first_points() -> None:
    x, y = normal(90, seed=1), normal(70, seed=2)
    assert mmd2(x, y, points=50) == mmd2(x[:50], y[:50])
    assert mmd2(x, y, points=80) == mmd2(x[:80], y)


def test_mmd_has_no_unit() -> None:
    x, y = normal(60, seed=1), normal(60, seed=2) + 1
    assert mmd2(5 * x + 3, 5 * y + 3, [5 * h for h in BANDWIDTHS]) == pytest.approx(mmd2(x, y))


def test_mmd_of_points_far_apart_is_its_upper_bound() -> None:
    # The exponents, about -1e12, are far below the range of exp.
    assert mmd2(np.zeros((80, 2)), np.full((70, 2), 1e6)) == pytest.approx(2, rel=1e-14)
    assert mmd2(np.zeros((80, 2)), np.zeros((70, 2))) == 0


@pytest.mark.parametrize("bad", [[], [0.0], [1.0, -1.0], ["1"], "1", 1.0, [math.nan], [True], None])
def test_mmd_refuses_bandwidths_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"bandwidths is .*; accepted: a "):
        build("metrics", "mmd", {"bandwidths": bad, "points": 10})


@pytest.mark.parametrize("bad", [0, 1, 2.5, True])
def test_mmd_refuses_points_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match="points is"):
        build("metrics", "mmd", {"bandwidths": [1.0], "points": bad})
