"""What every generator promises of its samples: their law, stacking, draws and types."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from worlds.generators import BUILT, LISTED, NAMES, drawn, thetas

RELAXED = [name for name in NAMES if hasattr(BUILT[name][0], "relaxed")]
TRUE = [
    name
    for name, (made, dim) in BUILT.items()
    if hasattr(made, "truth") and made.truth(dim) is not None
]
COUNTED = [name for name in LISTED if hasattr(BUILT[name][0], "log_prob")]


@pytest.mark.parametrize("name", NAMES)
def test_samples_have_the_shape_and_type_of_the_parameters(name):
    made, dim = BUILT[name]
    assert made.size(dim) == sum(made.layer_sizes(dim)) == made.init(dim, rng()).size
    for dtype in (torch.float32, torch.float64):
        x = made.run(dim, thetas(name).to(dtype), drawn(name, 2, 5).to(dtype))
        assert (x.shape, x.dtype) == ((2, 5, dim), dtype)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_follows_from_its_parameters_and_draws(name):
    made, dim = BUILT[name]
    theta, draws = thetas(name), drawn(name, 2, 6)
    x = made.run(dim, theta, draws)
    torch.testing.assert_close(made.run(dim, theta[1:], draws[1:, 2:3]), x[1:, 2:3])
    doubled = made.run(dim, theta.repeat(2, 1), draws.repeat(2, 1, 1))
    torch.testing.assert_close(doubled, x.repeat(2, 1, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_drawn_at_once_changes_nothing(name, dtype):
    made, _ = BUILT[name]
    whole, pieces = rng(), rng()
    at_once = made.draw(whole, (5, 3), dtype)
    assert (at_once.shape, at_once.dtype) == ((5, 3, made.width), dtype)
    parts = [made.draw(pieces, (k, 3), dtype) for k in (1, 4)]
    np.testing.assert_array_equal(np.concatenate(parts), at_once)


@pytest.mark.parametrize("name", NAMES)
def test_samples_of_parameters_that_are_no_numbers_are_none(name):
    made, dim = BUILT[name]
    theta = torch.full((1, made.size(dim)), torch.nan, dtype=torch.float64)
    assert made.run(dim, theta, drawn(name, 1, 3)).isnan().any(-1).all()


@pytest.mark.parametrize("name", LISTED)
def test_frequencies_are_the_probabilities_of_all_outcomes(name):
    made, dim = BUILT[name]
    theta, samples = thetas(name), 20_000
    outcomes, shares = made.outcomes(dim), made.probabilities(dim, theta)
    assert torch.unique(outcomes, dim=0).shape == outcomes.shape
    torch.testing.assert_close(shares.sum(1), torch.ones(2, dtype=torch.float64))
    for x, p in zip(made.run(dim, theta, drawn(name, 2, samples)), shares, strict=True):
        found = (x[:, None] == outcomes).all(-1)
        assert found.any(1).all(), "a sample that is no outcome"
        assert stats.chisquare(*pooled(found.sum(0), samples * p)).pvalue > 1e-4


def pooled(seen, expected):
    """Counts and expected counts, those of rare outcomes together."""
    order = expected.argsort()
    rare = order[expected[order].cumsum(0) < 10]
    common = order[len(rare) :]
    return tuple(
        np.append(v[common].double().numpy(), float(v[rare].sum())) + 1e-9 for v in (seen, expected)
    )


@pytest.mark.parametrize("name", COUNTED)
def test_the_probability_of_an_outcome_is_that_of_the_list(name):
    made, dim = BUILT[name]
    theta, outcomes = thetas(name), made.outcomes(dim).expand(2, -1, -1)
    logs = made.log_prob(dim, theta, outcomes)
    torch.testing.assert_close(logs.exp(), made.probabilities(dim, theta))


@pytest.mark.parametrize("name", RELAXED)
def test_a_cold_relaxation_is_the_sample_and_a_warm_one_has_its_slope(name):
    made, dim = BUILT[name]
    theta, draws = thetas(name), drawn(name, 2, 500)
    x = made.run(dim, theta, draws)
    off = (made.relaxed(dim, theta, draws, 1e-4) - x).abs().amax(-1)
    # Where two scores are nearly equal no temperature is cold enough.
    assert (off > 1e-3).double().mean() < 0.01
    few = draws[:, :2]
    assert torch.autograd.gradcheck(
        lambda at: made.relaxed(dim, at, few, 0.7), theta.clone().requires_grad_(True)
    )


@pytest.mark.parametrize("name", TRUE)
def test_the_truth_is_a_point_of_the_parameters(name):
    made, dim = BUILT[name]
    truth = made.truth(dim)
    assert (truth.shape, truth.dtype) == ((made.size(dim),), np.float64)
    assert np.isfinite(truth).all()


def test_data_of_other_columns_are_refused():
    for name in NAMES:
        made, dim = BUILT[name]
        assert getattr(made, "refuses", lambda dim: None)(dim) is None
        if hasattr(made, "refuses"):
            assert f"not {dim + 1}" in made.refuses(dim + 1)


def rng():
    return np.random.default_rng(3)
