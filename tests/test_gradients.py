"""Theory of every gradient mode: order, bias, error law, kinks, and what it may not touch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from games import game, objectives, rng
from numdifftools import Gradient
from variants import EXAMPLE, example

from approxgan import registry
from approxgan.objective import objective

MODES = registry.names("modes")
BUILT = {name: example("modes", name) for name in MODES}
STEPPED = [name for name in MODES if BUILT[name].order is not None]
BLIND = [name for name in MODES if not BUILT[name].differentiates]
RANDOM = [name for name in MODES if BUILT[name].random]
HARMLESS = {"exact", "perturbed_start", "subgradient"}
BIASED = {"masked_exact"}
ATTRIBUTES = {
    "takes_epsilon": bool,
    "sides": int,
    "per_coordinate": bool,
    "order": int | None,
    "random": bool,
    "differentiates": bool,
}


def smooth(theta):
    """A smooth loss with all its derivatives different along every coordinate."""
    weights = torch.arange(1, theta.shape[-1] + 1, dtype=theta.dtype)
    return torch.sin(theta * weights).sum(-1) + torch.exp(0.3 * theta).prod(-1)


def epsilon_of(mode, value=1e-5):
    return value if mode.takes_epsilon else None


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
def test_estimate_leaves_theta_alone_and_repeats_itself(name):
    mode = BUILT[name]
    f, theta = objectives(game())["generator"]
    before = theta.clone()
    first = mode.estimate(f, theta, eps=epsilon_of(mode), rng=rng())
    again = mode.estimate(f, theta, eps=epsilon_of(mode), rng=rng())
    assert torch.equal(theta, before)
    assert torch.equal(first.grad, again.grad)
    other = mode.estimate(f, theta, eps=epsilon_of(mode), rng=rng(seeds=(5, 6)))
    assert torch.equal(first.grad, other.grad) == (not mode.random)


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


@pytest.mark.parametrize("name", MODES)
def test_modes_work_in_half_precision(name):
    mode = BUILT[name]
    f, theta = objectives(game(), dtype=torch.bfloat16)["generator"]
    streams = rng(dtype=torch.bfloat16)
    estimate = mode.estimate(f, theta, eps=epsilon_of(mode, 0.1), rng=streams)
    assert estimate.grad.dtype == torch.bfloat16
    assert estimate.grad.isfinite().all()


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


@pytest.mark.parametrize("name", BLIND)
def test_forwards_are_the_evaluations_made(name):
    mode = BUILT[name]
    calls = []

    def counted(points):
        calls.append(1)
        return smooth(points)

    theta = torch.full((2, 3), 0.1, dtype=torch.float64)
    estimate = mode.estimate(objective(counted), theta, eps=1e-6, rng=rng())
    # Two sweeps evaluate the base value twice, which the central difference does not need.
    assert len(calls) - estimate.forwards in (0, 2)
    assert estimate.backwards == 0


@pytest.mark.parametrize("name", sorted(HARMLESS & set(MODES)))
def test_exact_modes_agree_with_numdifftools(name):
    mode = BUILT[name]
    f, theta = objectives(game(), seeds=(0,))["discriminator"]

    def scalar(point):
        return float(f(torch.from_numpy(point)[None]))

    truth = Gradient(scalar, step=1e-5, order=2)(theta[0].numpy())
    grad = mode.estimate(f, theta, eps=None, rng=rng(seeds=(0,))).grad[0].numpy()
    assert np.abs(grad - truth).max() < 1e-7


@pytest.mark.parametrize("name", STEPPED)
def test_the_slope_of_log_error_is_the_order(name):
    mode = BUILT[name]
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    f = objective(smooth, how="batched")
    truth = BUILT["exact"].estimate(f, theta, eps=None, rng=rng()).grad
    steps = np.array([1e-2, 3e-3, 1e-3, 3e-4])
    errors = [float((mode.estimate(f, theta, eps=e, rng=rng()).grad - truth).norm()) for e in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(mode.order, abs=0.05)


def kinked(theta):
    return torch.nn.functional.leaky_relu(theta, 0.2).sum(-1)


def test_one_sided_and_central_values_at_a_kink():
    theta = torch.zeros(1, 3, dtype=torch.float64)
    f = objective(kinked, how="batched")
    grads = {
        name: BUILT[name].estimate(f, theta, eps=epsilon_of(BUILT[name]), rng=rng((0,))).grad
        for name in ("exact", "forward_difference", "central_difference")
    }
    assert torch.allclose(grads["exact"], torch.full_like(theta, 0.2))
    assert torch.allclose(grads["forward_difference"], torch.ones_like(theta))
    assert torch.allclose(grads["central_difference"], torch.full_like(theta, 0.6))


@pytest.mark.parametrize("alpha", [0.2, 0.6, 1.0])
def test_the_subgradient_multiplies_by_alpha_at_exact_zeros(alpha):
    g = game()
    f, theta = objectives(g, seeds=(0,))["discriminator"]
    flat = theta.clone()
    flat[:, : 6 * 2 + 6] = 0.0  # the first layer: every pre-activation is exactly 0
    mode = registry.build("modes", "subgradient", {"alpha": alpha})
    grad = mode.estimate(f, flat, eps=None, rng=rng((0,))).grad
    exact = BUILT["exact"].estimate(f, flat, eps=None, rng=rng((0,))).grad
    # The first layer's gradient is proportional to the slope used; the rest does not see it.
    assert torch.allclose(grad[:, :18], exact[:, :18] * alpha / 0.2)
    assert torch.equal(grad[:, 18:], exact[:, 18:])
    assert exact[:, :18].abs().max() > 0


def test_the_subgradient_is_the_exact_gradient_away_from_kinks():
    for f, theta in objectives(game()).values():
        mine = BUILT["subgradient"].estimate(f, theta, eps=None, rng=rng()).grad
        assert torch.equal(mine, BUILT["exact"].estimate(f, theta, eps=None, rng=rng()).grad)


def test_the_subgradient_refuses_an_objective_without_known_kinks():
    with pytest.raises(ValueError, match="does not show where its kinks are"):
        BUILT["subgradient"].estimate(objective(smooth), torch.zeros(1, 2), eps=None, rng=rng((0,)))


def test_the_uniform_shift_is_the_slope_along_all_ones_everywhere():
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    f = objective(smooth)
    truth = BUILT["exact"].estimate(f, theta, eps=None, rng=rng()).grad
    grad = BUILT["uniform_shift"].estimate(f, theta, eps=1e-7, rng=rng()).grad
    assert torch.allclose(grad, truth.sum(1, keepdim=True).expand_as(grad), rtol=1e-5)


SETTINGS = [
    ("random_direction", {"directions": q, "distribution": kind, "sides": sides})
    for q, kind, sides in [
        (1, "gaussian", 1),
        (5, "gaussian", 2),
        (3, "sphere", 1),
        (4, "orthonormal", 2),
        (20, "orthonormal", 1),
    ]
]
SETTINGS += [("spsa", {"directions": 3}), ("forward_gradient", {"directions": 3})]
SETTINGS += [("random_coordinates", {"coordinates": k}) for k in (1, 3, 20)]
SETTINGS += [
    (name, EXAMPLE["modes"].get(name, {}))
    for name in RANDOM
    if name not in {s[0] for s in SETTINGS}
]


@pytest.mark.parametrize(("name", "settings"), [case for case in SETTINGS if case[0] not in BIASED])
def test_random_modes_are_unbiased_and_as_far_off_as_theory_says(name, settings):
    """On a linear loss there is no error in ε: what is left is the draw's."""
    mode = registry.build("modes", name, settings)
    dimension, draws = 20, 6000
    slopes = torch.linspace(-1.0, 2.0, dimension, dtype=torch.float64)
    f = objective(lambda theta: (theta * slopes).sum(-1), how="batched")
    # Stacked seeds are the independent draws.
    theta = torch.zeros(draws, dimension, dtype=torch.float64)
    grads = mode.estimate(f, theta, eps=epsilon_of(mode, 1e-3), rng=rng(range(draws))).grad
    error = grads.mean(0) - slopes
    noise = grads.std(0) / draws**0.5
    assert (error.abs() < 4.5 * noise + 1e-9).all()
    squared = (grads - slopes).square().sum(1) / slopes.square().sum()
    theory = mode.squared_error(dimension)
    tolerance = 4.5 * float(squared.std()) / draws**0.5 + 1e-9
    assert float(squared.mean()) == pytest.approx(theory, abs=tolerance)


def test_smoothing_bias_is_linear_in_epsilon():
    """For f = |θ|²/2 one-sided Gaussian slopes have bias E[ε|u|²/2 u] = 0 but f(θ+εu) has none
    at all two-sided: both means must be θ, and the one-sided spread must grow with ε."""
    dimension, draws = 5, 4000
    theta = torch.ones(draws, dimension, dtype=torch.float64)
    f = objective(lambda x: 0.5 * x.square().sum(-1), how="batched")

    def spread(sides, eps):
        mode = registry.build(
            "modes",
            "random_direction",
            {"directions": 1, "distribution": "gaussian", "sides": sides},
        )
        grads = mode.estimate(f, theta, eps=eps, rng=rng(range(draws))).grad
        noise = grads.std(0) / draws**0.5
        assert ((grads.mean(0) - 1.0).abs() < 4.5 * noise).all()
        return float((grads - 1.0).square().sum(1).mean())

    assert spread(2, 1.0) == pytest.approx(spread(2, 1e-3), rel=1e-6)
    assert spread(1, 1.0) > 1.5 * spread(1, 1e-3)


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
    from approxgan.core import InputError

    with pytest.raises(InputError, match=name):
        registry.build("modes", name, settings)


def test_more_orthonormal_directions_than_dimensions_are_refused():
    settings = {"directions": 3, "distribution": "orthonormal", "sides": 1}
    mode = registry.build("modes", "random_direction", settings)
    with pytest.raises(ValueError, match="do not fit in 2 dimensions"):
        mode.estimate(objective(smooth), torch.zeros(1, 2), eps=1e-3, rng=rng((0,)))
