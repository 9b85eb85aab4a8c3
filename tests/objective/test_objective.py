"""Objectives: sweeps of every form, the public constructor, and the games' losses."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

import numpy as np
import pytest
import torch
from numdifftools import Gradient
from scipy import special
from torch.nn import functional
from worlds.games import game, objectives
from worlds.variants import example

from approxgan.config import registry
from approxgan.core import chain
from approxgan.core.protocols import Function, Term
from approxgan.dirac import stage as dirac
from approxgan.models.dense import Dense
from approxgan.objective import terms
from approxgan.objective.black_box import objective
from approxgan.objective.sweep import loops

LOSSES = registry.names("losses")


def quartic(theta):
    return (theta**4).sum(-1)


@pytest.mark.parametrize("evaluate", [loops.plain, loops.batched])
@pytest.mark.parametrize("step", [1e-2, -0.5])
def test_a_sweep_is_the_loss_at_every_coordinate_step(evaluate, step):
    theta = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(2, 5)
    losses, value = evaluate(quartic, theta, step)
    expected = (theta**4).sum(1, keepdim=True) - theta**4 + (theta + step) ** 4
    assert torch.allclose(losses, expected, rtol=1e-14)
    assert torch.equal(value, quartic(theta))


def test_a_sweep_takes_a_step_for_each_coordinate():
    theta = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(2, 5)
    steps = torch.linspace(0.1, 1, 10, dtype=torch.float64).reshape(2, 5)
    loop, together = loops.plain(quartic, theta, steps), loops.batched(quartic, theta, steps)
    assert torch.allclose(loop.losses, together.losses, rtol=1e-14)
    assert torch.allclose(
        loop.losses[1, 3], quartic(theta)[1] - theta[1, 3] ** 4 + (theta[1, 3] + steps[1, 3]) ** 4
    )


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_chunks_change_nothing_but_rounding(chunk):
    f, theta = objectives(game())["generator"]
    one = loops.batched(f, theta, 1e-3)
    other = loops.batched(f, theta, 1e-3, chunk=chunk)
    assert torch.allclose(one.losses, other.losses, rtol=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("step", [1e-4, 0.3])
def test_the_chosen_sweep_equals_the_plain_loop(loss, player, step):
    f, theta = objectives(game(loss))[player]
    ours, reference = f.sweep(theta, step), loops.plain(f, theta, step)
    assert torch.allclose(ours.losses, reference.losses, rtol=1e-9, atol=1e-12)
    assert torch.allclose(ours.value, reference.value, rtol=1e-12)


def test_a_step_without_effect_gives_exactly_the_base_value():
    for f, theta in objectives(game(), dtype=torch.float32).values():
        for evaluate in (f.sweep, lambda t, s, f=f: loops.batched(f, t, s)):
            losses, value = evaluate(theta, 1e-12)
            assert torch.equal(losses, value[:, None].expand_as(losses))


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_many_points_are_evaluated_as_each_would_be(player):
    f, theta = objectives(game())[player]
    points = torch.stack([theta, theta + 0.1, theta])
    values = f.many(points)
    assert torch.allclose(values, torch.stack([f(p) for p in points]), rtol=1e-13)
    assert torch.equal(values[0], values[2])


def test_the_constructor_refuses_an_unknown_way():
    with pytest.raises(ValueError, match="plain"):
        objective(quartic, how="fast")  # pyright: ignore[reportArgumentType]


def logits():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 6, 8, dtype=torch.float64, generator=generator) * 3).unbind()


def evaluated(loss, player):
    real, fake = logits()
    return terms.total(getattr(example("losses", loss), player), real, fake)


def test_losses_are_their_printed_formulas():
    real, fake = logits()
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    classification = -(d_real.log().mean(-1) + (1 - d_fake).log().mean(-1))
    expected = {
        ("nonsaturating", "generator"): -d_fake.log().mean(-1),
        ("nonsaturating", "discriminator"): classification,
        ("minimax", "generator"): (1 - d_fake).log().mean(-1),
        ("minimax", "discriminator"): classification,
        ("article_formula", "generator"): classification,
        ("article_formula", "discriminator"): -classification,
        ("article_code", "generator"): -d_real.mean(-1),
        ("article_code", "discriminator"): real.mean(-1),
        ("least_squares", "generator"): (fake - 1).square().mean(-1) / 2,
        ("least_squares", "discriminator"): ((real - 1).square() + fake.square()).mean(-1) / 2,
        ("hinge", "generator"): -fake.mean(-1),
        ("hinge", "discriminator"): (1 - real).clamp(0).mean(-1) + (1 + fake).clamp(0).mean(-1),
        ("wasserstein", "generator"): -fake.mean(-1),
        ("wasserstein", "discriminator"): fake.mean(-1) - real.mean(-1),
    }
    assert {loss for loss, _ in expected} == set(LOSSES)
    for (loss, player), value in expected.items():
        assert torch.allclose(evaluated(loss, player), value, rtol=1e-12), (loss, player)


def test_two_class_log_softmax_is_the_discriminators_loss():
    """The article names a log-softmax loss: over logits (l, 0) it is softplus."""
    real, fake = logits()

    def cross_entropy(logit, target):
        pair = torch.stack([torch.zeros_like(logit), logit], -1)
        return -functional.log_softmax(pair, -1)[..., target].mean(-1)

    expected = cross_entropy(real, 1) + cross_entropy(fake, 0)
    assert torch.allclose(evaluated("nonsaturating", "discriminator"), expected, rtol=1e-12)
    assert torch.allclose(
        evaluated("nonsaturating", "generator"), cross_entropy(fake, 1), rtol=1e-12
    )


SOFTPLUSES = {
    "a term": terms.FUNCTIONS["softplus"],
    "an activation": chain.SMOOTH["softplus"],
    "the Dirac-GAN": dirac.OBJECTIVES["nonsaturating"].generator,
}


@pytest.mark.parametrize("place", SOFTPLUSES)
def test_softplus_is_exact_where_torchs_is_linear(place):
    x = np.linspace(-60, 60, 4801)
    at = torch.from_numpy(x).requires_grad_()
    value = SOFTPLUSES[place](at)
    np.testing.assert_allclose(value.detach(), np.logaddexp(0, x), rtol=4e-16)
    (slope,) = torch.autograd.grad(value.sum(), at)
    np.testing.assert_allclose(slope, special.expit(x), rtol=4e-16)


WRONG_TERMS = {
    "on is 'reel'; did you mean 'real'[?] accepted: real, fake": ("reel", "softplus", 1.0, 1.0),
    "function is 'softplu'; did you mean 'softplus'[?] ": ("real", "softplu", 1.0, 1.0),
    "sign is nan; accepted: a finite number": ("real", "softplus", math.nan, 1.0),
    "weight is None; accepted: a finite number": ("real", "softplus", 1.0, None),
}


@pytest.mark.parametrize("said", WRONG_TERMS)
def test_a_term_that_is_none_is_refused_where_it_is_written(said):
    with pytest.raises(ValueError, match=said):
        Term(*WRONG_TERMS[said])


def test_every_function_that_a_term_may_have_is_there():
    assert set(terms.FUNCTIONS) == set(get_args(Function))


def test_losses_stay_finite_at_extreme_logits():
    far = torch.tensor([[1e4, -1e4]])
    for name in LOSSES:
        loss = example("losses", name)
        for player in ("generator", "discriminator"):
            assert torch.as_tensor(terms.total(getattr(loss, player), far, far)).isfinite().all()


def test_the_r1_penalty_is_its_formula():
    """By finite differences in x (numdifftools), at γ = 3."""
    plain_game = game()
    penalised = dataclasses.replace(plain_game, r1=3.0)
    f, theta = objectives(plain_game, seeds=(0,))["discriminator"]
    g, _ = objectives(penalised, seeds=(0,))["discriminator"]
    squares = []
    for x in f.inputs[0, : f.split].numpy():

        def logit(point):
            inputs = torch.from_numpy(point)[None, None]
            return float(plain_game.model.apply("discriminator", 2, theta, inputs))

        squares.append((Gradient(logit, step=1e-6)(x) ** 2).sum())
    assert float(g(theta) - f(theta)) == pytest.approx(1.5 * np.mean(squares), rel=1e-6)


def test_the_r1_penalty_has_its_gradient_and_is_not_the_generators():
    penalised = dataclasses.replace(game(), r1=3.0)
    both = objectives(penalised, seeds=(0,))
    f, theta = both["discriminator"]
    grad = example("modes", "exact").estimate(f, theta, eps=None, rng=None).grad[0]
    truth = Gradient(lambda p: float(f(torch.from_numpy(p)[None])), step=1e-6)(theta[0].numpy())
    assert np.abs(grad.numpy() - truth).max() < 1e-6
    f, theta = both["generator"]
    plain_f, _ = objectives(game(), seeds=(0,))["generator"]
    assert torch.equal(f(theta), plain_f(theta))


@pytest.mark.parametrize("activation", ["tanh", "softplus", "relu"])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_sweeps_of_every_activation_equal_the_plain_loop(activation, player):
    model = Dense(3, [5, 4], [6, 5], activation=activation)
    f, theta = objectives(game(model=model))[player]
    ours, reference = f.sweep(theta, 0.3), loops.plain(f, theta, 0.3)
    assert torch.allclose(ours.losses, reference.losses, rtol=1e-9, atol=1e-12)
    assert f.game.sweeps == ({"compiled"} if activation == "relu" else {"direct"})


def test_preactivations_are_those_on_the_way_to_the_loss():
    g = game()
    f, theta = objectives(g, batch=7)["generator"]
    assert f.preactivations(theta).shape == (2, 7 * (5 + 4 + 6 + 5))
    f, theta = objectives(g, batch=7)["discriminator"]
    assert f.preactivations(theta).shape == (2, 14 * (6 + 5))


def test_the_articles_code_does_not_move_the_generator():
    f, theta = objectives(game("article_code"))["generator"]
    grad = example("modes", "exact").estimate(f, theta, eps=None, rng=None).grad
    assert torch.equal(grad, torch.zeros_like(theta))
