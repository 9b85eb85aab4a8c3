"""Theory of the gradient modes: order, bias, error law and kinks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numdifftools import Gradient
from worlds.estimates import BUILT, MODES, epsilon_of, smooth
from worlds.games import game, objectives, rng
from worlds.variants import EXAMPLE

from approxgan.config import registry
from approxgan.objective.black_box import objective
from approxgan.testing import check

HARMLESS = {"exact", "perturbed_start", "subgradient"}
BIASED = {"masked_exact", "uniform_shift"}


@pytest.mark.parametrize("name", sorted(HARMLESS & set(MODES)))
def test_exact_modes_agree_with_numdifftools(name):
    mode = BUILT[name]
    f, theta = objectives(game(), seeds=(0,))["discriminator"]

    def scalar(point):
        return float(f(torch.from_numpy(point)[None]))

    truth = Gradient(scalar, step=1e-5, order=2)(theta[0].numpy())
    grad = mode.estimate(f, theta, eps=None, rng=rng(seeds=(0,))).grad[0].numpy()
    assert np.abs(grad - truth).max() < 1e-7


def kinked(theta):
    return torch.nn.functional.leaky_relu(theta, 0.2).sum(-1)


def test_one_sided_and_central_values_at_a_kink():
    theta = torch.zeros(1, 3, dtype=torch.float64)
    f = objective(kinked, how="batched")
    grads = {
        name: BUILT[name].estimate(f, theta, eps=epsilon_of(BUILT[name]), rng=rng((0,))).grad
        for name in ("exact", "forward_difference", "central_difference")
    }
    assert torch.allclose(grads["exact"], torch.full_like(theta, 0.2))
    assert torch.allclose(grads["forward_difference"], torch.ones_like(theta))
    assert torch.allclose(grads["central_difference"], torch.full_like(theta, 0.6))


@pytest.mark.parametrize("alpha", [0.2, 0.6, 1.0])
def test_the_subgradient_multiplies_by_alpha_at_exact_zeros(alpha):
    g = game()
    f, theta = objectives(g, seeds=(0,))["discriminator"]
    flat = theta.clone()
    flat[:, : 6 * 2 + 6] = 0.0  # the first layer: every pre-activation is exactly 0
    mode = registry.build("modes", "subgradient", {"alpha": alpha})
    grad = mode.estimate(f, flat, eps=None, rng=rng((0,))).grad
    exact = BUILT["exact"].estimate(f, flat, eps=None, rng=rng((0,))).grad
    # The first layer's gradient is proportional to the slope used; the rest does not see it.
    assert torch.allclose(grad[:, :18], exact[:, :18] * alpha / 0.2)
    assert torch.equal(grad[:, 18:], exact[:, 18:])
    assert exact[:, :18].abs().max() > 0


def test_the_subgradient_is_the_exact_gradient_away_from_kinks():
    for f, theta in objectives(game()).values():
        mine = BUILT["subgradient"].estimate(f, theta, eps=None, rng=rng()).grad
        assert torch.equal(mine, BUILT["exact"].estimate(f, theta, eps=None, rng=rng()).grad)


def test_the_subgradient_refuses_an_objective_without_known_kinks():
    with pytest.raises(ValueError, match="does not show where its kinks are"):
        BUILT["subgradient"].estimate(objective(smooth), torch.zeros(1, 2), eps=None, rng=rng((0,)))


def test_the_uniform_shift_is_the_slope_along_all_ones_everywhere():
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    f = objective(smooth)
    truth = BUILT["exact"].estimate(f, theta, eps=None, rng=rng()).grad
    grad = BUILT["uniform_shift"].estimate(f, theta, eps=1e-7, rng=rng()).grad
    assert torch.allclose(grad, truth.sum(1, keepdim=True).expand_as(grad), rtol=1e-5)


SETTINGS = [
    ("random_direction", {"directions": q, "distribution": kind, "sides": sides})
    for q, kind, sides in [
        (1, "gaussian", 1),
        (5, "gaussian", 2),
        (3, "sphere", 1),
        (4, "orthonormal", 2),
        (20, "orthonormal", 1),
    ]
]
SETTINGS += [("spsa", {"directions": 3}), ("forward_gradient", {"directions": 3})]
SETTINGS += [("random_coordinates", {"coordinates": k}) for k in (1, 3, 20)]
SETTINGS += [("evolution_strategy", {"directions": q, "shaping": "raw"}) for q in (1, 5)]
SETTINGS += [
    ("structured_directions", {"directions": q, "structure": kind, "sides": sides})
    for q, kind, sides in [
        (1, "hadamard", 1),
        (7, "hadamard", 2),
        (20, "hadamard", 2),
        (1, "blocks", 2),
        (7, "blocks", 1),
        (20, "blocks", 2),
    ]
]
SETTINGS += [
    (name, EXAMPLE["modes"].get(name, {})) for name in MODES if name not in {s[0] for s in SETTINGS}
]


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_every_mode_conforms(name, settings):
    """Scale, bias, law of the variance, order in ε, kinks, types, draws, evaluations."""
    mode = registry.build("modes", name, settings)
    assert check(mode, unbiased=name not in BIASED, show=None).failed == ()


def test_smoothing_bias_is_linear_in_epsilon():
    """For f = |θ|²/2 one-sided Gaussian slopes have bias E[ε|u|²/2 u] = 0 but f(θ+εu) has none
    at all two-sided: both means must be θ, and the one-sided spread must grow with ε."""
    dimension, draws = 5, 4000
    theta = torch.ones(draws, dimension, dtype=torch.float64)
    f = objective(lambda x: 0.5 * x.square().sum(-1), how="batched")

    def spread(sides, eps):
        mode = registry.build(
            "modes",
            "random_direction",
            {"directions": 1, "distribution": "gaussian", "sides": sides},
        )
        grads = mode.estimate(f, theta, eps=eps, rng=rng(range(draws))).grad
        noise = grads.std(0) / draws**0.5
        assert ((grads.mean(0) - 1.0).abs() < 4.5 * noise).all()
        return float((grads - 1.0).square().sum(1).mean())

    assert spread(2, 1.0) == pytest.approx(spread(2, 1e-3), rel=1e-6)
    assert spread(1, 1.0) > 1.5 * spread(1, 1e-3)


def test_more_orthonormal_directions_than_dimensions_are_refused():
    settings = {"directions": 3, "distribution": "orthonormal", "sides": 1}
    mode = registry.build("modes", "random_direction", settings)
    with pytest.raises(ValueError, match="do not fit in 2 dimensions"):
        mode.estimate(objective(smooth), torch.zeros(1, 2), eps=1e-3, rng=rng((0,)))
