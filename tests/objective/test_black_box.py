"""A user's own function under every estimator and step rule: what it may do, and what is refused.

On f = |θ|² every difference has a closed form, and nothing that the function does to its argument
or keeps of its values may change it.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from worlds.estimates import BUILT, MODES, build, epsilon_of
from worlds.games import rng
from worlds.variants import example

from approxgan.config import registry
from approxgan.objective import objective
from approxgan.objective.black_box import How

RULES = registry.names("rules")
DIFFERENTIATING = [name for name in MODES if BUILT[name].differentiates and name != "subgradient"]
BLIND = [name for name in MODES if not BUILT[name].differentiates]
FREE = [*BLIND, *DIFFERENTIATING]
"""All that a function without known kinks can have."""
EPS = 1e-4
THETA = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.25]], dtype=torch.float64)


def square(theta):
    return theta.square().sum(-1)


class Reusing:
    """Returns the same buffer at every call."""

    def __init__(self):
        self.buffer = torch.zeros(2, dtype=torch.float64)

    def __call__(self, theta):
        if theta.requires_grad:
            return square(theta)
        self.buffer.copy_(square(theta))
        return self.buffer


def changing(theta):
    theta *= 2.0
    return square(theta) / 4.0


def viewing(theta):
    """Returns a part of what was its argument."""
    theta[:, 0] = square(theta.clone())
    return theta[:, 0]


def spoiling(theta):
    """Changes what its derivative needs."""
    value = square(theta)
    theta -= 1.0
    return value


class Keeping:
    """Keeps every point that it is given."""

    def __init__(self):
        self.points = []

    def __call__(self, theta):
        self.points.append((theta, theta.detach().clone()))
        return square(theta)


def own(theta):
    dtype = theta.dtype if theta.is_floating_point() else torch.float64
    return rng(range(len(theta)), dtype=dtype)


def estimated(name, f, theta=THETA, how: How = "plain", eps=EPS):
    mode = BUILT[name]
    streams = rng(
        range(len(theta)), dtype=theta.dtype if theta.is_floating_point() else torch.float64
    )
    return mode.estimate(objective(f, how=how), theta, eps=epsilon_of(mode, eps), rng=streams)


def chosen(name, f, theta=THETA, sides=1, per_coordinate=True):
    streams = rng(
        range(len(theta)), dtype=theta.dtype if theta.is_floating_point() else torch.float64
    )
    return example("rules", name).choose(
        objective(f), theta, sides=sides, per_coordinate=per_coordinate, rng=streams
    )


def same(one, other):
    assert torch.equal(one.grad, other.grad)
    assert torch.equal(one.value, other.value)
    assert (one.forwards, one.backwards) == (other.forwards, other.backwards)


def closed_forms():
    """Each estimate of |θ|² at THETA by its formula, on directions drawn apart."""
    theta, count = THETA, 3
    gaussian, signs = rng().normal(count, 3), rng().signs(count, 3)
    axis = theta.unsqueeze(1)

    def along(u, two_sided):
        slope = 2 * (axis * u).sum(-1) + (0 if two_sided else EPS * u.square().sum(-1))
        return (slope[..., None] * u).mean(1)

    return {
        "exact": 2 * theta,
        "perturbed_start": 2 * theta,
        "forward_difference": 2 * theta + EPS,
        "central_difference": 2 * theta,
        "uniform_shift": (2 * theta.sum(1, keepdim=True) + 3 * EPS).expand(2, 3),
        "random_direction": along(gaussian, False),
        "spsa": along(signs, True),
        "forward_gradient": along(gaussian, True),
    }


def called(f):
    """A function's or a class's name: the same in every process of the tests."""
    return getattr(f, "__name__", type(f).__name__)


@pytest.mark.parametrize("f", [square, Reusing(), changing, viewing, Keeping()], ids=called)
def test_estimates_have_their_closed_forms_whatever_the_function_does(f):
    for name, expected in closed_forms().items():
        assert torch.allclose(estimated(name, f).grad, expected, rtol=1e-6), name
    assert torch.allclose(
        estimated("forward_difference", f).grad[0, :],
        torch.tensor([2.0001, 4.0001, 6.0001], dtype=torch.float64),
        rtol=1e-7,
    )


@pytest.mark.parametrize("how", ["plain", "batched"])
@pytest.mark.parametrize("name", FREE)
def test_what_a_function_does_to_its_tensors_changes_no_estimate(name, how):
    theta = THETA.clone()
    plain = estimated(name, square, how=how)
    others = [changing, viewing]
    if how == "plain":
        others += [Reusing()] + [spoiling] * (name in BLIND)
    for f in others:
        same(estimated(name, f, theta, how), plain)
    assert torch.equal(theta, THETA)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("per_coordinate", [True, False])
@pytest.mark.parametrize("name", RULES)
def test_what_a_function_does_to_its_tensors_changes_no_chosen_step(name, sides, per_coordinate):
    theta = THETA.clone()
    kind = {"sides": sides, "per_coordinate": per_coordinate}
    plain = chosen(name, square, **kind)
    for f in (changing, viewing, spoiling, Reusing()):
        assert torch.equal(chosen(name, f, theta, **kind).eps, plain.eps)
    assert torch.equal(theta, THETA)


@pytest.mark.parametrize("name", FREE)
def test_no_tensor_is_shared_with_the_caller(name):
    """What the function was given stays as it was, and what the caller gets is the caller's."""
    f, theta = Keeping(), THETA.clone()
    estimate = estimated(name, f, theta)
    theta.fill_(9.0)
    for point, before in f.points:
        assert torch.equal(point.detach(), before)
    grad, value = estimate.grad.clone(), estimate.value.clone()
    for point, _ in f.points:
        point.detach().fill_(7.0)
    assert torch.equal(estimate.grad, grad)
    assert torch.equal(estimate.value, value)
    estimate.grad.fill_(5.0)
    estimate.value.fill_(5.0)
    assert (theta == 9.0).all()


def test_a_gradient_is_no_tensor_of_the_functions_own():
    kept = torch.ones(2, 3, dtype=torch.float64)

    class Mine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, theta):
            return theta.sum(-1)

        @staticmethod
        def backward(ctx, *grads):
            return kept

    estimate = estimated("exact", Mine.apply)
    estimate.grad.add_(1.0)
    assert (kept == 1.0).all()
    # The gradient of a sum repeats one number in memory: it must be writable all the same.
    estimated("exact", lambda theta: theta.sum(-1)).grad[0, 0] = 3.0


def test_objectives_return_tensors_of_their_own():
    f, theta = objective(Reusing()), THETA.clone()
    first, many = f(theta), f.many(torch.stack([theta, theta + 1]))
    sweep = f.sweep(theta, 1.0)
    f(theta + 5)
    assert torch.equal(first, square(THETA))
    assert torch.equal(many, torch.stack([square(THETA), square(THETA + 1)]))
    assert torch.equal(sweep.value, square(THETA))
    assert torch.allclose(sweep.losses, square(THETA)[:, None] + 2 * THETA + 1)


WRONG_POINTS = {
    "int64": torch.tensor([[1, 2, 3]]),
    "bool": torch.tensor([[True, False]]),
    "complex64": torch.ones(1, 2, dtype=torch.complex64),
    r"\(3,\)": torch.ones(3),
    r"\(1, 1, 2\)": torch.ones(1, 1, 2),
}


@pytest.mark.parametrize("said", WRONG_POINTS)
@pytest.mark.parametrize("name", FREE)
def test_a_point_that_is_none_is_refused_in_one_line(name, said):
    with pytest.raises(ValueError, match=rf"^theta is .*{said}.*; accepted: .*\[S, P\].*$"):
        estimated(name, square, WRONG_POINTS[said])


@pytest.mark.parametrize("said", WRONG_POINTS)
@pytest.mark.parametrize("name", RULES)
def test_no_rule_chooses_a_step_at_a_point_that_is_none(name, said):
    with pytest.raises(ValueError, match=rf"^theta is .*{said}.*; accepted: .*\[S, P\].*$"):
        chosen(name, square, WRONG_POINTS[said])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", FREE)
def test_half_precision_is_estimated_in_its_own_type(name, dtype):
    theta = torch.tensor([[0.5, -0.25, 0.125]], dtype=dtype)
    half = estimated(name, square, theta, eps=0.125)
    double = estimated(name, square, theta.double(), eps=0.125)
    assert half.grad.dtype == half.value.dtype == dtype
    if not BUILT[name].random:
        # |θ|² and its steps are exact in float16 here, and two digits remain in bfloat16.
        assert torch.allclose(half.grad.double(), double.grad, atol=0.13)


@pytest.mark.parametrize("name", FREE)
def test_a_loss_may_be_finer_than_its_parameters(name):
    fine = estimated(name, lambda t: square(t.double()), THETA.float(), eps=1e-3)
    assert fine.grad.dtype == torch.float32
    assert fine.value.dtype == torch.float64
    assert estimated(name, lambda t: square(t).float()).value.dtype == torch.float32
    assert torch.allclose(fine.value, square(THETA), rtol=1e-3)


@pytest.mark.parametrize("name", BLIND)
def test_a_loss_that_counts_is_one(name):
    """Whole numbers: 100 for every unit of θ_0, so that ε = 1 finds the slope."""

    def count(theta):
        return (100 * theta[:, 0]).floor().long() + 7

    estimate = estimated(name, count, eps=1.0)
    assert estimate.grad.isfinite().all()
    if BUILT[name].per_coordinate and not BUILT[name].random:
        expected = torch.tensor([100.0, 0.0, 0.0], dtype=torch.float64).expand(2, 3)
        assert torch.equal(estimate.grad, expected)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda t: square(t)[:, None], r"torch.float64 \(2, 1\)"),
        (lambda t: square(t).sum(), r"torch.float64 \(\)"),
        (lambda t: square(t).numpy(), "ndarray"),
        (lambda t: 1.0, "float"),
        (lambda t: square(t).to(torch.complex64), "torch.complex64"),
        (lambda t: None, "NoneType"),
        (lambda t: square(t).to_sparse(), r"torch.float64 \(2,\) torch.sparse_coo"),
        (lambda t: square(t).to("meta"), r"torch.float64 \(2,\) torch.strided meta"),
    ],
)
@pytest.mark.parametrize("name", BLIND)
def test_values_that_are_no_loss_for_each_seed_are_refused(name, returned, said):
    with pytest.raises(ValueError, match=rf"returned {said}.*; accepted: .*\(2,\) on cpu"):
        estimated(name, returned)


@pytest.mark.parametrize("eps", [1e-50, 1e50])
@pytest.mark.parametrize("name", [n for n in BLIND if BUILT[n].takes_epsilon])
def test_a_step_that_the_precision_does_not_have_is_refused(name, eps):
    with pytest.raises(ValueError, match=rf"^epsilon={re.escape(str(eps))} .* in torch.float32"):
        estimated(name, square, THETA.float(), eps=eps)


FLAT = {
    "round": torch.round,
    "decimals": lambda t: torch.round(t, decimals=2),
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": torch.trunc,
    "sign": torch.sign,
    "sgn": torch.sgn,
    "compared": lambda t: (t > 0).double(),
    "whole": lambda t: t.long().double(),
    "cut": lambda t: t.detach(),
}
BOXES = {
    **{name: lambda t, cut=cut: cut(square(t)) for name, cut in FLAT.items()},
    "parameters": lambda t: square(torch.round(10 * t)),
    "numpy": lambda t: torch.from_numpy(square(t).numpy()),
    "numpy detached": lambda t: torch.from_numpy(np.square(t.detach().numpy()).sum(-1)),
    "item": lambda t: torch.tensor([row.square().sum().item() for row in t]).double(),
    "not implemented": lambda t: square(t // 0.1),
}


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("name", DIFFERENTIATING)
def test_no_estimator_differentiates_what_torch_cannot(name, box):
    """In place of the zeros that torch would give."""
    with pytest.raises(ValueError, match=r"differentiate.*; accepted: .*never differentiates$"):
        estimated(name, BOXES[box])


def test_a_derivative_that_the_function_spoils_is_refused():
    with pytest.raises(ValueError, match=r"^torch cannot differentiate .*inplace.*; accepted: "):
        estimated("exact", spoiling)


@pytest.mark.parametrize("name", BLIND)
def test_differences_take_what_torch_cannot_differentiate(name):
    theta = THETA.clone().requires_grad_(True)
    for box in BOXES.values():
        assert estimated(name, box, theta, eps=0.5).grad.isfinite().all()


DIFFERENTIABLE = {
    "stationary": lambda t: square(t - THETA[: len(t)]),
    "partly rounded": lambda t: square(t) + torch.round(t).sum(-1),
    "straight through": lambda t: square(t + (t.round() - t).detach()),
    "dead": lambda t: torch.relu(t - 100.0).sum(-1),
}


@pytest.mark.parametrize("name", DIFFERENTIATING)
@pytest.mark.parametrize("loss", DIFFERENTIABLE)
def test_zeros_that_are_derivatives_are_given(name, loss):
    grad = estimated(name, DIFFERENTIABLE[loss]).grad
    if loss in ("stationary", "dead"):
        wrong = 2 * EPS if BUILT[name].takes_epsilon and loss == "stationary" else 0.0
        assert (grad.abs() <= wrong).all()
    elif name in ("exact", "perturbed_start"):
        at = THETA.round() if loss == "straight through" else THETA
        assert torch.equal(grad, 2 * at)


@pytest.mark.parametrize("how", ["plain", "batched"])
def test_a_fault_of_the_function_is_its_own_error(how):
    def broken(theta):
        raise KeyError("mine")

    for name in FREE:
        with pytest.raises(KeyError, match="mine"):
            estimated(name, broken, how=how)


@pytest.mark.parametrize("f", [BOXES["numpy"], BOXES["item"], Reusing()], ids=called)
def test_what_cannot_be_vectorised_is_refused_in_one_line(f):
    for name in BLIND:
        with pytest.raises(ValueError, match=r"^how='batched' needs .*; accepted: how='plain'$"):
            estimated(name, f, how="batched")


WAYS = [
    *[(name, {}) for name in BLIND],
    ("spsa", {"directions": 70}),
    *[
        ("random_direction", {"directions": 70, "distribution": "sphere", "sides": sides})
        for sides in (1, 2)
    ],
    ("random_coordinates", {"coordinates": 40}),
]


@pytest.mark.parametrize(("name", "settings"), WAYS)
def test_forwards_are_the_evaluations_made_and_the_value_their_mean(name, settings):
    """Two-sided along random directions it is the mean, of all blocks; otherwise it is f(θ)."""
    mode, seen = build(name, **settings), []
    theta = torch.linspace(-1, 2, 40, dtype=torch.float64)[None]

    def counted(points):
        seen.append(square(points))
        return seen[-1]

    estimate = mode.estimate(objective(counted), theta, eps=0.1, rng=rng((0,)))
    assert estimate.forwards == len(seen)
    two_sided = mode.sides == 2 and not mode.per_coordinate
    expected = torch.stack(seen).mean(0) if two_sided else square(theta)
    assert torch.allclose(estimate.value, expected, rtol=1e-12)
