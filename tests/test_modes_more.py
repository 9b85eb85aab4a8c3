"""Gradient sampling, random coordinates, the controls, and what modes refuse."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import torch
from games import game, objectives, rng
from scipy.optimize import LinearConstraint, minimize
from variants import EXAMPLE, example

from approxgan import registry
from approxgan.core import Situation
from approxgan.gradients._hull import nearest
from approxgan.gradients._subsets import subset
from approxgan.objective import objective

ANYWHERE = Situation(dimension=50, slopes=(0.2, 1.0), penalised=False, rule=None)
SLOPES = torch.linspace(-1.0, 2.0, 20, dtype=torch.float64)


def build(name, **settings):
    return registry.build("modes", name, {**EXAMPLE["modes"].get(name, {}), **settings})


def linear(theta):
    return (theta * SLOPES).sum(-1)


def hull(points):
    """The nearest point of each hull, [S, P]."""
    weights = nearest(points)
    assert (weights >= 0).all()
    assert torch.allclose(weights.sum(1), torch.ones(len(weights), dtype=torch.float64))
    return torch.einsum("sk,skp->sp", weights, points)


def test_the_nearest_point_of_two_is_the_foot_of_the_perpendicular_or_an_end():
    draws = torch.from_numpy(np.random.default_rng(0).standard_normal((200, 2, 3)))
    a, b = draws.unbind(1)
    part = ((a * (a - b)).sum(1) / (a - b).square().sum(1)).clamp(0, 1)
    assert torch.allclose(hull(draws), a + part[:, None] * (b - a), atol=1e-12)
    assert 0 < (part == 0).sum() < 200


def test_the_nearest_point_is_zero_where_the_hull_holds_it():
    around = np.random.default_rng(0).standard_normal((50, 6, 3))
    points = torch.from_numpy(np.concatenate([around, -around.sum(1, keepdims=True)], 1))
    assert hull(points).abs().max() < 1e-13


@pytest.mark.parametrize("kind", ["any", "far", "whole", "equal", "alike"])
def test_the_nearest_point_satisfies_its_optimality_conditions(kind):
    """x·(x_k - x) >= 0 for every k: no step towards a point of the hull comes nearer."""
    source = np.random.default_rng(0)
    points = source.standard_normal((300, 7, 4))
    if kind == "far":
        points += 2.0
    elif kind == "whole":
        points = source.integers(-1, 2, points.shape).astype(float)
    elif kind == "equal":
        points = np.repeat(points[:, :1], 7, axis=1)
    elif kind == "alike":
        points = points[:, :1] + 1e-9 * points
    points = torch.from_numpy(points)
    x = hull(points)
    gain = x.square().sum(1, keepdim=True) - torch.einsum("sp,skp->sk", x, points)
    assert gain.max() < 1e-14 * points.square().sum(2).max()


def test_the_nearest_point_agrees_with_a_general_solver():
    for seed in range(10):
        points = np.random.default_rng(seed).standard_normal((5, 6)) + 0.3
        solved = minimize(
            lambda w, points=points: float(np.sum((w @ points) ** 2)),
            np.full(5, 0.2),
            jac=lambda w, points=points: 2.0 * points @ (w @ points),
            bounds=[(0, 1)] * 5,
            constraints=[LinearConstraint(np.ones((1, 5)), 1.0, 1.0)],
            method="SLSQP",
            options={"ftol": 1e-14},
        )
        mine = hull(torch.from_numpy(points)[None])[0].numpy()
        # The solver stops at a value within ftol, so its point is near to the root of that.
        assert np.abs(mine - solved.x @ points).max() < 1e-6
        assert np.sum(mine**2) <= solved.fun + 1e-14


def test_hulls_of_zeros_and_of_what_is_not_finite_have_equal_weights():
    points = torch.zeros(3, 4, 2, dtype=torch.float64)
    points[1, 2, 0], points[2, 0, 1] = torch.nan, torch.inf
    assert torch.equal(nearest(points), torch.full((3, 4), 0.25, dtype=torch.float64))


@pytest.mark.parametrize("element", ["minimum_norm", "mean"])
def test_gradient_sampling_gives_the_gradient_of_a_linear_loss(element):
    mode = build("gradient_sampling", element=element)
    estimate = mode.estimate(
        objective(linear), torch.zeros(2, 20, dtype=torch.float64), eps=0.5, rng=rng()
    )
    assert torch.allclose(estimate.grad, SLOPES.expand(2, 20), rtol=1e-12)
    assert (estimate.forwards, estimate.backwards) == (4, 4)


@pytest.mark.parametrize(("at", "expected"), [(0.3, 1.0), (0.05, 0.0), (-0.3, -1.0)])
def test_gradient_sampling_sees_a_kink_within_its_radius(at, expected):
    """|θ| in one dimension: 0 is in the hull of ±1 as soon as both sides are sampled."""
    mode = build("gradient_sampling", points=30)
    f = objective(lambda theta: theta.abs().sum(-1))
    theta = torch.tensor([[at]], dtype=torch.float64)
    grad = mode.estimate(f, theta, eps=0.2, rng=rng((0,))).grad
    assert float(grad) == pytest.approx(expected, abs=1e-12)
    # One dimension has the same law of |b|: uniform on [0, 1].
    mean = build("gradient_sampling", points=4000, element="mean").estimate(
        f, theta, eps=0.2, rng=rng((0,))
    )
    law = np.clip(at / 0.2, -1, 1)
    assert float(mean.grad) == pytest.approx(law, abs=4.5 * (1 - law**2) ** 0.5 / 4000**0.5 + 1e-3)


def test_sampled_points_are_uniform_in_the_ball():
    mode = build("gradient_sampling", points=4000)
    points = mode._ball(torch.zeros(1, 3, dtype=torch.float64), rng((0,)))[0]
    radii = points.norm(dim=1)
    assert radii.max() < 1
    # |b|³ is uniform on [0, 1] in three dimensions, every coordinate has variance 1/5.
    for power in (1, 2):
        moment = radii.pow(3 * power)
        assert float(moment.mean()) == pytest.approx(
            1 / (power + 1), abs=4.5 * float(moment.std()) / 4000**0.5
        )
    square = points.square()
    assert torch.allclose(
        square.mean(0), torch.tensor(0.2).double(), atol=4.5 * float(square.std()) / 4000**0.5
    )


def test_gradient_sampling_leaves_a_seed_that_diverged_alone():
    mode = build("gradient_sampling")
    theta = torch.zeros(2, 20, dtype=torch.float64)
    theta[0, 0] = torch.nan
    f = objective(lambda points: points.square().sum(-1) + linear(points))
    grad = mode.estimate(f, theta, eps=1e-6, rng=rng()).grad
    assert grad[0].isnan().any()
    assert torch.allclose(grad[1], SLOPES, atol=1e-5)


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
    assert grad.forwards == count + 1


def test_more_coordinates_than_there_are_are_refused():
    mode = build("random_coordinates", coordinates=3)
    with pytest.raises(ValueError, match="coordinates=3 is more than there are: 2"):
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


def test_controls_state_what_a_measurement_can_set():
    matches = {
        name: registry.describe("modes", name).constants["matches"]
        for name in registry.names("modes")
        if "matches" in registry.describe("modes", name).constants
    }
    assert matches == {
        "noisy_exact": {"relative_error": "relative_error"},
        "masked_exact": {"fraction": "zero_fraction"},
    }


@pytest.mark.parametrize("name", registry.names("modes"))
def test_no_example_is_refused_where_nothing_is_special(name):
    refuses = getattr(example("modes", name), "refuses", None)
    assert refuses is None or refuses(ANYWHERE) is None


@pytest.mark.parametrize("name", registry.names("modes"))
def test_modes_that_never_differentiate_refuse_a_penalty(name):
    mode = example("modes", name)
    penalised = dataclasses.replace(ANYWHERE, penalised=True)
    reason = mode.refuses(penalised) if hasattr(mode, "refuses") else None
    if mode.differentiates:
        assert reason is None
    else:
        assert reason.startswith("never differentiates, but the loss holds a gradient penalty")


ORTHONORMAL = {"directions": 51, "distribution": "orthonormal", "sides": 1}
REFUSED = [
    ("random_direction", ORTHONORMAL, {}, "directions=51 is more than the 50 parameters"),
    ("random_coordinates", {"coordinates": 51}, {}, "coordinates=51 is more than the 50 para"),
    ("subgradient", {"alpha": 0.5}, {"slopes": None}, "alpha=0.5 .* the activation is smooth"),
    ("subgradient", {"alpha": 0.1}, {}, "alpha=0.1 .* accepted: 0.2 to 1"),
    ("subgradient", {"alpha": 0.1}, {"slopes": (1.0, 0.2)}, "accepted: 0.2 to 1"),
    ("gradient_sampling", {}, {"rule": "dtype"}, "epsilon=dtype: .* radius of a ball"),
]


@pytest.mark.parametrize(("name", "settings", "where", "reason"), REFUSED)
def test_modes_say_what_they_cannot_work_with(name, settings, where, reason):
    said = build(name, **settings).refuses(dataclasses.replace(ANYWHERE, **where))
    assert re.search(reason, said)
    assert "accepted: " in said


@pytest.mark.parametrize(
    ("name", "settings", "where"),
    [
        ("random_direction", {**ORTHONORMAL, "directions": 50}, {}),
        ("random_direction", {**ORTHONORMAL, "distribution": "gaussian"}, {}),
        ("random_coordinates", {"coordinates": 50}, {}),
        ("subgradient", {"alpha": 0.2}, {}),
        ("subgradient", {"alpha": 0.0}, {"slopes": (0.0, 1.0)}),
        ("forward_difference", {}, {"rule": "dtype"}),
    ],
)
def test_modes_accept_what_they_can_work_with(name, settings, where):
    assert build(name, **settings).refuses(dataclasses.replace(ANYWHERE, **where)) is None


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
