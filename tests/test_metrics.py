from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import ot
import pytest
from scipy import linalg, stats
from scipy.spatial.distance import cdist, pdist
from variants import EXAMPLE, example

from approxgan.core import InputError, Metric
from approxgan.registry import build, names

METRICS = names("metrics")
DISTANCES = {"energy_distance": 1, "frechet": 2, "sliced_wasserstein": 1}
"""Distances between samples, with the power of the data's unit that they are measured in."""

RING = example("datasets", "ring")
TRAINING = RING.training(250, np.random.default_rng(9))


def ready(name: str) -> Any:
    """The metric with its example settings, and the training points where it needs them."""
    metric = example("metrics", name)
    return metric.beside(TRAINING) if hasattr(metric, "beside") else metric


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(n: int, dim: int = 2, seed: int = 1) -> np.ndarray:
    return rng(seed).standard_normal((n, dim))


def value(metric: Metric, x: np.ndarray, y: np.ndarray) -> float:
    """The only number of a metric that gives one."""
    (number,) = metric(x, y, RING, rng()).values()
    return number


def assert_mean(values: list[float], expected: float) -> None:
    """The mean of independent values agrees within four of its standard errors."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(np.mean(values) - expected) <= 4 * error


def test_every_metric_has_example_settings() -> None:
    assert set(EXAMPLE["metrics"]) == set(METRICS)


def test_no_two_metrics_share_a_name() -> None:
    stated = [name for metric in METRICS for name in example("metrics", metric).directions]
    assert len(stated) == len(set(stated))


@pytest.mark.parametrize("name", METRICS)
def test_gives_finite_numbers_under_its_stated_names(name: str) -> None:
    metric = ready(name)
    given = metric(RING.sample(300, rng(1)), RING.sample(200, rng(2)), RING, rng(3))
    assert list(given) == list(metric.directions)
    assert all(type(number) is float and math.isfinite(number) for number in given.values())
    assert set(metric.directions.values()) <= {"lower", "higher", "neither"}


@pytest.mark.parametrize("name", METRICS)
def test_is_frozen_and_its_settings_have_no_default(name: str) -> None:
    metric = example("metrics", name)
    fields = dataclasses.fields(metric)
    assert {field.name for field in fields} == set(EXAMPLE["metrics"][name])
    assert all(field.default is dataclasses.MISSING for field in fields)


@pytest.mark.parametrize("name", METRICS)
def test_follows_from_its_arguments_and_leaves_them_alone(name: str) -> None:
    metric = ready(name)
    x, y = RING.sample(150, rng(1)), RING.sample(150, rng(2))
    x.flags.writeable = y.flags.writeable = False
    first = metric(x, y, RING, rng())
    assert metric(x, y, RING, rng()) == first
    if hasattr(metric, "against"):
        assert metric.against(y)(x) == first


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_refuses_samples_that_are_not_finite(name: str, bad: float) -> None:
    x = normal(20)
    x[3, 1] = bad
    with pytest.raises(ValueError, match="1 of 20 samples are not finite"):
        ready(name)(x, normal(20), RING, rng())


@pytest.mark.parametrize("name", METRICS)
def test_refuses_samples_of_another_shape(name: str) -> None:
    metric = ready(name)
    with pytest.raises(ValueError, match=r"3 columns; accepted: 2"):
        metric(normal(20, 3), normal(20), RING, rng())
    with pytest.raises(ValueError, match=r"shape \(20,\); accepted: \[n, dim\]"):
        metric(normal(20)[:, 0], normal(20), RING, rng())


@pytest.mark.parametrize("name", METRICS)
def test_refuses_finite_samples_whose_distances_overflow(name: str) -> None:
    x = normal(20)
    x[3, 1] = -1e200
    with pytest.raises(FloatingPointError, match="samples lie beyond"):
        ready(name)(x, normal(20), RING, rng())


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_refuse_a_reference_that_is_not_finite(name: str) -> None:
    with pytest.raises(ValueError, match="reference points are not finite"):
        value(example("metrics", name), normal(20), np.full((20, 2), np.nan))


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_are_symmetric_and_move_and_scale_with_the_data(name: str) -> None:
    metric = example("metrics", name)
    x, y = normal(130, seed=1), 1.5 * normal(170, seed=2) + [0.3, -0.2]
    expected = value(metric, x, y)
    near = pytest.approx(expected, rel=1e-12)
    assert value(metric, y, x) == near
    assert value(metric, x[::-1], y) == near
    move = np.array([4.0, -2.0])
    assert value(metric, x + move, y + move) == near
    assert value(metric, 3 * x, 3 * y) / 3 ** DISTANCES[name] == near


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_see_a_shift_beyond_their_null(name: str) -> None:
    metric = example("metrics", name)
    null = [value(metric, normal(200, seed=s), normal(200, seed=99 + s)) for s in range(20)]
    shifted = [value(metric, normal(200, seed=s) + 1, normal(200, seed=99 + s)) for s in range(20)]
    assert min(shifted) > max(null)


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
    with pytest.raises(InputError, match=r"projections is .*; accepted: a whole number, 1 or more"):
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


def coverage(points: np.ndarray) -> dict[str, float]:
    return example("metrics", "mode_coverage")(points, points, RING, rng())


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
    given = example("metrics", "mode_coverage")(np.full((10, 2), [0.5, 0.0]), None, wide, rng())
    assert given == {"modes_captured": 2, "modes_covered": 1, "high_quality_fraction": 1}


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_mode_coverage_of_true_samples_is_at_its_ceiling(name: str) -> None:
    dataset, n = example("datasets", name), 20_000
    points = dataset.sample(n, rng())
    given = example("metrics", "mode_coverage")(points, points, dataset, rng())
    count = len(dataset.modes().centres)
    assert given["modes_captured"] == given["modes_covered"] == count
    ceiling = 1 - math.exp(-9 / 2)
    error = math.sqrt(ceiling * (1 - ceiling) / n)
    assert abs(given["high_quality_fraction"] - ceiling) <= 4 * error


def test_mode_coverage_gives_nothing_where_no_modes_are_stated() -> None:
    article = example("datasets", "article")
    assert example("metrics", "mode_coverage")(normal(10), normal(10), article, rng()) == {}
