"""The energy, sliced Wasserstein and Fréchet distances beside others' and closed forms."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import ot
import pytest
from scipy import linalg, stats
from scipy.spatial.distance import cdist, pdist
from worlds.clouds import assert_mean, normal, value
from worlds.variants import example

from approxgan.config.registry import build
from approxgan.core.errors import InputError
from approxgan.metrics._distances import distinct


def test_energy_is_the_u_statistic() -> None:
    x, y = normal(131, 3, seed=1), normal(67, 3, seed=2) + 0.5
    within = [
        cdist(z, z)[~np.eye(len(z), dtype=bool)].mean()  # over i ≠ j
        for z in (x, y)
    ]
    expected = 2 * cdist(x, y).mean() - within[0] - within[1]
    metric = example("metrics", "energy_distance")
    assert value(metric, x, y) == pytest.approx(expected, rel=1e-12)


def test_energy_agrees_with_scipy_in_one_dimension() -> None:
    # scipy returns the root of the V-statistic, whose means within a sample include i = j.
    x, y = normal(90, 1, seed=1), normal(110, 1, seed=2) + 0.5
    v_statistic = stats.energy_distance(x[:, 0], y[:, 0]) ** 2
    expected = v_statistic - pdist(x).mean() / len(x) - pdist(y).mean() / len(y)
    assert value(example("metrics", "energy_distance"), x, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("dim", "shift"), [(1, 0.0), (1, 0.7), (2, 0.0), (2, 0.7)])
def test_energy_of_shifted_gaussians_is_the_closed_form(dim: int, shift: float) -> None:
    # x - y is normal with variance 2 along each axis; its length is folded normal or Rice.
    law, root = (stats.foldnorm, stats.rice)[dim - 1], math.sqrt(2)
    between, within = (law(d / root, scale=root).mean() for d in (shift, 0.0))
    metric, offset = example("metrics", "energy_distance"), np.eye(dim)[0] * shift
    values = [
        value(metric, normal(100, dim, seed=s) + offset, normal(120, dim, seed=1000 + s))
        for s in range(300)
    ]
    assert_mean(values, 2 * (between - within))
    assert shift or min(values) < 0, "an unbiased null falls on both sides of 0: never clipped"


@pytest.mark.parametrize("sizes", [(60, 60), (60, 45), (7, 50)])
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_sliced_wasserstein_agrees_with_pot(dim: int, sizes: tuple[int, int]) -> None:
    metric = example("metrics", "sliced_wasserstein")
    x, y = normal(sizes[0], dim, seed=1), 2 * normal(sizes[1], dim, seed=2) + 0.5
    expected = ot.sliced_wasserstein_distance(x, y, projections=metric.units(dim).T, p=2)
    assert value(metric, x, y) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("projections", [2, 3, 32])
def test_sliced_wasserstein_of_a_shift_or_a_scale_is_exact_in_the_plane(projections: int) -> None:
    # Equally spaced directions average u uᵀ to I / 2.
    metric = build("metrics", "sliced_wasserstein", {"projections": projections})
    x, shift = normal(100), np.array([3.0, 4.0])
    assert value(metric, x + shift, x) == pytest.approx(5 / math.sqrt(2), rel=1e-12)
    size = math.sqrt(np.mean(np.sum(x**2, axis=1)))
    assert value(metric, 3 * x, x) == pytest.approx(2 * size / math.sqrt(2), rel=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_sliced_wasserstein_directions_are_fixed_units(dim: int) -> None:
    units = build("metrics", "sliced_wasserstein", {"projections": 16}).units(dim)
    assert units.shape == (16, dim)
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1, rtol=1e-14)
    again = build("metrics", "sliced_wasserstein", {"projections": 16}).units(dim)
    np.testing.assert_array_equal(units, again)
    assert dim == 1 or len(np.unique(units, axis=0)) == 16


@pytest.mark.parametrize("bad", [0, 2.0, True, None])
def test_sliced_wasserstein_refuses_settings_out_of_range(bad: object) -> None:
    with pytest.raises(InputError, match=r"projections is .*; accepted: a whole number, 1 "):
        build("metrics", "sliced_wasserstein", {"projections": bad})


def standardised(n: int, dim: int) -> np.ndarray:
    """[n, dim] with mean exactly 0 and covariance (ddof = 1) exactly I."""
    x = normal(n, dim)
    x -= x.mean(axis=0)
    return x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T


def test_frechet_of_commuting_covariances_is_the_closed_form() -> None:
    x = standardised(50, 3)
    a, b, shift = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.5]), np.array([1.0, -2.0, 0.0])
    expected = np.sum((a - b) ** 2) + shift @ shift
    metric = example("metrics", "frechet")
    assert value(metric, x * a, x * b + shift) == pytest.approx(expected, rel=1e-12)
    assert value(metric, x * a, x * a) == pytest.approx(0, abs=1e-13)


def test_frechet_agrees_with_the_matrix_square_root() -> None:
    x, y = (normal(80, 4, seed=s) @ normal(4, 4, seed=10 + s) + s for s in (1, 2))
    c, d = (np.cov(z, rowvar=False, ddof=1) for z in (x, y))
    cross = np.trace(linalg.sqrtm(c @ d)).real
    shift = x.mean(axis=0) - y.mean(axis=0)
    expected = shift @ shift + np.trace(c) + np.trace(d) - 2 * cross
    assert value(example("metrics", "frechet"), x, y) == pytest.approx(expected, rel=1e-10)


def test_frechet_of_collapsed_samples_is_finite() -> None:
    metric, y = example("metrics", "frechet"), standardised(50, 2)
    assert value(metric, np.tile([3.0, 4.0], (20, 1)), y) == pytest.approx(25 + 2, rel=1e-12)
    # A line along x: the covariance diag(4, 0) commutes with I. A zero eigenvalue is known to
    # within the rounding of its covariance, its root to the square root of that.
    line = y * [2.0, 0.0] @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    tolerance = 10 * math.sqrt(np.finfo(np.float64).eps)
    assert value(metric, line, y) == pytest.approx((2 - 1) ** 2 + 1, abs=tolerance)


def test_frechet_null_of_gaussians_has_its_known_bias() -> None:
    # To first order W2² is ‖m - m'‖² + ‖C - C'‖² / 4 around C = I: 4/n + 3/n in the plane.
    metric, n = example("metrics", "frechet"), 1000
    values = [value(metric, normal(n, seed=s), normal(n, seed=500 + s)) for s in range(300)]
    assert_mean(values, 7 / n)


@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_distinct_points_are_the_first_of_equal_ones(dim: int, order: Literal["C", "F"]) -> None:
    points = np.random.default_rng(0).integers(-2, 3, (200, dim)) * 0.5
    points[points == 0] *= np.random.default_rng(1).choice([-1.0, 1.0], (points == 0).sum())
    seen: list[tuple[float, ...]] = []
    for row in points.tolist():
        if tuple(row) not in seen:  # -0.0 is 0.0
            seen.append(tuple(row))
    found = distinct(np.array(points, order=order))
    np.testing.assert_array_equal(found, np.array(seen))
    assert len(found) < len(points)
