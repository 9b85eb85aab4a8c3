"""The generator's objective: sweeps, fresh draws, the output, and what is behind its loss."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from worlds.games import game, objectives, rng
from worlds.generators import BUILT, NAMES
from worlds.variants import example

from approxgan.config import registry
from approxgan.core import pair
from approxgan.core.autograd import gradient
from approxgan.core.protocols import PLAYERS
from approxgan.generators.dense import Dense as DenseGenerator
from approxgan.models.dense import Dense
from approxgan.objective import at_output
from approxgan.objective.sweep import loops
from approxgan.training import streams

LEAKY = {"activation": "leaky_relu", "slope": 0.2}


class Bare(DenseGenerator):
    """Inherits all that describes a chain of layers, and is none by its own account."""


class Rounding(DenseGenerator):
    """What it inherits describes another generator."""

    differentiable = False
    why_not_differentiable = "the generator rounds: its gradient is zero almost everywhere"

    def run(self, dim, theta, draws, kink=None):
        return super().run(dim, theta, draws, kink).mul(2).round() / 2

    def inner(self, dim, theta, draws):
        return super().run(dim, theta, draws)

    def box(self, dim, u, draws):
        return u.mul(2).round() / 2


class Smooth(Rounding):
    """A box of which the derivative is known."""

    def run(self, dim, theta, draws, kink=None):
        return self.box(dim, self.inner(dim, theta, draws), draws)

    def box(self, dim, u, draws):
        return torch.tanh(2.0 * u)


class InNumpy:
    """A simulator that neither differentiates nor vectorises."""

    differentiable = False
    why_not_differentiable = "the generator leaves torch"
    width = 2

    def size(self, dim):
        return dim + 1

    def layer_sizes(self, dim):
        return [dim + 1]

    def init(self, dim, rng):
        return rng.standard_normal(dim + 1)

    def draw(self, rng, shape, dtype=np.float32):
        return rng.random((*shape, 2), dtype=dtype)

    def run(self, dim, theta, draws, kink=None):
        at, u = theta.numpy(), draws.numpy()
        scale = np.exp(at[:, None, :1])
        made = np.floor(scale * u[..., :1] * 8.0) / 8.0 + at[:, None, 1:] + np.sin(u[..., 1:])
        return torch.from_numpy(made.astype(at.dtype))


def made(kind):
    return kind(3, [5, 4], **LEAKY) if issubclass(kind, DenseGenerator) else kind()


CASES: dict[str, Any] = {
    kind.__name__: (made(kind), 2) for kind in (Bare, Rounding, Smooth, InNumpy)
}
CASES |= {name: BUILT[name] for name in NAMES}


def played(name, **kwargs):
    """The generator's objective and θ."""
    generator, dim = CASES[name]
    g = game(model=Dense(0, generator, [6, 5], **LEAKY), dim=dim)
    return objectives(g, **kwargs)["generator"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("step", [0.3, 1e-3])
def test_every_generator_is_swept_as_the_plain_loop_sweeps(name, step):
    f, theta = played(name)
    swept, loop = f.sweep(theta, step), loops.plain(f, theta, step)
    torch.testing.assert_close(swept.losses, loop.losses, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(swept.value, loop.value, rtol=1e-10, atol=1e-12)
    assert f.game.sweeps == ({"compiled"} if name == "dense" else {"stacked"})


@pytest.mark.parametrize("name", CASES)
def test_only_a_generators_own_account_makes_it_a_chain_of_layers(name):
    f, _ = played(name)
    assert (f.dense() is not None) == (name == "dense")
    assert (f.game.layers("generator") is not None) == (name == "dense")


@pytest.mark.parametrize("name", registry.names("models"))
@pytest.mark.parametrize("player", PLAYERS)
def test_a_model_that_overrides_nothing_is_swept_as_the_plain_loop_sweeps(name, player):
    model = example("models", name)
    bare: Any = type("Bare", (type(model),), {})(**vars(model))
    f, theta = objectives(game(model=bare))[player]
    swept, loop = f.sweep(theta, 0.2), loops.plain(f, theta, 0.2)
    assert f.dense() is None
    torch.testing.assert_close(swept.losses, loop.losses, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_many_points_are_evaluated_as_each_alone(name):
    f, theta = played(name)
    points = theta + 0.1 * torch.arange(3, dtype=theta.dtype)[:, None, None]
    torch.testing.assert_close(f.many(points), torch.stack([f(p) for p in points]))


def streamed(f):
    return f.fresh([streams.generator(seed, "noise") for seed in (0, 1)])


@pytest.mark.parametrize("name", CASES)
def test_fresh_draws_are_new_in_each_evaluation_and_one_stream(name, monkeypatch):
    """The same numbers one by one, many at once, and in a sweep of any chunk."""
    f, theta = played(name)
    one = streamed(f)
    alone = torch.stack([one(theta) for _ in range(4)])
    if f.game.generator.width:
        assert not torch.equal(alone[0], alone[1])
    torch.testing.assert_close(streamed(f).many(theta.repeat(4, 1, 1)), alone)
    monkeypatch.setattr(loops, "CHUNK", 3)
    swept, loop = streamed(f).sweep(theta, 0.3), loops.plain(streamed(f), theta, 0.3)
    torch.testing.assert_close(swept.losses, loop.losses)
    frozen = streamed(f).to(torch.float64)
    assert torch.equal(frozen(theta), frozen(theta)), "what observes takes no draws"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", ["forward_difference", "central_difference"])
def test_coordinates_moved_sample_by_sample_are_those_moved_for_all(name, mode):
    """The loss is a mean over samples: without an inner part nothing is gained or lost."""
    f, theta = played(name)
    if hasattr(f.game.generator, "inner"):
        return
    one = example("modes", mode)
    parted = at_output.estimate(one, f, theta, eps=0.2, rng=rng())
    whole = one.estimate(f, theta, eps=0.2, rng=rng())
    torch.testing.assert_close(parted.grad, whole.grad, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(parted.value, whole.value)
    assert (parted.forwards, parted.backwards) == (whole.forwards, 0)


def test_differences_of_a_smooth_box_give_the_gradient_of_the_whole():
    f, theta = played("Smooth")
    truth = gradient(f, theta).grad
    one = example("modes", "central_difference")
    parted = at_output.estimate(one, f, theta, eps=1e-5, rng=rng())
    torch.testing.assert_close(parted.grad, truth, rtol=1e-5, atol=1e-8)
    # Two sweeps of the box's two columns, whatever the number of parameters.
    assert (parted.forwards, parted.backwards) == (6, 1)


def test_random_modes_move_every_sample_on_its_own_and_are_right_on_average():
    f, theta = played("Smooth", seeds=(0,), batch=40)
    truth, one = gradient(f, theta).grad, example("modes", "spsa")
    found = torch.stack([
        at_output.estimate(one, f, theta, eps=1e-4, rng=rng((seed,))).grad[0] for seed in range(300)
    ])  # fmt: skip
    away = (found.mean(0) - truth[0]) / (found.std(0) / 300**0.5)
    assert away.abs().max() < 4.5


@pytest.mark.parametrize("name", CASES)
def test_samples_and_their_losses_are_those_of_the_loss(name):
    f, theta = played(name, batch=5)
    f = dataclasses.replace(f, constant=f.constant + 2.0)
    seen = f.outcome(theta)
    assert seen.samples.shape == (2, 5, f.game.dim)
    torch.testing.assert_close(2.0 + seen.losses.mean(1), f(theta))
    torch.testing.assert_close(f.each(theta[:, None].expand(-1, 5, -1)), seen.losses)
    assert "outcome" in pair.offers(f.game.generator, f.game.dim)


@pytest.mark.parametrize("name", CASES)
def test_what_is_offered_is_there(name):
    f, theta = played(name, batch=20_000, seeds=(0,))
    offered = pair.offers(f.game.generator, f.game.dim)
    seen = f.outcome(theta)
    if "log_prob" in offered:
        assert f.log_prob(theta, seen.samples).shape == seen.losses.shape
    if "relaxed" in offered:
        torch.testing.assert_close(f.relaxed(theta, 1.0, straight=True), f(theta))
    if "expected" in offered:
        error = float(seen.losses.std()) / 20_000**0.5
        assert abs(float(f.expected(theta) - f(theta))) < 4.5 * error
