"""What a cell may choose for each player: modes, rules for ε, matched controls, moved starts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from training.test_train import DATA, nothing, settings
from worlds.games import game
from worlds.variants import example

from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS, Choice, Chosen
from approxgan.objective.game import Game
from approxgan.training import setup
from approxgan.training.loop import Plan, init, step, train


def trained(chosen, g=None, **changes):
    g, s = g or game(), settings(**changes)
    infos = []
    state = init(g, DATA, [0, 1], s, chosen)
    state, diverged = train(state, g, chosen, s, lambda _, info: infos.append(info))
    assert not diverged
    return state, infos[:-1]


def both(name, epsilon=None):
    return dict.fromkeys(PLAYERS, Plan(example("modes", name), epsilon))


def test_each_player_has_its_own_mode():
    exact, shift = Plan(example("modes", "exact")), Plan(example("modes", "uniform_shift"), 1e-3)
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
    chosen = dict.fromkeys(PLAYERS, Plan(example("modes", "forward_difference"), rule))
    state, infos = trained(chosen, steps=5)
    assert rule.asked == 3 * len(PLAYERS)
    used = [float(i.epsilon["generator"][0, 0]) for i in infos]
    assert used == pytest.approx([2e-4, 2e-4, 4e-4, 4e-4, 6e-4])
    fixed, _ = trained(both("forward_difference", 1e-4), steps=5)
    assert state.forwards == fixed.forwards + 3 * len(PLAYERS) * 7


def test_a_chosen_epsilon_stays_with_its_seed_when_another_diverges():
    rule = Counted(every=10)
    g, s = game(), settings()
    chosen = dict.fromkeys(PLAYERS, Plan(example("modes", "forward_difference"), rule))
    state = init(g, DATA, [3, 4, 5], s)
    state.players["discriminator"].theta[1] = float("nan")
    state, diverged = train(state, g, chosen, s, nothing)
    assert diverged == {4: 0}
    assert state.epsilon["generator"].shape[0] == 2


def test_a_moved_start_is_moved_by_the_distance_and_no_other_is():
    mode = example("modes", "perturbed_start")
    g, s = game(), settings()
    plain = init(g, DATA, [0, 1], s, both("exact"))
    moved = init(g, DATA, [0, 1], s, dict.fromkeys(PLAYERS, Plan(mode)))
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


def probed(**changes):
    row = {
        "player": "generator",
        "dtype": "float32",
        "settings": "",
        "layer": -1,
        "epsilon": 1e-3,
        "relative_error": 0.5,
        "zero_fraction": 0.25,
    }
    rows = [{**row, "relative_error": e} for e in (0.5, 0.7, 9.0)]
    rows.append({**row, "epsilon": 1e-1, "relative_error": 100.0})
    rows.append({**row, "layer": 0, "relative_error": 100.0})
    rows.append({**row, "player": "discriminator", "relative_error": 100.0})
    return pd.DataFrame(rows).assign(**changes)


CONTROL = Choice("noisy_exact", 1e-3, {}, Choice("forward_difference", 1e-3, {}))


def test_a_control_takes_the_median_of_what_it_is_matched_with():
    assert setup.filled(CONTROL, "generator", "float32", probed()) == {"relative_error": 0.7}
    masked = Choice("masked_exact", 1e-3, {"which": "random"}, CONTROL.match)
    found = setup.filled(masked, "generator", "float32", probed())
    assert found == {"which": "random", "fraction": 0.25}
    plan = setup.plan(masked, {}, found)
    assert plan.mode.fraction == 0.25
    assert plan.epsilon is None


@pytest.mark.parametrize(
    "table", [probed(relative_error=np.nan), probed(dtype="float64"), probed(epsilon=1e-2)]
)
def test_what_the_probe_does_not_have_is_named(table):
    with pytest.raises(InputError, match="noisy_exact is matched with forward_difference"):
        setup.filled(CONTROL, "generator", "float32", table)


def test_a_step_without_clipping_is_what_it_was():
    g, s = game(), settings()
    chosen = both("exact")
    state = init(g, DATA, [0], s)
    after, info = step(state, g, chosen, s)
    assert torch.equal(after.players["generator"].theta, info.after["generator"])
