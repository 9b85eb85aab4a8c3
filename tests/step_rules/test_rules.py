"""Rules that choose ε: what every rule promises, and scipy's default step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize._numdiff import _compute_absolute_step
from worlds.games import game, objectives, rng
from worlds.noise import ADAPTIVE, BUILT, KINDS, RULES
from worlds.variants import example

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.objective.black_box import objective

DIFFERENCES = [
    name
    for name in registry.names("modes")
    if (mode := example("modes", name)).takes_epsilon and mode.sides > 0
]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_states_how_often_it_chooses(name):
    about = registry.describe("rules", name)
    assert isinstance(BUILT[name].every, int)
    assert BUILT[name].every >= 1
    assert "every" in (*about.constants, *about.required)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("sides", "each"), KINDS)
@pytest.mark.parametrize("name", RULES)
def test_a_choice_has_the_shape_and_type_it_promises(name, sides, each, dtype):
    for f, theta in objectives(game(), dtype=dtype).values():
        before = theta.clone()

        def choose(f=f, theta=theta):
            streams = rng(dtype=dtype)
            return BUILT[name].choose(f, theta, sides=sides, per_coordinate=each, rng=streams)

        chosen = choose()
        assert chosen.eps.shape == (theta.shape if each else (2, 1))
        assert chosen.eps.dtype == dtype
        assert chosen.eps.isfinite().all()
        assert (chosen.eps > 0).all()
        assert torch.equal(choose().eps, chosen.eps)
        assert torch.equal(theta, before)


@pytest.mark.parametrize(("sides", "each"), KINDS)
@pytest.mark.parametrize("name", RULES)
def test_a_seed_alone_chooses_as_it_does_in_a_block(name, sides, each):
    both, alone = objectives(game(), seeds=(0, 1)), objectives(game(), seeds=(1,))
    kind = {"sides": sides, "per_coordinate": each}
    for player, (f, theta) in both.items():
        g, phi = alone[player]
        block = BUILT[name].choose(f, theta, rng=rng(), **kind)
        single = BUILT[name].choose(g, phi, rng=rng(seeds=(1,)), **kind)
        assert torch.equal(block.eps[1], single.eps[0])
        assert block.forwards == single.forwards


@pytest.mark.parametrize(("sides", "each"), KINDS)
@pytest.mark.parametrize("name", RULES)
def test_forwards_are_the_evaluations_made(name, sides, each):
    calls = []

    def counted(theta):
        calls.append(1)
        return theta.square().sum(-1)

    theta = torch.full((2, 5), 0.1, dtype=torch.float64)
    chosen = BUILT[name].choose(
        objective(counted), theta, sides=sides, per_coordinate=each, rng=rng()
    )
    assert chosen.forwards == len(calls)


@pytest.mark.parametrize("mode", DIFFERENCES)
@pytest.mark.parametrize("name", RULES)
def test_every_difference_works_with_every_rule(name, mode):
    built = example("modes", mode)
    f, theta = objectives(game())["generator"]
    kind = {"sides": built.sides, "per_coordinate": built.per_coordinate}
    chosen = BUILT[name].choose(f, theta, rng=rng(), **kind)
    assert built.estimate(f, theta, eps=chosen.eps, rng=rng()).grad.isfinite().all()


@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize("name", RULES)
def test_rules_never_differentiate_and_outlive_what_diverged(name, each):
    def black_box(theta):
        return torch.from_numpy(theta.square().sum(-1).numpy())

    theta = torch.tensor([[torch.nan, 1.0], [torch.inf, 1.0], [1e300, 1.0], [2.0, 1.0]]).double()
    theta.requires_grad_(True)
    streams = rng(range(4))
    chosen = BUILT[name].choose(
        objective(black_box), theta, sides=1, per_coordinate=each, rng=streams
    )
    assert chosen.eps.isfinite().all()
    assert (chosen.eps > 0).all()


@pytest.mark.parametrize("name", RULES)
def test_what_is_no_difference_is_refused(name):
    theta = torch.zeros(1, 2)
    with pytest.raises(ValueError, match=r"sides=0: .* accepted: 1, 2"):
        BUILT[name].choose(
            objective(lambda x: x.sum(-1)), theta, sides=0, per_coordinate=False, rng=rng((0,))
        )


@pytest.mark.parametrize(
    "wrong",
    [{"every": 0}, {"tries": 0}, {"low": 1.0}, {"high": 3.5}, {"high": math.inf}, {"low": -1.0}],
)
def test_settings_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(InputError, match=rf"adaptive: {next(iter(wrong))}( is |=)"):
        registry.build("rules", "adaptive", {**ADAPTIVE, **wrong})


@pytest.mark.parametrize(("sides", "method"), [(1, "2-point"), (2, "3-point")])
@pytest.mark.parametrize("loss", [np.float32, np.float64])
@pytest.mark.parametrize("type_", [np.float32, np.float64])
def test_the_dtype_rule_is_scipys_default_step(type_, loss, sides, method):
    theta = np.array([-300.0, -1.5, -0.1, 0.0, 1e-9, 0.9, 1.1, 1e4], type_)
    f = objective(lambda x: x.square().sum(-1).to(torch.from_numpy(np.zeros(1, loss)).dtype))
    chosen = BUILT["dtype"].choose(
        f, torch.from_numpy(theta)[None], sides=sides, per_coordinate=True, rng=rng((0,))
    )
    with np.errstate(over="ignore"):
        expected = np.abs(_compute_absolute_step(None, theta, loss(0.0), method))
    assert np.allclose(chosen.eps[0].numpy(), expected, rtol=1e-6, atol=0.0)


def test_the_dtype_rule_takes_the_root_mean_square_where_all_move_together():
    theta = torch.tensor([[3.0, 4.0, 0.0, 0.0], [0.1, 0.2, 0.1, 0.2]], dtype=torch.float64)
    f = objective(lambda x: x.sum(-1))
    for sides in (1, 2):
        unit = 2.0 ** (-52 / (sides + 1))
        eps = BUILT["dtype"].choose(f, theta, sides=sides, per_coordinate=False, rng=rng()).eps
        assert eps.flatten().tolist() == pytest.approx([2.5 * unit, unit], rel=1e-12)
