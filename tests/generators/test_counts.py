"""The Poisson counters against scipy, and what the three faults of a counter do."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from approxgan.generators.counts import Counts


def counts(rates=(4.0,), cap=60, rounding=1, cross_talk=0.0):
    return Counts(rates, cap, rounding, cross_talk)


def point(*rates):
    return torch.tensor([rates], dtype=torch.float64).log()


def column(values):
    return torch.as_tensor(values, dtype=torch.float64).reshape(1, -1, 1)


def test_counts_have_scipys_probabilities_and_the_last_that_of_all_beyond():
    made, law = counts(cap=6), stats.poisson(3.7)
    logs = made.log_prob(1, point(3.7), column(range(7)))[0].numpy()
    np.testing.assert_allclose(logs[:6], law.logpmf(range(6)), rtol=1e-12)
    np.testing.assert_allclose(logs[6], law.logsf(5), rtol=1e-12)


def test_a_count_is_scipys_inverse_of_the_draw():
    draws = torch.rand(1, 2000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for rate in (1e-3, 0.7, 24.0, 400.0):
        made = counts(cap=1000).run(1, point(rate), draws)
        np.testing.assert_array_equal(made.numpy(), stats.poisson(rate).ppf(draws.numpy()))


def test_neighbours_count_a_share_of_the_events_and_readings_are_rounded():
    made = counts((1.0,) * 4, cap=100, rounding=5, cross_talk=0.2)
    theta = point(10.0, 20.0, 40.0, 80.0)
    draws = torch.rand(
        1, 40_000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    x = made.run(4, theta, draws)
    assert torch.equal(x % 5, torch.zeros_like(x))
    # 0.8 of its own and 0.1 of each neighbour's; a multiple of 5 is nearest to five counts.
    means = np.array([18.0, 21.0, 42.0, 69.0])
    for k, mean in enumerate(means):
        law = stats.poisson(mean)
        counted = np.minimum(np.arange(400), 100)
        readings = 5 * ((counted + 2) // 5)
        expected = float(readings @ law.pmf(np.arange(400)))
        noise = float(x[..., k].std()) / 200
        assert abs(float(x[..., k].mean()) - expected) < 4 * noise


def test_the_slope_of_the_expected_reading_is_that_of_the_articles_formula():
    """∇_θ E[D(x)] = Σ p(x) D(x) (x - e^θ), far below the cap."""
    made, theta = counts(cap=60), point(4.0).requires_grad_(True)
    x = made.outcomes(1)
    judge = torch.sin(x[:, 0])
    (grad,) = torch.autograd.grad((made.probabilities(1, theta)[0] * judge).sum(), theta)
    shares = stats.poisson(4.0).pmf(x[:, 0].numpy())
    expected = float(shares @ (judge.numpy() * (x[:, 0].numpy() - 4.0)))
    assert float(grad) == pytest.approx(expected, rel=1e-10)


def test_the_divergence_of_rates_is_the_closed_form():
    """KL = λ* log(λ* / λ) + λ - λ*."""
    made, x = counts(cap=100), column(range(101))
    true, rate = 5.0, 3.0
    logs = made.log_prob(1, point(true), x) - made.log_prob(1, point(rate), x)
    divergence = float((made.probabilities(1, point(true)) * logs).sum())
    assert divergence == pytest.approx(true * math.log(true / rate) + rate - true, rel=1e-10)


def test_extreme_rates_count_nothing_or_saturate_and_have_slopes_that_are_numbers():
    theta = torch.tensor([[800.0], [-800.0]], dtype=torch.float64, requires_grad=True)
    made = counts(cap=40)
    x = made.run(1, theta.detach(), torch.rand(2, 9, 1, dtype=torch.float64))
    assert x.flatten(1).unique(dim=1).tolist() == [[40.0], [0.0]]
    logs = made.log_prob(1, theta, x)
    (grad,) = torch.autograd.grad(logs.sum(), theta)
    assert grad.isfinite().all()
    assert logs.abs().max() == 0.0


def test_too_many_readings_are_not_listed():
    assert counts((1.0,) * 10).outcomes(10) is None
    assert len(counts((1.0,) * 3, cap=9).outcomes(3)) == 1000


@pytest.mark.parametrize(
    "settings", [{"rates": []}, {"rates": [0.0]}, {"cap": 0}, {"rounding": 0}, {"cross_talk": 0.5}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="accepted"):
        counts(**settings)
