"""Every model against an independent network, and its start against what is stated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from worlds.games import SMALL
from worlds.variants import example

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.models.dense import Dense

MODELS = registry.names("models")
ARTICLE = Dense(
    latent=100,
    generator=[128, 128],
    discriminator=[128, 128],
    activation="leaky_relu",
    slope=0.2,
)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("player", PLAYERS)
def test_models_keep_their_contract(name, player):
    model = example("models", name)
    size = model.size(player, 2)
    start = model.init(player, 2, np.random.default_rng(0))
    assert start.shape == (size,)
    assert start.dtype == np.float64
    theta = torch.from_numpy(np.stack([start, start[::-1].copy()]))
    width = model.latent if player == "generator" else 2
    x = torch.linspace(-1, 1, 2 * 5 * width, dtype=torch.float64).reshape(2, 5, width)
    out = model.apply(player, 2, theta, x)
    assert out.shape == (2, 5, 2 if player == "generator" else 1)
    alone = model.apply(player, 2, theta[1:], x[1:])
    assert torch.allclose(out[1:], alone, rtol=1e-13)


def test_the_articles_networks_have_the_stated_sizes():
    assert ARTICLE.size("generator", 2) == 29_698
    assert ARTICLE.size("discriminator", 2) == 17_025


@pytest.mark.parametrize("player", PLAYERS)
def test_dense_equals_linear_layers(player):
    sizes = SMALL.sizes(player, 2)
    layers: list[nn.Module] = []
    for into, out in itertools.pairwise(sizes):
        layers += [nn.Linear(into, out, dtype=torch.float64), nn.LeakyReLU(0.2)]
    reference = nn.Sequential(*layers[:-1])
    flat = torch.cat([p.detach().flatten() for p in reference.parameters()])
    x = torch.randn(1, 9, sizes[0], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    ours = SMALL.apply(player, 2, flat[None], x)
    assert torch.allclose(ours[0], reference(x[0]), rtol=1e-12)


def test_the_start_is_uniform_within_one_over_root_fan_in():
    start = ARTICLE.init("generator", 2, np.random.default_rng(0))
    first, rest = start[: 128 * 101], start[128 * 101 : 128 * 101 + 128 * 129]
    for values, fan_in in ((first, 100), (rest, 128)):
        bound = fan_in**-0.5
        assert np.abs(values).max() <= bound
        # A uniform variable's standard deviation is bound/√3; 5 standard errors of its estimate.
        assert values.std() == pytest.approx(bound / 3**0.5, rel=5 * (0.45 / len(values)) ** 0.5)


def test_the_kink_slope_changes_derivatives_alone():
    theta = torch.from_numpy(SMALL.init("discriminator", 2, np.random.default_rng(0)))[None]
    x = torch.randn(1, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    plain = SMALL.apply("discriminator", 2, theta, x)
    assert torch.equal(plain, SMALL.apply("discriminator", 2, theta, x, kink=0.7))


ACTIVATIONS = {
    "leaky_relu": nn.LeakyReLU(0.2),
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "softplus": nn.Softplus(threshold=40.0),
}


def deep(activation):
    slope = {"slope": 0.2} if activation == "leaky_relu" else {}
    return Dense(3, [5, 4, 6], [6, 5], activation=activation, **slope)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_torchs_at_any_depth(activation):
    model = deep(activation)
    theta = torch.from_numpy(model.init("generator", 2, np.random.default_rng(0)))[None]
    x = torch.randn(1, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kept = model.preactivations("generator", 2, theta, x)
    assert [layer.shape[-1] for layer in kept] == [5, 4, 6]
    h, start = x[0], 0
    for number, (into, out) in enumerate(itertools.pairwise((3, 5, 4, 6, 2))):
        weight = theta[0, start : start + into * out].reshape(out, into)
        a = h @ weight.T + theta[0, start + into * out : start + out * (into + 1)]
        start += out * (into + 1)
        if number < 3:
            assert torch.allclose(kept[number][0], a, rtol=1e-12)
        h = ACTIVATIONS[activation](a)
    assert start == model.size("generator", 2) == sum(model.layer_sizes("generator", 2))
    assert torch.allclose(model.apply("generator", 2, theta, x)[0], a, rtol=1e-12)


def test_networks_state_their_layers_and_only_kinked_ones_slopes():
    for activation, slopes in {"leaky_relu": (0.2, 1.0), "relu": (0.0, 1.0)}.items():
        assert deep(activation).slopes() == slopes
        assert deep(activation).layers("generator", 2)[1] == (slopes[0],) * 3 + (1.0,)
    for activation in ("tanh", "softplus"):
        assert deep(activation).slopes() is None
        assert deep(activation).layers("generator", 2)[1] == (activation,) * 3 + (1.0,)


@pytest.mark.parametrize(
    "change",
    [
        {"generator": []},
        {"discriminator": [0]},
        {"latent": 0},
        {"slope": 1.5},
        {"slope": None},
        {"activation": "tanh"},
        {"activation": "gelu"},
    ],
)
def test_sizes_out_of_range_are_refused_by_name(change):
    settings = {
        "latent": 2,
        "generator": [3],
        "discriminator": [3],
        "activation": "leaky_relu",
        "slope": 0.2,
        **change,
    }
    with pytest.raises(InputError, match="|".join([*change, "slope"])):
        registry.build("models", "dense", settings)
