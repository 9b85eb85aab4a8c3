"""The rule adaptive on noise of known size, where the best step is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from worlds.games import game, objectives, rng
from worlds.noise import ADAPTIVE, BUILT, KINDS, noisy, uniform
from worlds.variants import example

from approxgan.config import registry
from approxgan.objective.black_box import objective
from approxgan.step_rules import _interval, _noise


def test_the_tests_noise_is_uniform():
    draws = uniform(torch.linspace(0, 1, 30_000, dtype=torch.float64).reshape(-1, 3))
    assert draws.abs().max() <= 1
    for power in (1, 2, 4):
        moment = draws.pow(power)
        expected = 0.0 if power % 2 else 1 / (power + 1)
        assert float(moment.mean()) == pytest.approx(
            expected, abs=4.5 * float(moment.std()) / 10_000**0.5
        )


def naive(values):
    """ECnoise of one seed as Moré and Wild (2011) write it: the noise, or why there is none."""
    count = len(values)
    if not values.max() - values.min() <= 0.1 * np.abs(values).max():
        return "large"
    if (np.diff(values) == 0).sum() >= count / 2:
        return "small"
    table, levels, mixed = values, [], []
    for k in range(1, count):
        table = np.diff(table)
        gamma = math.factorial(k) ** 2 / math.factorial(2 * k)
        levels.append(math.sqrt(gamma * np.mean(table**2)))
        mixed.append(table.min() < 0 < table.max())
    for k in range(count - 3):
        window = levels[k : k + 3]
        if mixed[k] and max(window) <= 4 * min(window):
            return levels[k]
    return "large"


def test_the_noise_is_found_as_it_is_in_the_paper():
    source = np.random.default_rng(0)
    line = np.arange(8)[:, None]
    scale = 10.0 ** source.uniform(-9, 0, 600)
    values = 1 + scale * source.standard_normal((8, 600)) + 1e-4 * line * source.normal(size=600)
    values[:, 100:200] = np.round(values[:, 100:200], 5)
    values[:, 200:300] += 1e-3 * np.exp(0.3 * line)
    found, small, large = _noise.detect(torch.from_numpy(values))
    seen = set()
    for column in range(600):
        expected = naive(values[:, column])
        if isinstance(expected, str):
            assert found[column].isnan()
            assert bool(small[column]) == (expected == "small")
            assert bool(large[column]) == (expected == "large")
            seen.add(expected)
        else:
            assert float(found[column]) == pytest.approx(expected, rel=1e-9)
            assert not small[column]
            assert not large[column]
            seen.add("found")
    assert seen == {"found", "small", "large"}


@pytest.mark.parametrize("sigma", [1e-12, 1e-8, 1e-4])
def test_noise_of_known_size_is_estimated_within_a_factor_of_three(sigma):
    seeds = range(200)
    theta = rng(seeds).normal(6)
    f = noisy(lambda x: 1.0 + torch.sin(x).sum(-1).square(), sigma)
    estimate = _noise.estimate(f, theta, rng(seeds).signs(6)) / sigma
    within = ((estimate > 1 / 3) & (estimate < 3)).double().mean()
    # Differences of 8 values leave a few of 200 estimates further off by chance.
    assert float(within) > 0.95
    assert float(estimate.median()) == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("value", [0.0, 1.0, -3e5])
def test_where_no_noise_is_seen_it_is_the_rounding_of_the_loss(value):
    theta = torch.ones(2, 3, dtype=torch.float64)
    noise = _noise.estimate(objective(lambda x: 0.0 * x.sum(-1) + value), theta, theta)
    assert (noise > 0).all()
    expected = abs(value) * 2.0**-53 / 3.0**0.5
    assert noise.tolist() == pytest.approx([expected] * 2, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("sides", [1, 2])
def test_differences_are_those_of_the_papers_ratio(sides):
    """6 h² f'' and 8 h³ f''', whatever the slope."""
    theta = torch.linspace(-0.5, 1.0, 6, dtype=torch.float64).reshape(2, 3)
    bends = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    power = sides + 1
    f = objective(lambda x: (bends * x**power / math.factorial(power) + 5.0 * x).sum(-1))
    step = torch.full((2, 3), 0.01, dtype=torch.float64)
    expected = {1: 6.0, 2: 8.0}[sides] * 0.01**power * bends
    found = _interval.by_coordinate(f, theta, sides, step)
    assert torch.allclose(found, expected.expand(2, 3), atol=1e-13)
    signs = torch.tensor([[1.0, -1.0, 1.0], [1.0, 1.0, 1.0]], dtype=torch.float64)
    found = _interval.along(f, theta, signs, sides, step[:, :1])
    bend = (expected * signs**power).sum(1, keepdim=True)
    assert torch.allclose(found, bend, atol=1e-13)


@pytest.mark.parametrize("bounded", [0.0, 1.0])
@pytest.mark.parametrize("sides", [1, 2])
def test_accepted_steps_are_near_the_best(sides, bounded):
    """The ratio is 3 at the best step and grows with its 2nd or 3rd power; noise moves it by 1."""
    bends = torch.logspace(-8, 8, 161, dtype=torch.float64).expand(2, -1)
    noise = torch.tensor([1e-14, 1e-6], dtype=torch.float64)
    power, constant = sides + 1, {1: 6.0, 2: 8.0}[sides]
    bounds = (torch.full_like(bends, 1e-30), torch.full_like(bends, 1e30))

    def test(step):
        return constant * bends * step**power + 8 * noise[:, None] * bounded * uniform(
            step[..., None]
        )

    step = _interval.search(test, noise, sides, bounds, (1.5, 6.0), 100)
    order = {1: 4.0, 2: 3.0}[sides]
    best = (order * noise[:, None] / bends) ** (1 / power)
    factor = (step / best).pow(power) * 3
    assert factor.min() > 1.5 - bounded
    assert factor.max() < 6.0 + bounded


def test_steps_that_are_never_accepted_end_between_their_bounds():
    bounds = (torch.full((1, 3), 1e-6), torch.tensor([[1.0, 2.0, 3.0]]))
    noise, noughts = torch.tensor([1e-8]), torch.zeros(1, 3)
    for test, end in (
        (lambda step: noughts, bounds[1]),
        (lambda step: noughts + 1.0, bounds[0]),
        (lambda step: noughts * torch.nan, bounds[0]),
    ):
        assert torch.equal(_interval.search(test, noise, 1, bounds, (1.5, 6.0), 30), end)
    grown = _interval.search(lambda step: noughts, noise, 1, bounds, (1.5, 6.0), 3)
    assert torch.allclose(grown, torch.full((1, 3), 16 * 2e-4))


@pytest.mark.parametrize("sides", [1, 2])
def test_the_adaptive_step_of_a_noisy_loss_is_near_the_best(sides):
    """Bounds follow from the accepted ratios, the noise's bound and how it was estimated."""
    seeds, sigma, power = range(40), 1e-9, sides + 1
    bends = torch.logspace(-2, 2, 5, dtype=torch.float64)

    def smooth(x):
        return 1.0 + (bends * x**power / math.factorial(power) + 0.1 * x).sum(-1)

    theta = 0.1 * rng(seeds).normal(5)
    f = noisy(smooth, sigma)
    mode = registry.build("rules", "adaptive", {**ADAPTIVE, "tries": 40})
    step = mode.choose(f, theta, sides=sides, per_coordinate=True, rng=rng(seeds)).eps
    estimated = _noise.estimate(f, theta, rng(seeds).signs(5)) / sigma
    order, bound = {1: 4.0, 2: 3.0}[sides], 3.0**0.5 * sigma
    best = (order * bound / bends) ** (1 / power)
    factor = (step / best).pow(power) * 3
    assert (factor < 6.0 * estimated[:, None] + 1.0).all()
    assert (factor > 1.5 * estimated[:, None] - 1.0).all()
    # Where all move together the third derivatives along signs add up, the second always.
    if sides == 1:
        step = mode.choose(f, theta, sides=1, per_coordinate=False, rng=rng(seeds)).eps[:, 0]
        factor = step.square() * bends.sum() / (order * bound) * 3
        assert (factor < 6.0 * estimated + 1.0).all()
        assert (factor > 1.5 * estimated - 1.0).all()


@pytest.mark.parametrize(("sides", "each"), KINDS)
def test_a_straight_loss_ends_the_search_at_a_bounded_step(sides, each):
    theta = torch.tensor([[0.1, -5.0, 0.0], [0.1, 5.0, 0.0]], dtype=torch.float64)
    f = objective(lambda x: 1.0 + (x * torch.tensor([1.0, 2.0, 4.0]).double()).sum(-1))
    mode = registry.build("rules", "adaptive", {**ADAPTIVE, "tries": 60})
    step = mode.choose(f, theta, sides=sides, per_coordinate=each, rng=rng()).eps
    size = theta.abs() if each else theta.square().mean(1, keepdim=True).sqrt()
    assert (step <= size.clamp(min=1.0)).all()
    assert (step >= 2.0**-52).all()


def test_a_loss_that_overflows_keeps_the_step_where_it_is_finite():
    theta = torch.full((1, 2), 0.9, dtype=torch.float64)
    f = noisy(lambda x: -torch.log(1.0 - x).sum(-1), 1e-3)
    step = BUILT["adaptive"].choose(f, theta, sides=1, per_coordinate=True, rng=rng((0,))).eps
    assert (theta + 4 * step < 1.0).all()


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_adaptive_step_is_about_as_good_as_the_best_fixed_one(dtype, sides):
    """Within the factor of ten by which fixed steps differ: a step of a piecewise-linear loss that
    crosses no kink has no truncation at all, and a rule does not know it.
    """
    mode = example("modes", {1: "forward_difference", 2: "central_difference"}[sides])
    exact = example("modes", "exact")
    for player, (f, theta) in objectives(game(), dtype=dtype).items():
        g, phi = objectives(game())[player]
        truth = exact.estimate(g, phi, eps=None, rng=rng()).grad

        def error(eps, f=f, theta=theta, truth=truth):
            grad = mode.estimate(f, theta, eps=eps, rng=rng(dtype=dtype)).grad
            return float((grad - truth).norm() / truth.norm())

        fixed = [error(10.0**-k) for k in range(1, 11)]
        kind = {"sides": sides, "per_coordinate": True}
        chosen = BUILT["adaptive"].choose(f, theta, rng=rng(dtype=dtype), **kind)
        assert error(chosen.eps) < 10.0 * min(fixed)
