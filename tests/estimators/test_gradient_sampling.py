"""Gradient sampling: the nearest point of a hull, and points drawn from a ball."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import LinearConstraint, minimize
from worlds.estimates import SLOPES, build, linear
from worlds.games import rng

from approxgan.estimators.gradient_sampling import nearest
from approxgan.objective.black_box import objective


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
