"""Models that torch cannot differentiate or vectorise are refused before anything starts."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
import torch
import yaml
from worlds import ROOT
from worlds.estimates import BUILT, MODES
from worlds.games import game, objectives

from approxgan.core.autograd import abilities
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import build, cells, check
from approxgan.generators.dense import Dense as DenseGenerator
from approxgan.models.dense import Dense
from approxgan.training.trace import true_gradient

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
SETTINGS = (3, [5, 4], [6, 5], "leaky_relu", 0.2)


class Apart(Dense):
    """Not of the form that compiled sweeps take."""

    def layers(self, player, dim):
        return None


class InNumpy(Apart):
    """Leaves torch in both networks."""

    def apply(self, player, dim, theta, x, kink=None):
        made = super().apply(player, dim, theta, x, kink)
        return torch.from_numpy(np.tanh(made.detach().numpy()))


class Reading(Apart):
    """Asks torch for an array, which it refuses while it differentiates."""

    def apply(self, player, dim, theta, x, kink=None):
        made = super().apply(player, dim, theta, x, kink)
        return made + float(theta.numpy().sum())


class Rounded(Apart):
    """The generator's outputs are whole numbers: only its own parameters lose their derivative."""

    def apply(self, player, dim, theta, x, kink=None):
        made = super().apply(player, dim, theta, x, kink)
        return made.round() if player == "generator" else made


class Deciding(Apart):
    """Torch alone, but what it does depends on a value."""

    def apply(self, player, dim, theta, x, kink=None):
        made = super().apply(player, dim, theta, x, kink)
        return made if made.sum() > 0 else 2 * made


ABLE = {
    Dense: ((True, True), (True, True)),
    InNumpy: ((False, False), (False, False)),
    Reading: ((False, False), (False, False)),
    Rounded: ((False, True), (True, True)),
    Deciding: ((True, False), (True, False)),
}
"""Differentiable and vectorised, for the generator and the discriminator."""


@pytest.mark.parametrize("kind", ABLE)
def test_what_torch_can_do_with_a_model_is_found_out(kind):
    model = kind(*SETTINGS)
    assert tuple(abilities(model, player, 2) for player in reversed(PLAYERS)) == ABLE[kind]


class Rounding(DenseGenerator):
    """Its outputs are whole numbers, and it says so."""

    differentiable = False
    why_not_differentiable = "the generator rounds: its gradient is zero almost everywhere"

    def run(self, dim, theta, draws, kink=None):
        return super().run(dim, theta, draws, kink).round()


ROUNDING = Dense(0, Rounding(3, [5, 4], "leaky_relu", 0.2), [6, 5], "leaky_relu", 0.2)


def refused(monkeypatch, model, mode, probed=False, **told):
    """What the check says of a study, or a probe, of one mode and the model; else nothing.

    With what is told of the generator's entry, that is a mode of the generator alone.
    """
    config, whole = copy.deepcopy(DEFAULT), cells.build_model
    config["models"]["odd"] = {**config["models"]["compact"], "latent": 77}
    monkeypatch.setattr(
        cells, "build_model", lambda d: model if d.get("latent") == 77 else whole(d)
    )
    entry = {"mode": mode, **({"epsilon": 1e-3} if BUILT[mode].takes_epsilon else {})}
    entry |= {key: value for key, value in vars(BUILT[mode]).items() if value is not None}
    if told:
        entry = {"generator": {**entry, **told}, "discriminator": {"mode": "exact"}}
    family = "probes" if probed else "studies"
    other = {**config[family][0], "models": ["odd"], "modes": [entry]}
    config["studies"], config["probes"] = config["studies"][:1], config["probes"][:1]
    config[family].append({**other, "name": "odd"} if not probed else other)
    try:
        check.fully_checked(config)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("mode", MODES)
def test_a_model_in_numpy_is_trained_by_shared_differences_alone(mode, monkeypatch):
    said = refused(monkeypatch, InNumpy(*SETTINGS), mode)
    if BUILT[mode].differentiates:
        assert re.search(f"{mode}: torch cannot differentiate .*; accepted: ", said)
    elif BUILT[mode].per_coordinate:
        assert re.search(rf"{mode}: steps many coordinates .* \(numpy, item\); accepted: ", said)
    else:
        assert not said


@pytest.mark.parametrize("mode", BUILT)
def test_a_generator_that_rounds_is_trained_by_differences_beside_an_exact_judge(mode, monkeypatch):
    said = refused(monkeypatch, ROUNDING, mode, noise="common")
    if BUILT[mode].differentiates:
        assert f"{mode}: the generator rounds: its gradient is zero almost everywhere; " in said
    elif hasattr(BUILT[mode], "needs"):
        assert bool(said) == (BUILT[mode].needs != "outcome")
    else:
        assert not said


@pytest.mark.parametrize("mode", BUILT)
@pytest.mark.parametrize("told", [{"at": "output"}, {"noise": "fresh"}])
def test_only_differences_have_noise_and_a_place(mode, told, monkeypatch):
    said = refused(monkeypatch, Dense(*SETTINGS), mode, **told)
    if hasattr(BUILT[mode], "needs"):
        assert said
    elif BUILT[mode].differentiates:
        assert re.search(
            f"{mode}: takes no differences, so that (output|fresh) means nothing", said
        )
    elif hasattr(BUILT[mode], "refresh") and "at" in told:
        assert "goes on from its estimate before" in said
    else:
        assert not said


def test_only_a_generator_has_noise(monkeypatch):
    wrong = {"noise": "loud"}
    assert "noise is 'loud'; accepted: common, fresh" in refused(
        monkeypatch, ROUNDING, "spsa", **wrong
    )
    config = copy.deepcopy(DEFAULT)
    both = {"generator": {"mode": "exact"}, "discriminator": {"mode": "exact", "at": "output"}}
    config["studies"][0]["modes"] = [both]
    with pytest.raises(InputError, match="at is not accepted here: a discriminator draws nothing"):
        check.fully_checked(config)


@pytest.mark.parametrize("mode", ["exact", "forward_difference"])
def test_rounded_outputs_are_trained_by_differences(mode, monkeypatch):
    said = refused(monkeypatch, Rounded(*SETTINGS), mode)
    assert (not said) == (mode == "forward_difference")


def test_a_probe_needs_the_exact_gradient(monkeypatch):
    said = refused(monkeypatch, Rounded(*SETTINGS), "forward_difference", probed=True)
    assert re.search("probes.*torch cannot differentiate .* follow the exact gradient", said)


def test_what_a_control_is_matched_with_is_refused_too():
    match = {"mode": "forward_difference", "epsilon": 1e-3}
    (choice,) = cells.choices_of({"mode": "noisy_exact", "match": match})
    situation = build.Situation(50, (0.2, 1.0), penalised=True, rule=None)
    with pytest.raises(InputError, match="forward_difference: never differentiates, but the loss"):
        build.estimator(choice, situation)


def test_there_is_no_true_gradient_to_compare_with_where_torch_has_none():
    for kind in (InNumpy, Reading, Rounded):
        g = game(model=kind(*SETTINGS))
        f, theta = objectives(g)["generator"]
        assert true_gradient(f, theta).isnan().all()
    f, theta = objectives(game(model=Rounded(*SETTINGS)))["discriminator"]
    assert true_gradient(f, theta).isfinite().all()
