"""Training: Adam, streams, stacked seeds, divergence, and what modes have in common."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from worlds.estimates import SAMPLED
from worlds.games import DATA, LETTERS, SMALL, game, nothing, settings
from worlds.variants import example

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS, Player
from approxgan.models.dense import Dense
from approxgan.objective.game import Game
from approxgan.objective.sweep import choose
from approxgan.storage import code_inputs, tables
from approxgan.training import streams
from approxgan.training.adam import AdamState, adam
from approxgan.training.heldout import HeldOut
from approxgan.training.loop import affordable, init, keep, step, totals, train
from approxgan.training.setup import Method, Methods
from approxgan.training.trace import Snapshots, Trace, epsilon_quantile

MODES = registry.names("modes")


def methods(mode, epsilon=1e-4):
    """Both players', the generator's alone where a mode works for no other."""
    own = Method(mode, epsilon if mode.takes_epsilon else None)
    judge = Method(example("modes", "exact")) if hasattr(mode, "needs") else own
    return {"discriminator": judge, "generator": own}


def played(name):
    """A game that the mode can play."""
    return game(model=LETTERS) if name in SAMPLED else game()


def test_adam_is_torchs():
    s = settings()
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(2, 5, dtype=torch.float64, generator=generator)
    reference = theta.clone().requires_grad_(True)
    theirs = torch.optim.Adam([reference], 1e-2, betas=(0.9, 0.99), eps=1e-8)
    state = AdamState(theta, torch.zeros_like(theta), torch.zeros_like(theta))
    for number in range(20):
        grad = torch.randn(2, 5, dtype=torch.float64, generator=generator)
        reference.grad = grad.clone()
        theirs.step()
        state = adam(state, grad, number, s)
    assert torch.allclose(state.theta, reference.detach(), rtol=1e-12)


@pytest.mark.parametrize("name", MODES)
def test_a_step_of_a_seed_alone_is_its_step_in_a_block(name):
    mode, s, g = example("modes", name), settings(), played(name)
    block, _ = step(init(g, DATA, [3, 4, 5], s), g, methods(mode), s)
    alone, _ = step(init(g, DATA, [4], s), g, methods(mode), s)
    for player in PLAYERS:
        mine, other = alone.players[player], block.players[player]
        # Adam's first step is the gradient's sign where it is far from 0: moments are compared.
        assert torch.allclose(mine.first[0], other.first[1], rtol=1e-6, atol=1e-12)


def difference(name: str, block: int) -> tuple[float, float]:
    """Largest difference of a first gradient in blocks of 5 and of ``block``, and its bound.

    A loss is a sum over the batch of sums over every layer: each is off by at most
    (8 + 3 + 5 + 4 + 6 + 5) roundings of its own size. A difference divides two such errors by ε.
    """
    mode, s, g, epsilon = example("modes", name), settings(dtype="float32"), played(name), 1e-2
    seeds = [0, 1, 2, 3, 4]
    _, whole = step(init(g, DATA, seeds, s), g, methods(mode, epsilon), s)
    player: Player = "generator" if name in SAMPLED else "discriminator"
    worst, bound = 0.0, 0.0
    for start in range(0, 5, block):
        part = seeds[start : start + block]
        _, info = step(init(g, DATA, part, s), g, methods(mode, epsilon), s)
        mine = info.estimates[player]
        other = whole.estimates[player].grad[start : start + block]
        worst = max(worst, float((mine.grad - other).abs().max()))
        size = float(other.abs().max())
        if mode.takes_epsilon:
            # The slopes of a mode along directions weigh by entries and counts of directions.
            weight = 1.0 if mode.per_coordinate else 4.0
            size += weight * float(mine.value.abs().max()) / epsilon
        bound = max(bound, 31 * torch.finfo(torch.float32).eps * size)
    return worst, bound


@pytest.mark.parametrize("block", [1, 2])
@pytest.mark.parametrize("name", MODES)
def test_the_size_of_a_block_changes_a_float32_step_by_rounding_alone(name, block):
    worst, bound = difference(name, block)
    assert worst <= bound


@pytest.mark.parametrize("name", MODES)
def test_a_mode_s_files_hold_the_compiled_sweep_where_it_sweeps(name, monkeypatch):
    seen, sweep = [], choose.sweep
    monkeypatch.setattr(choose, "sweep", lambda *a, **more: seen.append(name) or sweep(*a, **more))
    s, g = settings(), played(name)
    step(init(g, DATA, [0], s), g, methods(example("modes", name)), s)
    declared = code_inputs.sources(f"training modes={name}")
    assert bool(seen) == any(path.name == "direct.py" for path in declared)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MODES)
def test_every_mode_trains_in_both_precisions(name, dtype):
    mode, s, g = example("modes", name), settings(dtype=dtype), played(name)
    start = init(g, DATA, [0, 1], s)
    state, diverged = train(start, g, methods(mode), s, nothing)
    assert state.step == 4
    assert not diverged
    assert state.players["generator"].theta.dtype == s.torch_dtype
    assert not torch.equal(state.players["generator"].theta, start.players["generator"].theta)
    assert totals(state.counts)["forwards"] > 0


def test_a_mode_that_refreshes_goes_on_from_its_last_estimate_seed_by_seed():
    mode, g, s = example("modes", "stale_coordinates"), game(), settings()

    def grads(seeds):
        seen = []
        state, _ = train(init(g, DATA, seeds, s), g, methods(mode), s, lambda _, i: seen.append(i))
        return state, [info.estimates for info in seen[:-1]]

    state, both = grads([0, 1])
    for player in ("generator", "discriminator"):
        size = state.players[player].theta.shape[1]
        assert [e[player].forwards for e in both] == [size + 1, 3, 3, 3]
        for before, after in itertools.pairwise(both):
            changed = (before[player].grad != after[player].grad).sum(1)
            assert ((changed > 0) & (changed <= mode.coordinates)).all()
    kept = keep(state, torch.tensor([False, True]))
    assert torch.equal(kept.refreshed["generator"], both[-1]["generator"].grad[1:])
    _, alone = grads([1])
    for one, two in zip(alone, both, strict=True):
        assert torch.allclose(one["generator"].grad[0], two["generator"].grad[1], rtol=1e-6)


WRONG = {
    "one column": (lambda made, theta: replace(made, grad=made.grad[:, :1]), "grad is .*, 1"),
    "another type": (
        lambda made, theta: replace(made, grad=made.grad.half()),
        r"grad is torch\.float",
    ),
    "one loss": (lambda made, theta: replace(made, value=made.value[:1]), r"value is \[1\]; acc"),
    "no loss": (lambda made, theta: replace(made, value=None), "value is NoneType; accepted"),
    "a cost below 0": (lambda made, theta: replace(made, forwards=-1), "forwards is -1; accepted"),
    "a pair": (lambda made, theta: (made.grad, made.value), "gives tuple; accepted: Estimate"),
    "another θ": (lambda made, theta: theta.zero_() is None or made, "θ is changed in place"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_estimate_of_another_form_is_refused_before_it_is_broadcast(case):
    change, said = WRONG[case]

    class Wrong(type(example("modes", "exact"))):
        def estimate(self, f, theta, **more):
            return change(super().estimate(f, theta, **more), theta)

    g, s = game(), settings()
    with pytest.raises(InputError, match=f"Wrong: .*{said}"):
        step(init(g, DATA, [0, 1], s), g, methods(Wrong()), s)


def test_modes_see_the_same_starts_batches_and_latents():
    s, g = settings(), game()
    seen = {}
    for name in ("exact", "spsa", "forward_difference"):
        mode = example("modes", name)
        infos = []
        train(
            init(g, DATA, [0, 1], s),
            g,
            methods(mode),
            s,
            lambda _, i, x=infos: x.append(i),
        )
        seen[name] = infos[:-1]
    for name in ("spsa", "forward_difference"):
        first = seen[name][0].theta["discriminator"]
        assert torch.equal(first, seen["exact"][0].theta["discriminator"])
        for mine, other in zip(seen[name], seen["exact"], strict=True):
            latents = (info.objectives["generator"].inputs for info in (mine, other))
            assert torch.equal(*latents)
            real = (info.objectives["discriminator"].inputs[:, :8] for info in (mine, other))
            assert torch.equal(*real)


def test_precisions_see_the_same_draws():
    s32, s64, g = settings(dtype="float32"), settings(), game()
    draws = [init(g, DATA, [0], s).draws.next() for s in (s32, s64)]
    for player in PLAYERS:
        assert torch.equal(draws[0].latent[player].double(), draws[1].latent[player])


def test_how_much_is_drawn_ahead_changes_nothing(monkeypatch):
    s, g = settings(), game()
    far = init(g, DATA, [0, 1], s).draws
    monkeypatch.setattr("approxgan.training.batches.BULK", 1)
    near = init(g, DATA, [0, 1], s).draws
    for _ in range(5):
        a, b = far.next(), near.next()
        assert torch.equal(a.real, b.real)
        assert torch.equal(a.latent["generator"], b.latent["generator"])


def test_the_whole_set_is_one_choice_of_batch():
    s, g = settings(batch=50), game()
    real = init(g, DATA, [0], s).draws.next().real
    assert torch.equal(real[0], torch.from_numpy(DATA))


def test_latents_and_batches_have_their_distribution():
    s, g = settings(batch=20), game()
    draws = init(g, DATA, [0], s).draws
    batches = [draws.next() for _ in range(300)]
    latent = torch.cat([b.latent["generator"].flatten() for b in batches])
    count = len(latent)
    assert abs(float(latent.mean())) < 4.5 / count**0.5
    assert float(latent.var()) == pytest.approx(1.0, abs=4.5 * (2 / count) ** 0.5)
    mean = torch.cat([b.real[0] for b in batches]).mean(0)
    error = DATA.std(0) / (300 * 20) ** 0.5
    assert (np.abs(mean.numpy() - DATA.mean(0)) < 4.5 * error).all()


def poisoned(state, row, value):
    state.players["discriminator"].theta[row] = value
    return state


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, 1e5])
def test_a_diverging_seed_is_recorded_and_the_others_go_on(value):
    s, g, mode = settings(), game(), example("modes", "exact")
    state, diverged = train(
        poisoned(init(g, DATA, [3, 4, 5], s), 1, value), g, methods(mode), s, nothing
    )
    assert diverged == {4: 0}
    assert state.seeds == (3, 5)
    assert state.step == s.steps
    alone, _ = train(init(g, DATA, [3], s), g, methods(mode), s, nothing)
    for player in PLAYERS:
        mine, other = state.players[player].theta[0], alone.players[player].theta[0]
        assert torch.allclose(mine, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", MODES)
def test_no_mode_crashes_where_all_seeds_diverge(name):
    mode, s, g = example("modes", name), settings(), played(name)
    state = poisoned(init(g, DATA, [0, 1], s), slice(None), float("nan"))
    state, diverged = train(state, g, methods(mode), s, nothing)
    assert diverged == {0: 0, 1: 0}
    assert state.seeds == ()


def test_keeping_rows_keeps_their_streams():
    s, g = settings(), game()
    state = init(g, DATA, [0, 1, 2], s)
    state.draws.next()
    kept = keep(state, torch.tensor([False, True, True]))
    whole = init(g, DATA, [0, 1, 2], s).draws
    whole.next()
    for _ in range(150):
        assert torch.equal(kept.draws.next().real, whole.next().real[1:])


def test_snapshots_and_trace_hold_what_they_promise():
    s, g, mode = settings(steps=6), game(), example("modes", "forward_difference")
    trace = Trace([0, 1], 2, HeldOut(g, [0, 1], DATA))
    shots = Snapshots(g, [0, 1], 6, parts=3, n=11)

    def observe(state, info):
        if info is not None:
            trace.see(info)
        shots.see(state)

    state, _ = train(init(g, DATA, [0, 1], s), g, methods(mode, 1e-6), s, observe)
    rows, samples = trace.arrays(), shots.arrays()
    assert rows["step"].tolist() == [0, 2, 4]
    per_step = {f"forwards_{player}": SMALL.size(player, 2) + 1 for player in PLAYERS}
    per_step["forwards_frozen"] = 1
    per_step["forwards"] = sum(per_step.values())
    for column, count in per_step.items():
        assert rows[column].tolist() == [0, 2 * count, 4 * count], column
    assert rows["generator_cosine"].min() > 1 - 1e-8
    assert samples["steps"].tolist() == [0, 2, 4, 6]
    assert samples["samples"].shape == (2, 4, 11, 2)
    latents = np.stack(
        [
            streams.generator(n, "evaluation").standard_normal((11, 3), dtype=np.float32)
            for n in (0, 1)
        ]
    )
    last = g.model.apply(
        "generator", 2, state.players["generator"].theta, torch.from_numpy(latents).double()
    )
    assert samples["samples"].dtype == np.float64, "of a float64 run; of others float32"
    assert np.array_equal(samples["samples"][:, -1], last.numpy())


class Counting(Dense):
    """Counts the passes of its networks, and their rows."""

    passes: ClassVar[Counter[str]] = Counter()

    def apply(self, player, dim, theta, x, kink=None):
        self.passes[player] += 1
        self.passes[f"{player} rows"] += len(theta) * x.shape[1]
        return super().apply(player, dim, theta, x, kink)

    def layers(self, player, dim):
        return None


@pytest.mark.parametrize("loss", registry.names("losses"))
def test_passes_are_counted_by_the_player_that_they_are_made_for(loss):
    """An evaluation of G's loss passes both networks, one of D's its own, a frozen one either."""
    model = Counting(3, [5, 4], [6, 5], activation="leaky_relu", slope=0.2)
    model.passes.clear()
    chosen: Methods = {
        "generator": Method(example("modes", "exact")),
        "discriminator": Method(example("modes", "uniform_shift"), 1e-3),
    }
    g, s = Game(model, example("losses", loss), 2), settings(steps=3)
    state, _ = train(init(g, DATA, [0], s), g, chosen, s, nothing)
    counts, passes = totals(state.counts), model.passes
    moves = any(term.on == "fake" for term in g.loss.generator)
    assert counts["forwards_generator"] == counts["backwards_generator"] == 3
    assert counts["forwards_discriminator"] == 3 * 2
    assert counts["backwards_discriminator"] == 0
    # The two points of the shift are one stacked pass.
    made = passes["discriminator"] + passes["generator"]
    assert made == 3 * (1 + 2 * moves) + counts["forwards_frozen"]
    assert counts["forwards"] == 3 + 6 + counts["forwards_frozen"]
    assert set(counts) == set(tables.COUNTS)
    if moves:
        assert counts["calls"] == passes["generator rows"]
        assert counts["judged"] == passes["discriminator rows"]


@pytest.mark.parametrize("name", ["exact", "forward_difference", "spsa"])
def test_what_an_observer_keeps_stays_as_it_saw_it(name):
    """Nothing that a step has shown is written to again."""
    g, s, kept = game(), settings(), []

    def tensors(info):
        for player in PLAYERS:
            f, estimate = info.objectives[player], info.estimates[player]
            yield from (info.theta[player], info.after[player], estimate.grad, estimate.value)
            yield from (f.opponent, f.inputs, f.constant)

    def observe(state, info):
        if info is not None:
            kept.extend((tensor, tensor.clone()) for tensor in tensors(info))

    chosen = methods(example("modes", name))
    train(init(g, DATA, [0, 1], s), g, chosen, s, observe)
    assert len(kept) == s.steps * 2 * 7
    assert all(torch.equal(*pair) for pair in kept)


@pytest.mark.parametrize("level", [0.0, 0.1, 0.5, 0.77, 1.0])
def test_quantiles_of_the_steps_used_are_numpys(level):
    eps = torch.rand(3, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for steps in (eps, eps[:, :1], eps[:, :2].bfloat16()):
        expected = np.quantile(steps.double().numpy(), level, axis=1)
        assert np.allclose(epsilon_quantile(steps, 3, level), expected, rtol=1e-15, atol=0)


def test_more_steps_than_torch_sorts_have_a_median():
    eps = torch.ones(1, 2**24 + 2)
    eps[0, ::2] = 3.0
    assert epsilon_quantile(eps, 1, 0.5).tolist() == [2.0]


def test_samples_of_a_diverged_seed_are_missing_and_the_others_there():
    s, g, mode = settings(), game(), example("modes", "exact")
    shots = Snapshots(g, [0, 1], 4, parts=1, n=5)
    state = poisoned(init(g, DATA, [0, 1], s), 0, float("nan"))
    train(state, g, methods(mode), s, lambda state, _: shots.see(state))
    drawn = shots.arrays()["samples"]
    assert np.isnan(drawn[0, 1]).all()
    assert np.isfinite(drawn[1]).all()


def test_samples_of_an_average_are_those_of_its_documented_weights():
    s, g, mode, eta = settings(steps=5, average=3.0), game(), example("modes", "exact"), 3.0
    seen: list[torch.Tensor] = []

    def observe(state, info):
        if info is not None:
            seen.append(info.after["generator"])

    state, _ = train(init(g, DATA, [0, 1], s), g, methods(mode), s, observe)
    expected = seen[0]
    for t, theta in enumerate(seen[1:], 2):
        share = (eta + 1) / (t + eta)
        expected = (1 - share) * expected + share * theta
    torch.testing.assert_close(state.average, expected, rtol=1e-12, atol=0)
    shots = Snapshots(g, [0, 1], 5, parts=1, n=9)
    shots.see(state)
    averaged = replace(state, players={**state.players, "generator": replace(
        state.players["generator"], theta=state.average)}, average=None)  # fmt: skip
    again = Snapshots(g, [0, 1], 5, parts=1, n=9)
    again.see(averaged)
    np.testing.assert_array_equal(shots.arrays()["samples"], again.arrays()["samples"])


@pytest.mark.parametrize("name", registry.names("modes"))
@pytest.mark.parametrize("rule", [None, "adaptive"])
def test_a_budget_s_steps_spend_it_and_no_more(name, rule):
    s, g = settings(dtype="float32"), played(name)
    found = methods(example("modes", name), 1e-2)
    estimator = found["generator"].estimator
    if rule is not None:
        if not estimator.takes_epsilon or estimator.sides == 0:
            return
        made = registry.build("rules", rule, {"every": 3, "low": 1.5, "high": 6.0, "tries": 4})
        found = {player: Method(estimator, rule=made) for player in PLAYERS}
    budget = 40000.0 if rule is not None and estimator.per_coordinate else 4000.0
    state = init(g, DATA, [0, 1], s, found)
    count = affordable(budget, "forward_equivalents", state, g, found, s)
    state, _ = train(state, g, found, replace(s, steps=count), nothing)
    spent = totals(state.counts)
    total = spent["forwards"] + 2 * spent["backwards"]
    if rule is None:
        assert total <= budget < total * (count + 1) / count
    else:  # how often a rule tries is known only once it has
        assert 0.3 * budget < total < 1.7 * budget


@pytest.mark.parametrize("name", MODES)
def test_a_budget_of_samples_is_spent_on_samples_alone(name):
    """A step makes a batch of fakes, and another for every evaluation that runs the generator."""
    s, g = settings(dtype="float32"), played(name)
    found = methods(example("modes", name), 1e-2)
    state = init(g, DATA, [0, 1], s, found)
    if hasattr(found["generator"].estimator, "refresh"):
        return
    count = affordable(4000.0, "calls", state, g, found, s)
    after, _ = train(state, g, found, replace(s, steps=count), nothing)
    spent = totals(after.counts)
    assert spent["calls_discriminator"] == s.batch * count
    assert spent["calls_generator"] % (s.batch * count) == 0
    each = spent["calls"] / count
    assert spent["calls"] <= 4000.0 < spent["calls"] + each


def test_instance_noise_moves_the_discriminator_s_samples_alone():
    g, mode = game(), example("modes", "exact")
    infos = {}
    for sigma in (0.0, 0.5):
        s = settings(instance_noise=sigma, batch=40)
        _, infos[sigma] = step(init(g, DATA, [0, 1], s), g, methods(mode), s)
    moved = infos[0.5].objectives["discriminator"].inputs
    moved = moved - infos[0.0].objectives["discriminator"].inputs
    assert moved.shape == (2, 80, 2)
    assert abs(float(moved.std()) - 0.5) < 4 * 0.5 / (2 * moved.numel()) ** 0.5
    assert abs(float(moved.mean())) < 4 * 0.5 / moved.numel() ** 0.5
    generators = [infos[sigma].objectives["generator"].inputs for sigma in infos]
    assert torch.equal(*generators)


def test_instance_noise_of_a_seed_alone_is_its_own_in_a_block():
    g, s = game(), settings(instance_noise=0.5)
    block, alone = (init(g, DATA, seeds, s).draws for seeds in ([3, 4], [4]))
    for _ in range(150):
        assert torch.equal(block.next().noise[1], alone.next().noise[0])
