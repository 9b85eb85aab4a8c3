"""Random coordinates and the controls: what is lost, added or moved."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from worlds.estimates import SLOPES, build, linear
from worlds.games import game, objectives, rng

from approxgan.config import registry
from approxgan.estimators._directions import subset
from approxgan.objective.black_box import objective


def test_subsets_are_drawn_without_replacement_and_evenly():
    drawn = subset(rng(range(4000)), 10, 3)
    assert drawn.shape == (4000, 3)
    assert (drawn.sort(dim=1).values.diff(dim=1) > 0).all()
    counts = torch.bincount(drawn.flatten(), minlength=10) / 4000
    assert (counts - 0.3).abs().max() < 4.5 * (0.3 * 0.7 / 4000) ** 0.5


def test_subsets_are_even_though_the_stream_is_coarse():
    """In bfloat16 equal numbers are common: they must not favour the first coordinates."""
    drawn = subset(rng(range(400), dtype=torch.bfloat16), 3000, 300)
    early = (drawn < 1500).double().mean(1)
    assert float(early.mean()) == pytest.approx(0.5, abs=4.5 * float(early.std()) / 400**0.5)


@pytest.mark.parametrize("count", [1, 7, 40])
def test_random_coordinates_are_forward_differences_of_the_chosen_ones(count):
    """Also over more than one block."""
    theta = torch.linspace(-1, 1, 80, dtype=torch.float64).reshape(2, 40)
    f = objective(lambda points: torch.sin(2.0 * points).sum(-1))
    grad = build("random_coordinates", coordinates=count).estimate(f, theta, eps=1e-3, rng=rng())
    full = build("forward_difference").estimate(f, theta, eps=1e-3, rng=rng())
    chosen = torch.zeros(2, 40, dtype=torch.bool).scatter(1, subset(rng(), 40, count), True)
    assert (chosen.sum(1) == count).all()
    expected = full.grad.where(chosen, 0.0) * 40 / count
    assert torch.allclose(grad.grad, expected, rtol=1e-9)
    assert torch.equal(grad.grad != 0, chosen)
    assert grad.forwards == count + (1 if count <= 32 else 2)


def test_more_coordinates_than_there_are_are_refused():
    mode = build("random_coordinates", coordinates=3)
    with pytest.raises(ValueError, match="coordinates=3 is more than the 2 parameters"):
        mode.estimate(objective(linear), torch.zeros(1, 2), eps=1e-3, rng=rng((0,)))


@pytest.mark.parametrize("fraction", [0.0, 0.24, 0.5, 1.0])
@pytest.mark.parametrize("which", ["random", "smallest"])
def test_exactly_the_fraction_is_masked(fraction, which):
    f, theta = objectives(game(), seeds=(0,))["discriminator"]
    exact = build("exact").estimate(f, theta, eps=None, rng=rng((0,))).grad
    grad = build("masked_exact", fraction=fraction, which=which)
    grad = grad.estimate(f, theta, eps=None, rng=rng((0,))).grad
    lost = (grad == 0) & (exact != 0)
    assert (exact != 0).all()
    assert int(lost.sum()) == round(fraction * theta.shape[1])
    assert torch.equal(grad[~lost], exact[~lost])
    if which == "smallest" and 0 < fraction < 1:
        assert exact[lost].abs().max() <= exact[~lost].abs().min()


def test_the_mean_of_random_masks_is_the_rest_of_the_gradient():
    draws, fraction = 6000, 0.4
    mode = build("masked_exact", fraction=fraction, which="random")
    theta = torch.zeros(draws, 20, dtype=torch.float64)
    grads = mode.estimate(objective(linear), theta, eps=None, rng=rng(range(draws))).grad
    noise = grads.std(0) / draws**0.5
    assert ((grads.mean(0) - (1 - fraction) * SLOPES).abs() < 4.5 * noise + 1e-9).all()
    squared = (grads - SLOPES).square().sum(1) / SLOPES.square().sum()
    theory = mode.squared_error(20)
    assert theory == fraction
    assert float(squared.mean()) == pytest.approx(
        theory, abs=4.5 * float(squared.std() / draws**0.5)
    )
    assert build("masked_exact", fraction=fraction, which="smallest").squared_error(20) is None


def test_the_noise_of_noisy_exact_is_gaussian_and_of_every_seed_alone():
    draws = 4000
    mode = build("noisy_exact", relative_error=0.7)
    theta = torch.zeros(draws, 20, dtype=torch.float64)
    noise = mode.estimate(objective(linear), theta, eps=None, rng=rng(range(draws))).grad - SLOPES
    sigma = 0.7 * float(SLOPES.norm()) / 20**0.5
    standard = noise / sigma
    for power, moment in ((1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)):
        raised = standard.pow(power)
        tolerance = 4.5 * float(raised.std()) / raised.numel() ** 0.5
        assert float(raised.mean()) == pytest.approx(moment, abs=tolerance)


def test_without_error_the_controls_are_the_exact_gradient():
    for f, theta in objectives(game()).values():
        exact = build("exact").estimate(f, theta, eps=None, rng=rng())
        for mode in (
            build("noisy_exact", relative_error=0.0),
            build("masked_exact", fraction=0.0, which="random"),
            build("perturbed_start"),
        ):
            estimate = mode.estimate(f, theta, eps=None, rng=rng())
            assert torch.equal(estimate.grad, exact.grad)
            assert torch.equal(estimate.value, exact.value)


def test_the_start_is_moved_by_the_distance_in_every_coordinate():
    theta = torch.linspace(-1, 1, 40, dtype=torch.float64).reshape(2, 20)
    mode = build("perturbed_start", distance=1e-3)
    moved = mode.start(theta, rng())
    assert torch.allclose((moved - theta).abs(), torch.full_like(theta, 1e-3), rtol=1e-9)
    assert 0 < ((moved - theta) > 0).sum() < 40
    assert torch.equal(moved, mode.start(theta, rng()))
    assert torch.equal(moved[1], mode.start(theta[1:], rng((1,)))[0])
    assert torch.equal(build("perturbed_start", distance=0.0).start(theta, rng()), theta)


def test_controls_state_what_a_match_decides():
    matches = {
        name: registry.describe("modes", name).constants["matches"]
        for name in registry.names("modes")
        if "matches" in registry.describe("modes", name).constants
    }
    assert matches == {"noisy_exact": ("relative_error",), "masked_exact": ("fraction",)}


def test_forward_gradient_goes_through_a_gradient_penalty():
    """Forward over reverse: the slope along u of a loss that holds a derivative itself."""
    g = dataclasses.replace(game(), r1=3.0)
    f, theta = objectives(g)["discriminator"]
    plain, _ = objectives(game())["discriminator"]
    exact = build("exact").estimate(f, theta, eps=None, rng=rng()).grad
    without = build("exact").estimate(plain, theta, eps=None, rng=rng()).grad
    assert (exact - without).abs().max() > 1e-3
    mode = build("forward_gradient", directions=3)
    directions = rng().normal(3, theta.shape[1])
    expected = torch.einsum("sp,skp,skq->sq", exact, directions, directions) / 3
    grad = mode.estimate(f, theta, eps=None, rng=rng()).grad
    assert torch.allclose(grad, expected, rtol=1e-9, atol=1e-12)


def quadratic(points):
    return 0.5 * points.square().sum(-1)


@pytest.mark.parametrize("count", [1, 7, 40])
def test_stale_coordinates_are_forward_differences_of_when_they_were_drawn(count):
    """Also over more than one block: entry i is θ_i + ε/2 of its last refresh, exactly."""
    mode, f, eps = build("stale_coordinates", coordinates=count), objective(quadratic), 1e-3
    theta = torch.linspace(-1, 1, 80, dtype=torch.float64).reshape(2, 40)
    first = mode.estimate(f, theta, eps=eps, rng=rng())
    full = build("forward_difference").estimate(f, theta, eps=eps, rng=rng())
    assert torch.equal(first.grad, full.grad)
    assert first.forwards == 41
    draws, twin, grad, expected = rng(), rng(), first.grad, theta + eps / 2
    for move in (0.1, 0.2, 0.4):
        chosen = torch.zeros(2, 40, dtype=torch.bool).scatter(1, subset(twin, 40, count), True)
        expected = (theta + move + eps / 2).where(chosen, expected)
        before = grad.clone()
        made = mode.refresh(grad, f, theta + move, eps=eps, rng=draws)
        assert torch.equal(grad, before)
        grad = made.grad
        assert torch.allclose(grad, expected, rtol=1e-9)
        assert made.forwards == count + (1 if count <= 32 else 2)
        assert torch.allclose(made.value, quadratic(theta + move))


def test_a_gradient_that_stays_the_same_is_never_stale():
    theta = torch.zeros(2, 20, dtype=torch.float64)
    mode, draws = build("stale_coordinates", coordinates=3), rng()
    grad = mode.estimate(objective(linear), theta, eps=1e-3, rng=draws).grad
    for _ in range(5):
        grad = mode.refresh(grad, objective(linear), theta, eps=1e-3, rng=draws).grad
    assert torch.allclose(grad, SLOPES.expand(2, 20))
