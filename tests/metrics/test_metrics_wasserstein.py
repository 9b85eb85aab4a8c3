"""The Wasserstein distances beside assignments, quantiles and a linear program."""

from __future__ import annotations

import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.spatial.distance import cdist
from worlds.clouds import GRID, NO_MODES, RING, assert_mean, compared, normal, rng, score

from approxgan.config.registry import build
from approxgan.core.errors import InputError
from approxgan.core.protocols import Modes
from approxgan.metrics import wasserstein


def transport(x: np.ndarray, y: np.ndarray, points: int = 1000, dataset: Any = NO_MODES) -> Any:
    given = score("wasserstein", x, y, dataset, points=points)
    return given["wasserstein_1"], given["wasserstein_2"]


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_wasserstein_agrees_with_the_best_assignment(dim: int) -> None:
    x, y = normal(60, dim, seed=1), 2 * normal(60, dim, seed=2) + 0.5
    for power, value in enumerate(transport(x, y), start=1):
        costs = cdist(x, y) ** power
        best = costs[optimize.linear_sum_assignment(costs)].mean()
        assert value == pytest.approx(best ** (1 / power), rel=1e-12)


@pytest.mark.parametrize("far", [1e6, 1e8, 1e12])
@pytest.mark.parametrize("apart", [0.0, 1e3, 1e7])
def test_wasserstein_is_optimal_beside_far_points(far: float, apart: float) -> None:
    x, y = rng(0).standard_normal((2, 50, 2))
    x[0], y[0] = [far, 0], [far, apart]
    x[25:] -= far
    y[25:] -= far
    for power, value in enumerate(transport(x, y), start=1):
        costs = cdist(x, y) ** power
        best = costs[optimize.linear_sum_assignment(costs)].mean()
        assert value == pytest.approx(best ** (1 / power), rel=1e-12)


def test_wasserstein_of_unequal_sizes_agrees_with_quantile_functions() -> None:
    x, y = normal(40, 1, seed=1), 2 * normal(70, 1, seed=2) + 0.5
    first, second = transport(x, y)
    assert first == pytest.approx(stats.wasserstein_distance(x[:, 0], y[:, 0]), rel=1e-12)
    # Both quantile functions are constant on 1/2800 ths.
    parts = np.repeat(np.sort(x[:, 0]), 70), np.repeat(np.sort(y[:, 0]), 40)
    assert second == pytest.approx(math.sqrt(np.mean((parts[0] - parts[1]) ** 2)), rel=1e-12)


def test_wasserstein_of_a_shift_is_its_length() -> None:
    x, shift = normal(150), np.array([3.0, 4.0])
    assert transport(x + shift, x) == pytest.approx((5, 5), rel=1e-12)
    assert transport(x, x) == (0, 0)
    assert transport(np.zeros((5, 2)), np.zeros((5, 2))) == (0, 0)


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e12, 1e38])
def test_wasserstein_is_as_exact_in_any_unit(scale: float) -> None:
    x, y = normal(80, seed=1), normal(80, seed=2) + 0.3
    expected = scale * np.array(transport(x, y))
    assert transport(scale * x, scale * y) == pytest.approx(expected, rel=1e-12)


def test_wasserstein_takes_the_first_points() -> None:
    x, y = normal(90, seed=1), normal(70, seed=2)
    assert transport(x, y, points=50) == transport(x[:50], y[:50])
    assert transport(x, y, points=80) == transport(x[:80], y)


def test_wasserstein_null_of_uniform_points_has_its_known_bias() -> None:
    # E W2² of the order statistics is twice their mean variance, 1 / (3 (n + 1)). W1 is the
    # integral of |F - G|: after j of the 2n merged points F - G is (2H - j) / n with H
    # hypergeometric, whatever the 2n + 1 gaps, whose mean is 1 / (2n + 1).
    n = 40
    gaps = np.arange(1, 2 * n)
    laws = [(stats.hypergeom(2 * n, n, j), np.arange(n + 1)) for j in gaps]
    heights = [law.pmf(h) @ abs(2 * h - j) / n for j, (law, h) in zip(gaps, laws, strict=True)]
    values = np.array(
        [transport(rng(s).random((n, 1)), rng(500 + s).random((n, 1))) for s in range(300)]
    )
    assert_mean(values[:, 0], sum(heights) / (2 * n + 1))
    assert_mean(values[:, 1] ** 2, 1 / (3 * (n + 1)))


@pytest.mark.parametrize(("dataset", "points"), [(RING, 160), (RING, 165), (GRID, 100)])
def test_wasserstein_reference_is_stratified_by_mode(dataset: Any, points: int) -> None:
    metric = build("metrics", "wasserstein", {"points": points})
    reference = dataset.sample(2500, rng())
    target, weights = metric.target(reference, dataset.modes())
    centres = dataset.modes().centres
    labels = cdist(target, centres).argmin(axis=1)
    quota = math.ceil(points / len(centres))
    assert np.bincount(labels).tolist() == [quota] * len(centres)
    assert weights.sum() == pytest.approx(1)
    shares = np.bincount(labels, weights)
    np.testing.assert_allclose(shares, 1 / len(centres), rtol=1e-12)
    first = reference[cdist(reference, centres).argmin(axis=1) == 3][:quota]
    np.testing.assert_array_equal(target[labels == 3], first)


def test_wasserstein_strata_keep_their_shares_where_points_are_few() -> None:
    metric, centres = build("metrics", "wasserstein", {"points": 80}), RING.modes().centres
    # 17 points in the first mode, 2 in the second, none in the last.
    reference = np.repeat(centres[:7], [17, 2, 3, 4, 5, 6, 10], axis=0)
    target, weights = metric.target(reference, RING.modes())
    labels = cdist(target, centres).argmin(axis=1)
    assert np.bincount(labels).tolist() == [10, 2, 3, 4, 5, 6, 10]
    np.testing.assert_allclose(np.bincount(labels, weights), 1 / 7, rtol=1e-12)


def test_wasserstein_does_not_see_the_references_imbalance() -> None:
    # Samples on the centres, 20 each, stay in their modes: the cost is each mode's own spread.
    samples = np.tile(RING.modes().centres, (20, 1))
    metric = build("metrics", "wasserstein", {"points": 160})
    uneven = np.concatenate([RING.sample(400, rng()), RING.modes().centres[0] + 0.1 * normal(300)])
    target, weights = metric.target(uneven, RING.modes())
    away = cdist(target, RING.modes().centres).min(axis=1)
    given = compared(metric, samples, uneven, RING)
    assert given["wasserstein_1"] == pytest.approx(weights @ away, rel=1e-12)
    assert given["wasserstein_2"] == pytest.approx(math.sqrt(weights @ away**2), rel=1e-12)


def test_wasserstein_of_unequal_weights_agrees_with_a_linear_program() -> None:
    modes = Modes(np.array([[0.0, 0.0], [3.0, 0.0]]), 1.0)
    x, y = normal(7, seed=1), normal(12, seed=2)
    y[9:, 0] += 3
    metric = build("metrics", "wasserstein", {"points": 12})
    target, weights = metric.target(y, modes)
    assert len(set(weights)) == 2
    rows = np.kron(np.eye(7), np.ones(len(target)))
    columns = np.kron(np.ones(7), np.eye(len(target)))
    margins = np.concatenate([np.full(7, 1 / 7), weights])
    given = compared(metric, x, y, SimpleNamespace(modes=lambda: modes))
    for power, value in enumerate(given.values(), start=1):
        costs = cdist(x, target).ravel() ** power
        solved = optimize.linprog(costs, A_eq=np.vstack([rows, columns]), b_eq=margins)
        assert value == pytest.approx(solved.fun ** (1 / power), rel=1e-9)


def test_wasserstein_says_so_where_it_was_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasserstein, "PIVOTS", 1)
    with (
        pytest.warns(UserWarning, match="numItermax"),
        pytest.raises(RuntimeError, match="was not solved"),
    ):
        transport(normal(30, seed=1), normal(30, seed=2))


def test_wasserstein_loads_no_library_that_it_does_not_use() -> None:
    code = (
        "import sys, numpy as np; from approxgan.core.protocols import Truth\n"
        "from approxgan.config.registry import build\n"
        "x = np.arange(6.0).reshape(3, 2)\n"
        "metric = build('metrics', 'wasserstein', {'points': 3})\n"
        "metric.against(Truth(x + 1, x, None))(x)\n"
        "heavy = {'torch', 'sklearn', 'networkx', 'pandas'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("bad", [0, -3, 2.0, True, None])
def test_wasserstein_refuses_settings_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"points is .*; accepted: a whole number, 1 "):
        build("metrics", "wasserstein", {"points": bad})
