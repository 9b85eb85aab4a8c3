"""The direct sweep: torch's own loop, bit for bit, where torch's order of sums is known."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
import torch
from torch import Tensor
from worlds.games import game, objectives
from worlds.variants import example

from approxgan.config import registry
from approxgan.models.dense import Dense
from approxgan.objective.game import warm
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep import compiled, dense, direct, loops
from approxgan.objective.terms import FUNCTIONS

PLAYERS = ("generator", "discriminator")
STEPS = (1e-7, 1e-6, 1e-5, 1e-3)
LEAKY = {"activation": "leaky_relu", "slope": 0.2}
NETS = {
    "compact": Dense(16, [32, 32], [32, 32], **LEAKY),
    # A narrow layer inside; sums of lengths that are no multiple of 8.
    "uneven": Dense(20, [12, 3, 36], [17, 28, 20], **LEAKY),
}


@functools.cache
def position(name: str, player: str, seeds: int = 2, batch: int = 32):
    g = game(model=NETS[name])
    f, theta = objectives(g, seeds=tuple(range(seeds)), batch=batch, dtype=torch.float32)[player]
    return f, theta


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX512",
    reason="NO AVX-512 HERE: another processor's matrix products add in another order",
)
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("step", STEPS)
def test_is_torch_s_own_loop_bit_for_bit(name: str, player: str, step: float) -> None:
    f, theta = position(name, player)
    problem = f.dense()
    swept, loop = direct.sweep(problem, theta, step), loops.plain(f, theta, step)
    assert torch.equal(swept.value, loop.value)
    assert torch.equal(swept.losses, loop.losses)


def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a·b + c in float32, rounded once: the product of two is exact in a wider type."""
    return (a.astype(np.longdouble) * b + c).astype(np.float32)


def layer(weight: np.ndarray, bias: np.ndarray, x: np.ndarray) -> np.ndarray:
    """weight [out, in] · x [in, rows] + bias, in the order that ``_layer`` states."""
    products = weight[:, :, None] * x
    total = np.zeros((len(weight), x.shape[1]), np.float32)
    whole = len(x) - len(x) % 8 if len(weight) <= 8 else 0
    if whole:
        s = [products[:, k:whole:8].cumsum(1)[:, -1] for k in range(8)]
        total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    for i in range(whole, len(x)):
        one = products[:, i] + total
        total = one if len(weight) <= 8 else fused(weight[:, i, None], x[None, i], total)
    return total + bias[:, None]


ACTIVATIONS = {
    "tanh": lambda p: np.tanh(p.astype(np.float64)).astype(np.float32),
    "softplus": lambda p: np.logaddexp(0.0, p.astype(np.float64)).astype(np.float32),
}


def twin(problem: DenseProblem, theta: Tensor) -> Tensor:
    """θ [P] -> logits [rows] of one seed, float32."""
    x, parameters, at = (
        problem.inputs[0].T.numpy(),
        torch.cat([theta, problem.frozen[0]]).numpy(),
        0,
    )
    for into, out, bend in zip(
        problem.sizes[:-1], problem.sizes[1:], problem.activations, strict=True
    ):
        weight = parameters[at : at + into * out].reshape(out, into)
        p = layer(weight, parameters[at + into * out : at + (into + 1) * out], x)
        x = (
            ACTIVATIONS[bend](p)
            if isinstance(bend, str)
            else np.where(p > 0, p, p * np.float32(bend))
        )
        at += (into + 1) * out
    return torch.from_numpy(x[0])


@pytest.mark.parametrize("activation", ["leaky_relu", *ACTIVATIONS])
@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("step", [1e-6, 1e-3])
def test_is_the_loop_over_its_stated_arithmetic(activation: str, player: str, step: float) -> None:
    model = Dense(11, [9, 5], [10, 8], activation, 0.2 if activation == "leaky_relu" else None)
    g = game("wasserstein", model=model)
    f, theta = objectives(g, seeds=(0,), batch=24, dtype=torch.float32)[player]
    problem = f.dense()
    assert problem is not None
    swept = direct.sweep(problem, theta, step)

    def loss(point: Tensor) -> Tensor:
        total = 0.0
        for term in problem.terms:
            rows = term.sign * twin(problem, point[0])[None, term.start : term.stop]
            total = total + term.weight * FUNCTIONS[term.function](rows).mean(-1)
        return problem.constant + total

    loop = loops.plain(loss, theta, step)
    assert torch.equal(swept.losses, loop.losses)
    assert torch.equal(swept.value, loop.value)


@pytest.mark.parametrize("loss", registry.names("losses"))
@pytest.mark.parametrize("name", registry.names("models"))
@pytest.mark.parametrize("player", PLAYERS)
def test_every_model_and_loss_is_swept_as_the_loop_sweeps(loss, name, player) -> None:
    g = game(loss, model=example("models", name))
    f, theta = objectives(g, batch=6)[player]
    swept, loop = f.sweep(theta, 0.1), loops.plain(f, theta, 0.1)
    torch.testing.assert_close(swept.losses, loop.losses, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(swept.value, loop.value, rtol=1e-12, atol=1e-13)


def test_a_changed_network_is_not_swept_as_the_one_it_inherits_from() -> None:
    """What ``Dense`` says of its layers does not hold for a network that computes otherwise."""

    class Squared(Dense):
        def apply(self, player, dim, theta, x, kink=None):
            return super().apply(player, dim, theta, x, kink) ** 2

    g = game(model=Squared(3, [5, 4], [6, 5], **LEAKY))
    for f, theta in objectives(g).values():
        swept, loop = f.sweep(theta, 0.1), loops.plain(f, theta, 0.1)
        torch.testing.assert_close(swept.losses, loop.losses, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("way", [compiled, direct])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_threads_and_blocks_change_no_bit(way, dtype, monkeypatch) -> None:
    monkeypatch.setattr(direct, "LOGITS", 1000)
    f, theta = objectives(game(), seeds=(0, 1, 2), batch=37, dtype=dtype)["generator"]
    problem = f.dense()
    together = way.sweep(problem, theta, 0.01)
    shared = way.sweep(problem, theta, 0.01, threads=2)
    one = dataclasses.replace(
        problem,
        inputs=problem.inputs[1:2],
        frozen=problem.frozen[1:2],
        constant=problem.constant[1:2],
    )
    alone = way.sweep(one, theta[1:2], 0.01)
    for part in ("losses", "value"):
        assert torch.equal(getattr(together, part), getattr(shared, part))
        assert torch.equal(getattr(together, part)[1:2], getattr(alone, part))


@pytest.mark.parametrize("way", [compiled, direct])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_step_without_effect_gives_the_value_itself(way, dtype) -> None:
    for f, theta in objectives(game(), batch=37, dtype=dtype).values():
        swept = way.sweep(f.dense(), theta, 1e-30)
        assert torch.equal(swept.losses, swept.value[:, None].expand_as(swept.losses))


@pytest.mark.parametrize("way", [compiled, direct])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e38])
def test_a_diverged_seed_is_not_finite_and_disturbs_no_other(way, bad: float) -> None:
    f, theta = objectives(game("least_squares"), dtype=torch.float32)["generator"]
    good = way.sweep(f.dense(), theta, 0.1)
    theta[1, ::7] = bad
    swept = way.sweep(f.dense(), theta, 0.1)
    assert not swept.value[1].isfinite()
    assert not swept.losses[1].isfinite().any()
    assert torch.equal(swept.losses[0], good.losses[0])


WIDE = Dense(40, [72, 64], [160, 160], **LEAKY)


@pytest.mark.parametrize("player", PLAYERS)
def test_a_wide_network_is_swept_compiled_where_rounding_is_below_its_bound(player: str) -> None:
    """The bound holds of all coordinates, though it is looked for at a few of them."""
    seen = set()
    for step in (1e-3, 1e-2, 3e-2, 1e-1, 1.0):
        f, theta = objectives(game(model=WIDE), batch=32, dtype=torch.float32)[player]
        problem = f.dense()
        swept, loop = f.sweep(theta, step), direct.sweep(problem, theta, step)
        ours, real = (s.losses - s.value[:, None] for s in (swept, loop))
        apart = (ours - real).norm(dim=1) / real.norm(dim=1)
        assert (apart <= 1.5 * dense.ROUNDING).all()
        ways = [
            ("compiled", "direct")[int(torch.equal(*rows))] for rows in zip(ours, real, strict=True)
        ]
        assert f.game.sweeps == set(ways)
        seen |= f.game.sweeps
    assert seen == {"compiled", "direct"}


def test_ways_are_chosen_by_precision_activation_and_width() -> None:
    smooth = Dense(3, [5, 4], [6, 5], "tanh")
    ways = {}
    for name, model in {"kinked": NETS["compact"], "smooth": smooth, "wide": WIDE}.items():
        for dtype in (torch.float32, torch.float64):
            f, _ = objectives(game(model=model), dtype=dtype)["generator"]
            found = dense._ways(f.dense())
            ways[name, dtype] = [w.__name__.rpartition(".")[2] for w in found]
    assert ways == {
        ("kinked", torch.float32): ["direct"],
        ("kinked", torch.float64): ["compiled"],
        ("smooth", torch.float32): ["direct"],
        ("smooth", torch.float64): ["direct"],
        ("wide", torch.float32): ["compiled", "direct"],
        ("wide", torch.float64): ["compiled"],
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["compact", "wide"])
def test_after_warming_nothing_is_compiled(dtype, name, monkeypatch) -> None:
    model = WIDE if name == "wide" else NETS[name]
    g = game(model=model)
    warm(g, dtype)
    before = [len(f.signatures) for f in _compiled()]
    for f, theta in objectives(g, dtype=dtype).values():
        f.sweep(theta, 1e-4)
        f.sweep(theta, torch.full_like(theta, 10.0))
    assert [len(f.signatures) for f in _compiled()] == before
    assert sum(before) > 0


def _compiled() -> list:
    from approxgan.objective.sweep import _forward, _kernels

    return [_forward.forward_units, _kernels.change_losses]
