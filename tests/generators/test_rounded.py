"""The rounded generator against the quantised Gaussian, whose probabilities have a closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from worlds.estimates import build
from worlds.games import game, rng

from approxgan.generators.rounded import Rounded
from approxgan.models.dense import Dense
from approxgan.objective import at_output
from approxgan.objective.game import generator_objective

GRID, SIGMA, MU = 0.8, 0.7, 0.3
SEEDS, BATCH = 2000, 50
GAUSSIAN = Rounded(1, [], "relu", grid=GRID)
CELLS = np.arange(-12, 13)


def shares(mu=MU):
    """Φ(u) - Φ(l) of the cells."""
    edges = (np.arange(-12, 14) - 0.5) * GRID
    return np.diff(stats.norm(mu, SIGMA).cdf(edges))


def losses():
    """A generator's loss with independent draws for each seed, its θ = (σ, μ), and the loss of a
    sample in each cell."""
    g = game(model=Dense(0, GAUSSIAN, [6, 5], "tanh"), dim=1)
    source = np.random.default_rng(5)
    judge = torch.from_numpy(4.0 * g.init("discriminator", source)).expand(SEEDS, -1)
    draws = torch.from_numpy(GAUSSIAN.draw(source, (SEEDS, BATCH), np.float64))
    real = torch.zeros(SEEDS, 1, 1, dtype=torch.float64)
    f = generator_objective(g, judge, real, draws)
    theta = torch.tensor([[SIGMA, MU]], dtype=torch.float64).expand(SEEDS, -1)
    points = torch.from_numpy(CELLS * GRID)[None, :, None].expand(SEEDS, -1, -1)
    return f, theta, f.losses(points)[0].numpy()


def off(grads, truth):
    error = grads.std(0) / len(grads) ** 0.5
    return float(((grads.mean(0) - truth) / error).abs().max())


def test_samples_have_the_quantised_gaussians_probabilities():
    f, theta, _ = losses()
    cells = (f.outcome(theta).samples / GRID).round().long().flatten().numpy()
    seen = np.array([(cells == k).sum() for k in CELLS])
    expected = SEEDS * BATCH * shares()
    kept = expected > 10
    assert (
        stats.chisquare(seen[kept], expected[kept] * seen[kept].sum() / expected[kept].sum()).pvalue
        > 1e-4
    )


def test_differences_of_mu_have_the_mean_that_the_closed_form_has():
    f, theta, values = losses()
    eps = 0.3
    grads = build("central_difference").estimate(f, theta, eps=eps, rng=rng(range(SEEDS))).grad
    truth = (shares(MU + eps) - shares(MU - eps)) @ values / (2 * eps)
    assert off(grads[:, 1:], truth) < 4


def test_a_small_step_has_the_slope_of_the_closed_form():
    """∂_μ p_k = (φ(l) - φ(u)) / σ."""
    eps, (lower, upper) = 1e-5, (CELLS[:, None] + [-0.5, 0.5]).T * GRID
    density = stats.norm(MU, SIGMA).pdf
    slope = density(lower) - density(upper)
    np.testing.assert_allclose((shares(MU + eps) - shares(MU - eps)) / (2 * eps), slope, atol=1e-8)


def test_half_a_grid_at_the_roundings_input_has_the_slope_between_neighbours():
    """u ± δ/2 round to the two neighbours of u, so that the mean is that of the slope of a line
    between their losses, whatever u is between them."""
    f, theta, values = losses()
    made = at_output.estimate(
        build("central_difference"), f, theta, eps=GRID / 2, rng=rng(range(SEEDS))
    )
    between = np.diff(stats.norm(MU, SIGMA).cdf(CELLS * GRID))
    truth = between @ np.diff(values) / GRID
    assert off(made.grad[:, 1:], truth) < 4


def test_without_a_grid_it_is_smooth():
    smooth, rounded = (Rounded(3, [5], "tanh", grid=grid) for grid in (0.0, 0.1))
    assert smooth.differentiable
    assert not rounded.differentiable
    theta = torch.from_numpy(smooth.init(2, np.random.default_rng(0)))[None]
    draws = torch.from_numpy(smooth.draw(np.random.default_rng(1), (1, 9), np.float64))
    whole = smooth.run(2, theta, draws)
    assert torch.equal(smooth.relaxed(2, theta, draws, 0.5), whole)
    torch.testing.assert_close(rounded.relaxed(2, theta, draws, 1e4), whole)
    assert (rounded.run(2, theta, draws) - whole).abs().max() <= 0.05 + 1e-12


@pytest.mark.parametrize(
    "settings", [{"grid": -0.1}, {"activation": "sine"}, {"slope": 0.2}, {"hidden": [0]}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="accepted"):
        Rounded(**{"latent": 3, "hidden": [5], "activation": "tanh", "grid": 0.1, **settings})
