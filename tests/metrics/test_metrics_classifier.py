"""The classifier two-sample test beside sklearn's and its binomial null."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KNeighborsClassifier
from worlds.clouds import assert_mean, normal, score

from approxgan.config.registry import build
from approxgan.core.errors import InputError


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
    with pytest.raises(InputError, match=r"k is .*; accepted: a whole number, 1 "):
        build("metrics", "classifier_test", {"k": bad})


def test_classifier_refuses_even_votes_and_too_few_points() -> None:
    with pytest.raises(InputError, match="k is 4; accepted: an odd number"):
        build("metrics", "classifier_test", {"k": 4})
    with pytest.raises(ValueError, match="8 training points; accepted: at least k, which is 9"):
        score("classifier_test", normal(9), normal(30), k=9)
