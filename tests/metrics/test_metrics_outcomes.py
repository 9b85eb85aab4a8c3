"""Metrics of data with finitely many outcomes, and of parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from worlds.clouds import FINITE, OF_FINITE, RING, assert_mean, compared, normal, rng, truth
from worlds.variants import example

from approxgan.core.protocols import Fitted

P = FINITE.probabilities
OTHER = np.array([0.1, 0.1, 0.1, 0.3, 0.2, 0.2])


def of_samples(name, x):
    return compared(example("metrics", name), x, x, FINITE)


def exact(q, outcomes=FINITE.outcomes):
    score = example("metrics", "exact_divergence").against(truth(normal(9), FINITE))
    return score(Fitted(outcomes, None, outcomes, q))


def test_frequencies_are_compared_with_the_exact_probabilities():
    counts = np.array([1, 2, 3, 4, 5, 5])
    x = np.repeat(FINITE.outcomes, counts, axis=0)
    q = counts / 20
    assert of_samples("total_variation", x) == {
        "total_variation": pytest.approx(0.5 * np.abs(q - P).sum())
    }
    padded = (counts + 0.5) / 23
    assert of_samples("kullback_leibler", x) == {
        "reverse_kl": pytest.approx(stats.entropy(q, P)),
        "forward_kl": pytest.approx(stats.entropy(P, padded)),
        "entropy": pytest.approx(stats.entropy(q)),
    }


def test_what_is_no_outcome_counts_in_full():
    x = np.concatenate([FINITE.sample(300, rng()), normal(100)])
    whole = of_samples("total_variation", normal(50))["total_variation"]
    assert whole == pytest.approx(1.0)
    assert of_samples("total_variation", x)["total_variation"] > 0.25 - 1e-9
    assert of_samples("kullback_leibler", x)["reverse_kl"] == math.inf
    assert exact(np.full(100, 0.01), normal(100))["exact_total_variation"] == pytest.approx(1.0)


def test_minus_zero_and_float32_are_the_same_outcome():
    x = np.repeat(FINITE.outcomes, 5, axis=0)
    given = of_samples("total_variation", x)
    assert of_samples("total_variation", np.where(x == 0, -0.0, x).astype(np.float32)) == given


def test_the_floor_by_sampling_is_what_the_formulas_say():
    n, draws = 2000, 300
    made = [FINITE.sample(n, rng(seed)) for seed in range(draws)]
    floor = np.sqrt(P * (1 - P) / (2 * np.pi * n)).sum()
    varied = [of_samples("total_variation", x)["total_variation"] for x in made]
    assert np.mean(varied) == pytest.approx(floor, rel=0.05)
    diverged = [of_samples("kullback_leibler", x) for x in made]
    assert_mean([d["reverse_kl"] for d in diverged], 5 / (2 * n))
    assert_mean([d["entropy"] for d in diverged], stats.entropy(P) - 5 / (2 * n))


def test_exact_probabilities_have_no_floor():
    assert exact(P) == {
        "exact_total_variation": 0.0,
        "exact_reverse_kl": 0.0,
        "exact_forward_kl": 0.0,
        "exact_entropy": pytest.approx(stats.entropy(P)),
    }
    # Listed in another order.
    order = np.array([3, 1, 0, 5, 2, 4])
    assert exact(OTHER[order], FINITE.outcomes[order]) == {
        "exact_total_variation": pytest.approx(0.5 * np.abs(OTHER - P).sum()),
        "exact_reverse_kl": pytest.approx(stats.entropy(OTHER, P)),
        "exact_forward_kl": pytest.approx(stats.entropy(P, OTHER)),
        "exact_entropy": pytest.approx(stats.entropy(OTHER)),
    }


def test_parameters_are_compared_one_by_one():
    score = example("metrics", "parameter_error").against(truth(normal(9), FINITE))
    moved = FINITE.parameters + np.array([0.3, -0.3, 0.0])
    assert score(Fitted(normal(9), moved, None, None)) == {
        "parameter_error": pytest.approx(math.sqrt(0.06)),
        "parameter_bias": pytest.approx(0.0, abs=1e-12),
    }


@pytest.mark.parametrize("name", OF_FINITE)
def test_data_of_which_nothing_is_known_get_no_numbers(name):
    assert compared(example("metrics", name), normal(9), normal(9), RING) == {}
