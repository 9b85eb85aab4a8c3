"""A generator whose parameters are drawn for each sample: its marginal and its score function."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from worlds.estimates import build
from worlds.games import game, rng
from worlds.variants import ONE_COUNTER

from approxgan.generators.counts import Counts
from approxgan.generators.proposal import Proposal
from approxgan.generators.rounded import Rounded
from approxgan.models.dense import Dense
from approxgan.objective.game import generator_objective

COUNTER = Counts(**ONE_COUNTER)
SEEDS, BATCH, SIGMA = 2000, 50, 0.4
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def objective(made, *theta):
    """A generator's loss at θ with independent draws for each seed."""
    g = game(model=Dense(0, made, [6, 5], "tanh"), dim=1)
    source = np.random.default_rng(5)
    judge = torch.from_numpy(4.0 * g.init("discriminator", source)).expand(SEEDS, -1)
    draws = torch.from_numpy(made.draw(source, (SEEDS, BATCH), np.float64))
    real = torch.zeros(SEEDS, 1, 1, dtype=torch.float64)
    point = torch.tensor([theta], dtype=torch.float64).expand(SEEDS, -1)
    return generator_objective(g, judge, real, draws), point


def test_the_marginal_has_the_true_mean_where_mu_is_lower_by_half_the_variance():
    f, theta = objective(Proposal(COUNTER, SIGMA, "fixed"), math.log(4.0) - SIGMA**2 / 2)
    x = f.outcome(theta).samples
    assert abs(float(x.mean()) - 4.0) < 4 * float(x.std()) / x.numel() ** 0.5


@pytest.mark.parametrize("learned", [False, True])
def test_the_score_functions_mean_is_the_slope_of_the_marginals_loss(learned):
    """∂_μ and ∂_log σ of ∫ F(u) N(u; μ, σ²) du are E[F n] / σ and E[F (n² - 1)], u = μ + σ n."""
    mu, made = 1.2, Proposal(COUNTER, SIGMA, "learned" if learned else "fixed")
    f, theta = objective(made, mu, *([math.log(SIGMA)] if learned else []))
    points = torch.from_numpy(mu + SIGMA * NODES)[:, None]
    values = f.losses(COUNTER.outcomes(1).expand(SEEDS, -1, -1))[0]
    at_nodes = (COUNTER.probabilities(1, points) @ values).numpy()
    mean = WEIGHTS / WEIGHTS.sum()
    truth = [(mean * at_nodes * NODES).sum() / SIGMA, (mean * at_nodes * (NODES**2 - 1)).sum()]
    mode = build("score_function", baseline="leave_one_out")
    grads = mode.estimate(f, theta, eps=None, rng=rng(range(SEEDS))).grad
    error = grads.std(0) / SEEDS**0.5
    off = (grads.mean(0) - torch.tensor(truth[: 1 + learned])).abs() / error
    assert off.max() < 4


def test_the_density_of_parameters_is_scipys():
    made = Proposal(Counts([4.0, 1.0], 9, 1, 0.0), SIGMA, "learned")
    theta = torch.tensor([[0.3, -0.2, 0.1, -1.0]], dtype=torch.float64)
    u = torch.tensor([[[0.5, 0.1], [-1.0, 2.0]]], dtype=torch.float64)
    law = stats.norm([0.3, -0.2], np.exp([0.1, -1.0]))
    logs = made.log_inner(2, theta, u)[0].numpy()
    np.testing.assert_allclose(logs, law.logpdf(u[0].numpy()).sum(1))


def test_each_sample_is_the_generators_at_its_own_parameters():
    made = Proposal(COUNTER, SIGMA, "fixed")
    theta = torch.tensor([[0.5], [1.5]], dtype=torch.float64)
    draws = torch.from_numpy(made.draw(np.random.default_rng(0), (2, 5), np.float64))
    x, u = made.run(1, theta, draws), made.inner(1, theta, draws)
    for m in range(2):
        for b in range(5):
            alone = COUNTER.run(1, u[m, b][None], draws[m, b, None, None, :1])
            assert torch.equal(x[m, b], alone[0, 0])


@pytest.mark.parametrize(
    "settings", [{"scale": 0.0}, {"scales": "free"}, {"of": Rounded(1, [], "tanh", grid=0.1)}]
)
def test_settings_that_do_not_fit_are_refused(settings):
    with pytest.raises(ValueError, match="accepted"):
        Proposal(**{"of": COUNTER, "scale": 0.4, "scales": "fixed", **settings})
