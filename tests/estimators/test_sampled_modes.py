"""Modes that see a generator's samples: what they promise, and their means over 10⁵ draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from worlds.estimates import BUILT, SAMPLED, build, epsilon_of, smooth
from worlds.games import LETTERS, game, objectives, rng
from worlds.generators import columns

from approxgan.core.errors import InputError
from approxgan.core.protocols import OFFERS, Situation
from approxgan.generators.counts import Counts
from approxgan.generators.sequences import Sequences
from approxgan.library.score_function import surrogate
from approxgan.models.dense import Dense
from approxgan.objective.black_box import objective
from approxgan.objective.game import generator_objective
from approxgan.training import streams

SEEDS, BATCH = 2000, 50
"""10⁵ draws; the means of the seeds' estimates are normal numbers."""
GENERATORS = {
    "one counter": Counts([4.0], 30, 1, 0.0),
    "two counters": Counts([4.0, 1.5], 9, 2, 0.2),
    "one letter": Sequences(2, 1, "prefix"),
    "a table of last letters": Sequences(3, 3, "previous"),
    "a table of beginnings": Sequences(2, 3, "prefix"),
    "a net": Sequences(3, 3, "net", hidden=4),
}
FEW = ("one counter", "two counters", "one letter")
"""Those of one or two parameters."""
LEFT_OUT = {"baseline": "leave_one_out"}


def at_one_point(kind, seeds=SEEDS):
    """The loss of a generator at a point, with independent draws for each seed."""
    generator = GENERATORS[kind]
    model = Dense(0, generator, [6, 5], "tanh")
    g = game(model=model, dim=columns(generator))
    source = np.random.default_rng(7)
    theta = torch.from_numpy(3.0 * generator.init(g.dim, source)).expand(seeds, -1)
    judge = torch.from_numpy(4.0 * g.init("discriminator", source)).expand(seeds, -1)
    draws = torch.from_numpy(generator.draw(source, (seeds, BATCH), np.float64))
    real = torch.zeros(seeds, 1, g.dim, dtype=torch.float64)
    return generator_objective(g, judge, real, draws), theta


def gradients(name, f, theta, eps=None, **settings):
    """[S, P], by the mode with its example settings but these."""
    sources = [streams.generator(seed, "direction") for seed in range(len(theta))]
    own = streams.SeedStreams(sources, torch.float64)
    return build(name, **settings).estimate(f, theta, eps=eps, rng=own).grad


def off(grads, truth):
    """How far the mean of independent estimates [S, P] is off at most, in standard errors."""
    error = grads.std(0) / len(grads) ** 0.5
    return float(((grads.mean(0) - truth) / error).abs().max())


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("baseline", ["none", "leave_one_out"])
def test_the_score_functions_mean_is_the_expected_gradient(kind, baseline):
    f, theta = at_one_point(kind)
    truth = gradients("expected", f, theta)[0]
    assert off(gradients("score_function", f, theta, baseline=baseline), truth) < 4
    assert truth.norm() > 1e-3


@pytest.mark.parametrize("kind", FEW)
def test_the_proposals_mean_is_the_gradient_of_the_smoothed_expected_loss(kind):
    """By Gauss-Hermite quadrature: ∇E f(θ + ε u) = E ∇f(θ + ε u)."""
    f, theta = at_one_point(kind)
    eps = 0.3
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    grid = np.stack(np.meshgrid(*[nodes] * theta.shape[1], indexing="ij"), -1)
    joint = np.prod(np.meshgrid(*[weights / weights.sum()] * theta.shape[1], indexing="ij"), 0)
    moves = torch.from_numpy(grid.reshape(-1, theta.shape[1]))
    alone, _ = at_one_point(kind, len(moves))
    slopes = gradients("expected", alone, theta[:1] + eps * moves)
    truth = (torch.from_numpy(joint.reshape(-1, 1)) * slopes).sum(0)
    assert off(gradients("avo", f, theta, eps, **LEFT_OUT), truth) < 4
    assert off(gradients("avo", f, theta, eps, baseline="none"), truth) < 4


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("central_difference", kind) for kind in FEW),
        ("forward_difference", "a table of last letters"),
        ("spsa", "a table of beginnings"),
        ("spsa", "a net"),
    ],
)
def test_the_mean_of_differences_at_common_draws_is_that_of_the_expected_loss(kind, name):
    f, theta = at_one_point(kind)
    own = {"directions": 1} if name == "spsa" else {}
    expected = gradients(name, objective(f.expected), theta, 0.5, **own)
    # The same directions: what is left is the noise of the draws.
    assert off(gradients(name, f, theta, 0.5, **own) - expected, 0.0) < 4


def bias(name, f, theta, truth, **settings):
    """The length of the mean's error, relative to the truth's, and in standard errors."""
    grads = gradients(name, f, theta, **settings)
    return float((grads.mean(0) - truth).norm() / truth.norm()), off(grads, truth)


@pytest.mark.parametrize("kind", ["a table of last letters", "a table of beginnings", "a net"])
def test_the_bias_of_a_relaxation_falls_with_its_temperature_but_not_straight_throughs(kind):
    f, theta = at_one_point(kind)
    truth = gradients("expected", f, theta)[0]
    warm, cool, cold = (bias("relaxed", f, theta, truth, temperature=t) for t in (1.0, 0.3, 0.1))
    assert warm[0] > cool[0] > cold[0]
    assert warm[1] > 10
    straight = bias("straight_through", f, theta, truth, temperature=0.1)
    assert straight[0] > 2 * cold[0]
    assert straight[1] > 10


def test_cold_letters_have_no_bias_where_the_loss_is_linear():
    """With one letter of two, E[w·soft] goes to E[w·letter], whose slope both modes then have."""
    f, theta = at_one_point("one letter")
    truth = gradients("expected", f, theta)[0]
    ends = f.losses(torch.eye(2, dtype=torch.float64).expand(len(theta), -1, -1))

    class Linear:
        """The loss's values at the two letters, and the line between them."""

        def relaxed(self, at, temperature, *, straight):
            x = f.game.generator.relaxed(2, at, f.inputs, temperature)
            if straight:
                x = f.game.make(at.detach(), f.inputs) + x - x.detach()
            return (x * ends[0]).sum(-1).mean(-1)

    for name in ("straight_through", "relaxed"):
        assert off(gradients(name, Linear(), theta, temperature=0.02), truth) < 4


def test_the_mean_as_a_baseline_scales_what_leaving_one_out_gives():
    f, theta = at_one_point("a net", seeds=3)
    for name, eps in (("score_function", None), ("avo", 0.1)):
        whole = gradients(name, f, theta, eps, baseline="mean")
        rest = gradients(name, f, theta, eps, **LEFT_OUT)
        torch.testing.assert_close(whole, (1 - 1 / BATCH) * rest)


@pytest.mark.parametrize("baseline", ["none", "leave_one_out"])
def test_the_score_function_is_the_librarys(baseline):
    f, theta = at_one_point("two counters", seeds=2)
    mine = gradients("score_function", f, theta, baseline=baseline)
    samples, losses, _ = f.outcome(theta)
    point = theta.clone().requires_grad_(True)
    logs = f.log_prob(point, samples)
    named = None if baseline == "none" else baseline
    value = sum(surrogate(one, log, named) for one, log in zip(losses, logs, strict=True))
    (grad,) = torch.autograd.grad(value, point)
    torch.testing.assert_close(mine, grad)


def test_the_likelihoods_slope_is_the_gap_of_probabilities():
    """Of one letter: softmax(θ) less the letters' shares in the data."""
    f, theta = at_one_point("one letter", seeds=1)
    data = torch.eye(2, dtype=torch.float64)[[0, 1, 1, 1]][None]
    grad = gradients("maximum_likelihood", dataclasses.replace(f, real=data), theta)[0]
    torch.testing.assert_close(grad, theta[0].softmax(0) - torch.tensor([0.25, 0.75]).double())


GAME = game(model=LETTERS)
VALUES = {
    "expected": lambda f, theta: f.expected(theta),
    "maximum_likelihood": lambda f, theta: -f.likelihood(theta),
    "relaxed": lambda f, theta: f.relaxed(theta, BUILT["relaxed"].temperature),
}
"""Of modes of which it is not the loss of the samples at θ."""


@pytest.mark.parametrize("name", SAMPLED)
def test_an_estimate_has_the_shape_type_and_value_that_it_promises(name):
    mode = BUILT[name]
    for dtype in (torch.float32, torch.float64):
        f, theta = objectives(GAME, dtype=dtype)["generator"]
        point = theta.clone().requires_grad_(True)
        made = mode.estimate(f, point, eps=epsilon_of(mode, 1e-6), rng=rng(dtype=dtype))
        assert (made.grad.shape, made.grad.dtype) == (theta.shape, dtype)
        assert not made.grad.requires_grad
        assert not made.value.requires_grad
        assert torch.equal(point, theta)
        value = VALUES.get(name, type(f).__call__)(f, theta)
        torch.testing.assert_close(made.value, value)


@pytest.mark.parametrize("name", SAMPLED)
def test_a_seed_alone_is_the_seed_in_a_block(name):
    mode = BUILT[name]
    f, theta = objectives(GAME)["generator"]
    g, phi = objectives(GAME, seeds=(1,))["generator"]
    eps = epsilon_of(mode, 0.1)
    block = mode.estimate(f, theta, eps=eps, rng=rng()).grad[1]
    torch.testing.assert_close(mode.estimate(g, phi, eps=eps, rng=rng((1,))).grad[0], block)


def test_each_seed_has_its_own_spread():
    f, theta = objectives(GAME)["generator"]
    steps = torch.tensor([[0.1], [1.0]], dtype=torch.float64)
    grad = BUILT["avo"].estimate(f, theta, eps=steps, rng=rng()).grad
    for row, eps in enumerate((0.1, 1.0)):
        alone = BUILT["avo"].estimate(f, theta, eps=eps, rng=rng()).grad[row]
        torch.testing.assert_close(grad[row], alone)
    with pytest.raises(ValueError, match="accepted: a number, or shape"):
        BUILT["avo"].estimate(f, theta, eps=torch.ones_like(theta), rng=rng())


COSTS = {
    "avo": (1, 0),
    "expected": (2, 2),
    "maximum_likelihood": (1, 1),
    "relaxed": (1, 1),
    "score_function": (2, 1),
    "straight_through": (2, 1),
}
"""Evaluations and reverse passes of a generator with 8 outcomes, of which 7 are drawn."""


@pytest.mark.parametrize("name", SAMPLED)
def test_the_cost_is_told(name):
    model = Dense(0, Sequences(2, 3, "prefix"), [4], "tanh")
    f, theta = objectives(game(model=model, dim=6))["generator"]
    mode = BUILT[name]
    made = mode.estimate(f, theta, eps=epsilon_of(mode, 0.1), rng=rng())
    assert (made.forwards, made.backwards) == COSTS[name]


def test_the_score_function_and_the_proposal_never_differentiate_the_judge():
    class Judged(Dense):
        def apply(self, player, dim, theta, x, kink=None):
            made = super().apply(player, dim, theta.detach(), x.detach(), kink)
            return torch.from_numpy(made.numpy())

    model = Judged(0, Sequences(2, 1, "prefix"), [4], "tanh")
    f, theta = objectives(game(model=model))["generator"]
    for name in ("score_function", "avo"):
        mode = BUILT[name]
        made = mode.estimate(f, theta, eps=epsilon_of(mode, 0.1), rng=rng())
        assert made.grad.isfinite().all()


ALL = Situation(dimension=50, slopes=None, penalised=False, rule=None, offers=frozenset(OFFERS))


@pytest.mark.parametrize("name", SAMPLED)
def test_what_is_missing_is_said_before_anything_starts(name):
    mode = BUILT[name]
    assert mode.refuses(ALL) is None
    assert mode.refuses(dataclasses.replace(ALL, differentiable=False)) is None
    said = mode.refuses(dataclasses.replace(ALL, offers=ALL.offers - {mode.needs}))
    assert said.startswith("needs ")
    assert "which this generator does not have; accepted: " in said
    said = mode.refuses(dataclasses.replace(ALL, offers=frozenset()))
    assert said.endswith("accepted: for the generator of a GAN alone")
    with pytest.raises(ValueError, match=r"needs .* which this loss does not show; accepted: "):
        mode.estimate(objective(smooth), torch.zeros(1, 2), eps=epsilon_of(mode), rng=rng((0,)))


def test_one_sample_leaves_nothing_to_compare_it_with():
    f, theta = objectives(GAME, batch=1)["generator"]
    for name in ("score_function", "avo"):
        mode = BUILT[name]
        with pytest.raises(ValueError, match="nothing of a batch of 1; accepted: "):
            mode.estimate(f, theta, eps=epsilon_of(mode, 0.1), rng=rng())


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("score_function", {"baseline": "median"}),
        ("avo", {"baseline": None}),
        ("relaxed", {"temperature": 0.0}),
        ("straight_through", {"temperature": float("nan")}),
    ],
)
def test_settings_out_of_range_are_refused_by_name(name, settings):
    with pytest.raises(InputError, match=name):
        build(name, **settings)
