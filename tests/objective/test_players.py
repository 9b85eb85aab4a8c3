"""What a cell may choose for each player: modes, rules for ε, matched controls, moved starts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from worlds.games import DATA, game, nothing, settings
from worlds.variants import example

from approxgan.core.protocols import PLAYERS, Chosen
from approxgan.design.choices import Choice
from approxgan.objective.game import Game
from approxgan.training import setup, streams
from approxgan.training.loop import init, step, train
from approxgan.training.setup import Method


def trained(chosen, g=None, **changes):
    g, s = g or game(), settings(**changes)
    infos = []
    state = init(g, DATA, [0, 1], s, chosen)
    state, diverged = train(state, g, chosen, s, lambda _, info: infos.append(info))
    assert not diverged
    return state, infos[:-1]


def both(name, epsilon=None):
    return dict.fromkeys(PLAYERS, Method(example("modes", name), epsilon))


def test_each_player_has_its_own_mode():
    exact, shift = (
        Method(example("modes", "exact")),
        Method(example("modes", "uniform_shift"), 1e-3),
    )
    mixed = {"generator": exact, "discriminator": shift}
    _, (first, *_) = trained(mixed)
    _, (same, *_) = trained(both("uniform_shift", 1e-3))
    judge = [i.estimates["discriminator"].grad for i in (first, same)]
    assert torch.equal(*judge)
    maker = first.estimates["generator"]
    assert maker.backwards == 1
    assert first.estimates["discriminator"].backwards == 0
    assert (first.epsilon["generator"], first.epsilon["discriminator"]) == (None, 1e-3)


@dataclasses.dataclass
class Counted:
    """A rule that chooses the number of times it was asked."""

    every: int
    asked: int = 0

    def choose(self, f, theta, *, sides, per_coordinate, rng):
        self.asked += 1
        assert sides == 1
        width = theta.shape[1] if per_coordinate else 1
        return Chosen(torch.full((len(theta), width), self.asked * 1e-4).to(theta), forwards=7)


def test_a_rule_is_asked_when_it_is_due_and_paid_for():
    rule = Counted(every=2)
    chosen = dict.fromkeys(PLAYERS, Method(example("modes", "forward_difference"), rule=rule))
    state, infos = trained(chosen, steps=5)
    assert rule.asked == 3 * len(PLAYERS)
    used = [float(i.epsilon["generator"][0, 0]) for i in infos]
    assert used == pytest.approx([2e-4, 2e-4, 4e-4, 4e-4, 6e-4])
    fixed, _ = trained(both("forward_difference", 1e-4), steps=5)
    for player in PLAYERS:
        name = f"forwards_{player}"
        assert state.counts[name] == fixed.counts[name] + 3 * 7


def test_a_chosen_epsilon_stays_with_its_seed_when_another_diverges():
    rule = Counted(every=10)
    g, s = game(), settings()
    chosen = dict.fromkeys(PLAYERS, Method(example("modes", "forward_difference"), rule=rule))
    state = init(g, DATA, [3, 4, 5], s)
    state.players["discriminator"].theta[1] = float("nan")
    state, diverged = train(state, g, chosen, s, nothing)
    assert diverged == {4: 0}
    assert state.chosen["generator"].shape[0] == 2


def test_a_moved_start_is_moved_by_the_distance_and_no_other_is():
    mode = example("modes", "perturbed_start")
    g, s = game(), settings()
    plain = init(g, DATA, [0, 1], s, both("exact"))
    moved = init(g, DATA, [0, 1], s, dict.fromkeys(PLAYERS, Method(mode)))
    for player in PLAYERS:
        change = (moved.players[player].theta - plain.players[player].theta).abs()
        assert torch.allclose(change, torch.full_like(change, mode.distance), rtol=1e-6)


def test_wasserstein_clips_the_critic_alone_after_each_update():
    g = game("wasserstein")
    clipped = Game(g.model, example("losses", "wasserstein"), 2)
    state, infos = trained(both("exact"), clipped, learning_rate=0.5)
    clip = clipped.loss.clip
    for info in infos:
        assert info.after["discriminator"].abs().max() <= clip
    assert state.players["generator"].theta.abs().max() > clip


@pytest.mark.parametrize("name", ["exact", "forward_difference", "spsa"])
def test_networks_run_in_bfloat16(name):
    chosen = both(name, 1e-2 if name != "exact" else None)
    state, _ = trained(chosen, dtype="bfloat16")
    assert state.players["generator"].theta.dtype == torch.bfloat16


def matched(control, **settings):
    spec = {
        "mode": control,
        "epsilon": 1e-2,
        "settings": settings,
        "match": {"mode": "forward_difference", "epsilon": 1e-2, "settings": {}, "match": None},
    }
    return setup.method(Choice.of(spec), {})


def at_a_point(seeds, dtype="float64"):
    """An objective, θ and what makes both differences and gradients there."""
    g, s = game(), settings(dtype=dtype)
    infos = []
    train(init(g, DATA, seeds, s), g, both("exact"), s, lambda _, i: infos.append(i))
    f, theta = infos[0].objectives["generator"], infos[0].theta["generator"]
    exact, ahead = example("modes", "exact"), example("modes", "forward_difference")
    draws = streams.SeedStreams([np.random.default_rng(k) for k in seeds], theta.dtype)
    truth = exact.estimate(f, theta, eps=None, rng=draws)
    return f, theta, truth, ahead.estimate(f, theta, eps=1e-2, rng=draws), draws


def test_matched_noise_is_as_large_as_the_difference_is_wrong_there():
    """E|noise|^2 = |error|^2 seed by seed; |noise|^2 / |error|^2 has variance 2 / P a draw."""
    f, theta, truth, ahead, draws = at_a_point([3, 4])
    method, count = matched("noisy_exact"), 300
    error = (ahead.grad - truth.grad).square().sum(1)
    found = torch.zeros_like(error)
    for _ in range(count):
        made = method.estimate(f, theta, eps=method.stepping.epsilon, rng=draws)
        found += (made.grad - truth.grad).square().sum(1) / error / count
    assert (found - 1).abs().max() < 5 * (2 / theta.shape[1] / count) ** 0.5
    assert (made.forwards, made.backwards) == (truth.forwards + ahead.forwards, truth.backwards)


@pytest.mark.parametrize("which", ["random", "smallest"])
def test_a_matched_mask_hides_as_many_entries_as_the_difference_loses(which):
    method = matched("masked_exact", which=which)
    f, theta, truth, ahead, draws = at_a_point([3, 4], "float32")
    lost = torch.zeros_like(ahead.grad)
    lost[0, :7] = 1.0
    lost[1, :2] = 1.0
    like = dataclasses.replace(ahead, grad=torch.where(lost > 0, 0.0, 1.0))
    made = method.estimator.estimate_like(like, f, theta, rng=draws)
    hidden = made.grad != truth.grad
    assert hidden.sum(1).tolist() == [7, 2]
    assert (made.grad[hidden] == 0).all()
    if which == "smallest":
        sizes = truth.grad.abs()
        assert all(sizes[s][hidden[s]].max() <= sizes[s][~hidden[s]].min() for s in (0, 1))


def test_a_control_can_be_matched_with_steps_that_a_rule_chooses():
    spec = {
        "mode": "noisy_exact",
        "epsilon": "dtype",
        "settings": {},
        "match": {"mode": "spsa", "epsilon": "dtype", "settings": {"directions": 2}, "match": None},
    }
    method = setup.method(Choice.of(spec), {"dtype": {}})
    _, infos = trained(dict.fromkeys(PLAYERS, method))
    assert (infos[0].epsilon["generator"] > 0).all()


def test_a_step_without_clipping_is_what_it_was():
    g, s = game(), settings()
    chosen = both("exact")
    state = init(g, DATA, [0], s)
    after, info = step(state, g, chosen, s)
    assert torch.equal(after.players["generator"].theta, info.after["generator"])
