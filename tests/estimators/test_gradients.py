"""What every gradient mode promises, and what it may not touch."""

from __future__ import annotations

import pytest
import torch
from worlds.estimates import BUILT, MODES, epsilon_of, smooth
from worlds.games import game, objectives, rng

from approxgan.config import registry
from approxgan.objective.black_box import objective

BLIND = [name for name in MODES if not BUILT[name].differentiates]
ATTRIBUTES = {
    "takes_epsilon": bool,
    "sides": int,
    "per_coordinate": bool,
    "order": int | None,
    "random": bool,
    "differentiates": bool,
}


@pytest.mark.parametrize("name", MODES)
def test_a_mode_states_what_it_is_where_it_can_be_read_without_importing_it(name):
    about = registry.describe("modes", name)
    for attribute, kind in ATTRIBUTES.items():
        assert isinstance(getattr(BUILT[name], attribute), kind), attribute
        assert attribute in (*about.constants, *about.required), attribute
    stated = about.constants
    assert BUILT[name].sides in (0, 1, 2)
    assert stated["takes_epsilon"] or BUILT[name].sides == 0
    assert BUILT[name].sides > 0 or not stated["per_coordinate"]


@pytest.mark.parametrize("name", MODES)
def test_estimate_has_the_shape_dtype_and_value_it_promises(name):
    mode = BUILT[name]
    for f, theta in objectives(game()).values():
        estimate = mode.estimate(f, theta, eps=epsilon_of(mode), rng=rng())
        assert estimate.grad.shape == theta.shape
        assert estimate.grad.dtype == theta.dtype
        assert not estimate.grad.requires_grad
        assert torch.allclose(estimate.value, f(theta), rtol=1e-6)
        assert estimate.forwards > 0


@pytest.mark.parametrize("name", MODES)
def test_a_seed_alone_equals_the_seed_in_a_block(name):
    mode = BUILT[name]
    both = objectives(game(), seeds=(0, 1))
    alone = objectives(game(), seeds=(1,))
    for player in both:
        f, theta = both[player]
        g, phi = alone[player]
        block = mode.estimate(f, theta, eps=epsilon_of(mode, 1e-3), rng=rng()).grad[1]
        single = mode.estimate(g, phi, eps=epsilon_of(mode, 1e-3), rng=rng(seeds=(1,))).grad[0]
        assert torch.allclose(block, single, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", [name for name in MODES if BUILT[name].takes_epsilon])
def test_equal_steps_for_all_are_the_same_as_one_number(name):
    mode = BUILT[name]
    for f, theta in objectives(game()).values():
        one = mode.estimate(f, theta, eps=1e-3, rng=rng())
        width = theta.shape[1] if mode.per_coordinate else 1
        steps = torch.full((len(theta), width), 1e-3, dtype=torch.float64)
        each = mode.estimate(f, theta, eps=steps, rng=rng())
        assert torch.allclose(each.grad, one.grad, rtol=1e-12, atol=1e-14)
        assert each.grad.shape == theta.shape
        assert (each.forwards, each.backwards) == (one.forwards, one.backwards)


@pytest.mark.parametrize("name", [name for name in MODES if BUILT[name].takes_epsilon])
def test_every_seed_takes_its_own_step(name):
    mode = BUILT[name]
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    f = objective(smooth)
    width = 4 if mode.per_coordinate else 1
    steps = torch.tensor([[1e-2], [1e-1]], dtype=torch.float64).expand(2, width)
    grad = mode.estimate(f, theta, eps=steps, rng=rng()).grad
    for row, eps in enumerate((1e-2, 1e-1)):
        alone = mode.estimate(f, theta, eps=eps, rng=rng()).grad[row]
        assert torch.allclose(grad[row], alone, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name in MODES if BUILT[name].per_coordinate])
def test_every_coordinate_takes_its_own_step(name):
    mode = BUILT[name]
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    f = objective(smooth)
    steps = torch.tensor([1e-3, 1e-2, 1e-1, 1.0], dtype=torch.float64).expand(2, 4)
    grad = mode.estimate(f, theta, eps=steps, rng=rng()).grad
    for column, eps in enumerate(steps[0].tolist()):
        alone = mode.estimate(f, theta, eps=eps, rng=rng()).grad[:, column]
        assert torch.allclose(grad[:, column], alone, rtol=1e-12)


class _NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, theta):
        return smooth(theta)

    @staticmethod
    def backward(ctx, *grads):
        raise AssertionError("a mode that must not differentiate called backward")


@pytest.mark.parametrize("how", ["plain"])
@pytest.mark.parametrize("name", BLIND)
def test_differences_work_on_a_loss_that_cannot_be_differentiated(name, how):
    mode = BUILT[name]
    theta = torch.full((2, 3), 0.1, dtype=torch.float64, requires_grad=True)

    def black_box(points):
        if points.requires_grad:
            return _NoBackward.apply(points)
        return torch.from_numpy(smooth(points).numpy())

    estimate = mode.estimate(objective(black_box, how=how), theta, eps=1e-6, rng=rng())
    assert estimate.grad.isfinite().all()


@pytest.mark.parametrize("eps", [None, 0.0, -1e-3, float("nan"), float("inf")])
@pytest.mark.parametrize("name", [name for name in MODES if BUILT[name].takes_epsilon])
def test_a_step_that_is_none_is_refused(name, eps):
    mode, f, theta = BUILT[name], objective(smooth), torch.zeros(1, 2)
    with pytest.raises(ValueError, match="epsilon"):
        mode.estimate(f, theta, eps=eps, rng=rng((0,)))
    if eps is not None:
        width = 2 if mode.per_coordinate else 1
        with pytest.raises(ValueError, match="epsilon"):
            mode.estimate(f, theta, eps=torch.tensor([[0.1, eps]])[:, -width:], rng=rng((0,)))


@pytest.mark.parametrize(
    "name", [n for n in MODES if BUILT[n].takes_epsilon and not BUILT[n].per_coordinate]
)
def test_a_step_for_every_coordinate_is_refused_where_all_move_together(name):
    with pytest.raises(ValueError, match=r"accepted: a number, or shape \(2, 1\)"):
        BUILT[name].estimate(
            objective(smooth), torch.zeros(2, 2), eps=torch.full((2, 2), 0.1), rng=rng()
        )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("spsa", {"directions": 0}),
        ("spsa", {"directions": 1.5}),
        ("forward_gradient", {"directions": True}),
        ("random_direction", {"directions": 1, "distribution": "cauchy", "sides": 1}),
        ("random_direction", {"directions": 1, "distribution": "sphere", "sides": 3}),
        ("subgradient", {"alpha": 1.2}),
        ("random_coordinates", {"coordinates": 0}),
        ("gradient_sampling", {"points": 0, "element": "mean"}),
        ("gradient_sampling", {"points": 1, "element": "median"}),
        ("noisy_exact", {"relative_error": -0.1}),
        ("noisy_exact", {"relative_error": float("inf")}),
        ("masked_exact", {"fraction": 1.1, "which": "random"}),
        ("masked_exact", {"fraction": float("nan"), "which": "random"}),
        ("masked_exact", {"fraction": 0.1, "which": "largest"}),
        ("perturbed_start", {"distance": -1e-7}),
    ],
)
def test_settings_out_of_range_are_refused_by_name(name, settings):
    from approxgan.core.errors import InputError

    with pytest.raises(InputError, match=name):
        registry.build("modes", name, settings)
