"""The metrics that compare samples by kernels, transport, neighbours, modes and classifiers."""

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
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from variants import example

from approxgan.core import InputError, Modes
from approxgan.metrics import wasserstein
from approxgan.registry import build

RING = example("datasets", "ring")
GRID = example("datasets", "grid")
NO_MODES = SimpleNamespace(modes=lambda: None)
BANDWIDTHS = [0.3, 1.0, 3]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def normal(n: int, dim: int = 2, seed: int = 1) -> np.ndarray:
    return rng(seed).standard_normal((n, dim))


def score(
    name: str, x: np.ndarray, y: np.ndarray, dataset: Any = NO_MODES, **settings: Any
) -> dict[str, float]:
    return build("metrics", name, settings)(x, y, dataset, rng())


def assert_mean(values: Any, expected: float) -> None:
    """The mean of independent values agrees within four of its standard errors."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(np.mean(values) - expected) <= 4 * error


# MMD


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
    with pytest.raises(InputError, match=r"bandwidths is .*; accepted: a list of finite numbers"):
        build("metrics", "mmd", {"bandwidths": bad, "points": 10})


@pytest.mark.parametrize("bad", [0, 1, 2.5, True])
def test_mmd_refuses_points_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match="points is"):
        build("metrics", "mmd", {"bandwidths": [1.0], "points": bad})


# Wasserstein


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
    given = metric(samples, uneven, RING, rng())
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
    given = metric(x, y, SimpleNamespace(modes=lambda: modes), rng())
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


def test_wasserstein_leaves_torch_alone() -> None:
    code = (
        "import sys, numpy as np; from types import SimpleNamespace as N\n"
        "from approxgan.registry import build\n"
        "x = np.arange(6.0).reshape(3, 2)\n"
        "metric = build('metrics', 'wasserstein', {'points': 3})\n"
        "metric(x, x + 1, N(modes=lambda: None), None)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("bad", [0, -3, 2.0, True, None])
def test_wasserstein_refuses_settings_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"points is .*; accepted: a whole number, 1 or more"):
        build("metrics", "wasserstein", {"points": bad})


# Precision, recall, density, coverage


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
    # As a view may round them: not quite the same.
    drawn[60:] += 1e-14 * normal(500, dim, seed=3)
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


@pytest.mark.parametrize("bad", [0, 2.0, True, None])
def test_neighbours_refuse_settings_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"k is .*; accepted: a whole number, 1 or more"):
        build("metrics", "neighbours", {"k": bad})


def test_neighbours_refuse_too_few_points() -> None:
    with pytest.raises(ValueError, match="5 samples; accepted: more than k, which is 5"):
        score("neighbours", normal(5), normal(6), k=5)
    with pytest.raises(ValueError, match="3 distinct reference points; accepted: more than k"):
        score("neighbours", normal(9), np.tile(normal(3), (9, 1)), k=3)


# Reverse KL over modes


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


# Classifier two-sample test


@pytest.mark.parametrize("dim", [1, 2, 12])
@pytest.mark.parametrize("k", [1, 7])
def test_classifier_agrees_with_sklearn(dim: int, k: int) -> None:
    x, y = normal(101, dim, seed=1) + 1, normal(130, dim, seed=2)
    # The smaller number, 101, is split into 50 for training and 51 for the test.
    train, test = np.concatenate([x[:50], y[:50]]), np.concatenate([x[50:], y[50:101]])
    fitted = KNeighborsClassifier(k, algorithm="brute").fit(train, np.repeat([1, 0], 50))
    expected = np.mean(fitted.predict(test) == np.repeat([1, 0], 51))
    given = score("classifier_test", x, y, k=k)
    assert given["classifier_accuracy"] == pytest.approx(expected, rel=1e-15)
    error = math.sqrt(0.25 / 102)
    assert given["classifier_z"] == pytest.approx((expected - 0.5) / error, rel=1e-13)
    assert expected > 0.5


@pytest.mark.parametrize("k", [1, 15])
def test_classifier_null_is_no_wider_than_the_binomial(k: int) -> None:
    given = [
        score("classifier_test", normal(100, seed=s), normal(100, seed=999 + s), k=k)
        for s in range(400)
    ]
    z = [values["classifier_z"] for values in given]
    assert_mean([values["classifier_accuracy"] for values in given], 0.5)
    assert_mean(z, 0)
    assert np.var(z, ddof=1) <= 1 + 4 * math.sqrt(2 / len(z))


def test_classifier_reaches_what_the_best_one_would() -> None:
    # Of N(±1, 1) the sign decides best, rightly with probability Φ(1).
    best = stats.norm.cdf(1)
    n, values = 2000, []
    for seed in range(20):
        x, y = normal(n, 1, seed=seed) + 1, normal(n, 1, seed=999 + seed) - 1
        values.append(score("classifier_test", x, y, k=201)["classifier_accuracy"])
    error = math.sqrt(best * (1 - best) / (20 * n))
    assert abs(np.mean(values) - best) <= 4 * error
    apart = score("classifier_test", normal(40), normal(40) + 100, k=5)
    assert apart == pytest.approx({"classifier_accuracy": 1, "classifier_z": math.sqrt(40)})


def test_classifier_does_not_tell_copies_of_the_reference_apart() -> None:
    y = normal(60)
    expected = {"classifier_accuracy": 0.5, "classifier_z": 0}
    assert score("classifier_test", y, y, k=5) == expected
    assert score("classifier_test", np.zeros((60, 2)), np.zeros((60, 2)), k=5) == expected


@pytest.mark.parametrize("bad", [0, -1, 3.0, True, None])
def test_classifier_refuses_settings_out_of_range(bad: Any) -> None:
    with pytest.raises(InputError, match=r"k is .*; accepted: a whole number, 1 or more"):
        build("metrics", "classifier_test", {"k": bad})


def test_classifier_refuses_even_votes_and_too_few_points() -> None:
    with pytest.raises(InputError, match="k is 4; accepted: an odd number"):
        build("metrics", "classifier_test", {"k": 4})
    with pytest.raises(ValueError, match="8 training points; accepted: at least k, which is 9"):
        score("classifier_test", normal(9), normal(30), k=9)


# Memorisation


def memorised(x: np.ndarray, y: np.ndarray, training: np.ndarray) -> float:
    metric = build("metrics", "memorisation", {}).beside(training)
    return metric(x, y, NO_MODES, rng())["nearer_to_training"]


@pytest.mark.parametrize("dim", [2, 12])
def test_memorisation_of_copies(dim: int) -> None:
    x, y, training = (normal(50, dim, seed=s) for s in (1, 2, 3))
    assert memorised(training, y, training) == 1
    assert memorised(y, y, training) == 0
    assert memorised(x, y, y[::-1]) == 0.5, "equally far from both"
    assert memorised(np.concatenate([training, y, x]), y, training) == pytest.approx(
        (1 + 0 + memorised(x, y, training)) / 3
    )


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
    drawn[40:] *= 1 + 1e-15
    assert memorised(x, drawn, training) == memorised(x, pool, training[:40])
    assert memorised(x, training, drawn) == memorised(x, training[:40], pool)


def test_memorisation_asks_for_the_training_points() -> None:
    metric = build("metrics", "memorisation", {})
    with pytest.raises(ValueError, match="needs the training points"):
        metric(normal(9), normal(9), NO_MODES, rng())
    with pytest.raises(ValueError, match="training points are not finite"):
        metric.beside(np.full((9, 2), np.nan))
    with pytest.raises(ValueError, match="reference points have 3 columns; accepted: 2"):
        memorised(normal(9), normal(9, 3), normal(9))
