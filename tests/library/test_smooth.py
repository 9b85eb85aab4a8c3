"""A black box inside a differentiable model, and the score function: against autograd's answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from worlds.estimates import BUILT, MODES
from worlds.variants import EXAMPLE

import approxgan
from approxgan.core.errors import InputError
from approxgan.library import steps
from approxgan.library.steps import NoiseWarning

BOXED = [n for n in MODES if BUILT[n].takes_epsilon and not BUILT[n].differentiates]


def boxed(function):
    return approxgan.smooth(function, "spsa", eps=0.1)


def smooth_box(x):
    """[B, 3] -> [B, 2] by torch."""
    return torch.stack([torch.sin(x).sum(1), x.prod(1)], 1)


def box(x):
    """The same by NumPy; it also spoils what it is given."""
    array = x.numpy()
    y = np.stack([np.sin(array).sum(1), array.prod(1)], 1)
    array[:] = np.nan
    return y


def through(function, dtype=torch.float64):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh()).to(dtype)
    after = nn.Linear(2, 1).to(dtype)
    x = torch.randn(5, 4, dtype=dtype)
    after(function(model(x))).square().sum().backward()
    return torch.cat([p.grad.flatten() for p in (*model.parameters(), *after.parameters())])


@pytest.mark.parametrize("mode", ["forward_difference", "central_difference"])
def test_the_rest_of_the_graph_backpropagates(mode):
    truth = through(smooth_box)
    made = through(approxgan.smooth(box, mode, eps=1e-6))
    assert torch.allclose(made, truth, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", BOXED)
def test_every_row_is_an_estimate_of_its_own(name):
    """On rows that are alike and draws of their own, random modes are as far off as theory says."""
    rows, width = 4000, 6
    settings = EXAMPLE["modes"].get(name, {})
    slopes = torch.linspace(-1, 2, width, dtype=torch.float64)
    x = torch.zeros(rows, width, dtype=torch.float64, requires_grad=True)
    f = approxgan.smooth(lambda x: (x * slopes).sum(1), name, eps=1e-3, generator=2, **settings)
    f(x).sum().backward()
    law = BUILT[name].squared_error(width)
    if law is None:
        return
    squared = (x.grad - slopes).square().sum(1) / slopes.square().sum()
    noise = 4.5 * float(squared.std()) / rows**0.5 + 1e-9
    assert float(squared.mean()) == pytest.approx(law, abs=noise)


def test_calls_are_whole_batches_and_shapes_and_types_are_kept():
    calls = []

    def counted(x, scale):
        calls.append(tuple(x.shape))
        return (scale * x.numpy().astype(np.float64)).sum((1, 2), keepdims=True)

    x = torch.ones(7, 2, 3, dtype=torch.float32, requires_grad=True)
    y = approxgan.smooth(counted, "forward_difference", eps=0.125)(x, 3.0)
    assert (y.shape, y.dtype, len(calls)) == ((7, 1, 1), torch.float32, 1)
    y.sum().backward()
    assert calls == [(7, 2, 3)] * (8 + 2), "the first look takes two"
    y.sum().backward()
    assert calls == [(7, 2, 3)] * (10 + 7)
    x.grad = x.grad / 2.0
    assert torch.allclose(x.grad, torch.full_like(x, 3.0))
    assert x.grad.dtype == torch.float32
    half = torch.ones(2, 3, dtype=torch.bfloat16, requires_grad=True)
    approxgan.smooth(lambda x: x.float().sum(1), "spsa", eps=0.125, generator=0)(
        half
    ).sum().backward()
    assert half.grad.dtype == torch.bfloat16


def test_arrays_that_torch_does_not_take_are_copied():
    """Rows backwards, and arrays that are not to be written, as JAX makes them."""

    def backwards(x):
        return x.numpy()[:, ::-1]

    def locked(x):
        array = x.numpy()[:, ::-1].copy()
        array.setflags(write=False)
        return array

    v = torch.arange(6.0).view(2, 3)
    for function in (backwards, locked):
        x = torch.ones(2, 3, requires_grad=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (approxgan.smooth(function, "central_difference", eps=0.125)(x) * v).sum().backward()
        assert torch.allclose(x.grad, v.flip(1))
    log_prob = torch.zeros(3, requires_grad=True)
    approxgan.surrogate(np.arange(3.0)[::-1], log_prob).backward()
    assert torch.allclose(log_prob.grad, torch.tensor([2.0, 1.0, 0.0]) / 3)


def test_noise_that_is_not_common_is_noticed():
    rng = np.random.default_rng(0)

    def noisy(x):
        return x.numpy() ** 2 + 1e-3 * rng.standard_normal(x.shape)

    def slope(function, eps):
        x = torch.ones(50, 2, dtype=torch.float64, requires_grad=True)
        steps._examined.clear()
        approxgan.smooth(function, "spsa", eps=eps)(x).sum().backward()

    with pytest.warns(NoiseWarning, match="eps=1e-06 are mostly noise"):
        slope(noisy, 1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slope(noisy, 0.5)
        slope(lambda x: x**2, 1e-6)
        slope(lambda x: x * torch.randn(50, 2), 1e-6)


def test_arguments_are_handed_on_also_by_name():
    f = approxgan.smooth(lambda x, a, *, b: x * a + b, "central_difference", eps=0.1)
    with torch.no_grad():
        y = f(torch.ones(2, 3), torch.ones(3, requires_grad=True), b=2.0)
    assert torch.equal(y, torch.full((2, 3), 3.0))


def test_without_a_gradient_asked_for_the_box_is_called_once():
    calls = []

    def counted(x):
        calls.append(1)
        return x.square()

    f = approxgan.smooth(counted, "central_difference", eps=1e-3)
    assert not f(torch.ones(2, 2)).requires_grad
    with torch.no_grad():
        f(torch.ones(2, 2, requires_grad=True))
    assert len(calls) == 2


@pytest.mark.parametrize("common", [True, False])
def test_the_backward_pass_draws_as_the_forward_pass_did(common):
    def noisy(x):
        return x * torch.randn(len(x), 1, dtype=torch.float64)

    torch.manual_seed(4)
    factors = torch.randn(50, 1, dtype=torch.float64)
    expected = torch.rand(1)
    torch.manual_seed(4)
    x = torch.ones(50, 3, dtype=torch.float64, requires_grad=True)
    y = approxgan.smooth(noisy, "central_difference", eps=1e-3, common=common)(x)
    y.sum().backward()
    assert torch.equal(y.detach(), factors.expand(50, 3))
    same = torch.allclose(x.grad, factors.expand(50, 3), rtol=1e-6)
    assert same == common
    assert not common or torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: approxgan.smooth(box, "exact", eps=0.1), "exact does not difference"),
        (lambda: approxgan.smooth(box, "gradient_sampling", eps=0.1, points=1, element="mean"),
         "gradient_sampling does not difference"),
        (lambda: approxgan.smooth(box, "spsa", eps=0.0), "eps is 0.0"),
        (lambda: approxgan.smooth(3, "spsa", eps=0.1), "function is int"),
        (lambda: boxed(box)(torch.ones(2, dtype=torch.int64)), "x is torch.int64"),
        (lambda: boxed(box)(3.0), "x is float"),
        (lambda: boxed(lambda x: None)(torch.ones(2, 3)), "returned None"),
        (lambda: boxed(lambda x: {})(torch.ones(2, 3)), "returned dict; accepted: a tensor or"),
        (lambda: boxed(lambda x: "y")(torch.ones(2, 3)), "returned str"),
        (lambda: boxed(lambda x: x.sum())(torch.ones(2, 3)), "accepted: real numbers.* 2 rows"),
        (lambda: boxed(lambda x: x.to_sparse())(torch.ones(2, 3)), "torch.sparse_coo"),
        (lambda: approxgan.smooth(box, "spsa", eps=1e-9)(torch.ones(2, 3)), "x . eps rounds to x"),
        (lambda: boxed(box)(torch.ones(2, 3).to_sparse()), "x is torch.float32 torch.sparse_coo"),
        (lambda: boxed(lambda x: x.to(torch.float8_e4m3fn))(torch.ones(2, 3)), "float8.* real num"),
        (lambda: boxed(lambda x: np.array([None]))(torch.ones(1, 3)), "returned ndarray object; "),
        (lambda: boxed(lambda x, w: x)(torch.ones(2, 3), LOG),
         r"argument 1 after x needs gradients, .*accepted: one without \(detach\)"),
        (lambda: boxed(lambda x, w: x)(torch.ones(2, 3), w=LOG), "argument w after x needs"),
        (lambda: approxgan.smooth(box, "spsa", eps=0.1, common="no")(torch.ones(2, 3)),
         "common is 'no'"),
        (lambda: boxed(lambda x: x / 0)(torch.ones(2, 3)), "not finite in row 0"),
        (lambda: approxgan.surrogate([1.0], torch.ones(1)), "log_prob is .* without a graph"),
        (lambda: approxgan.surrogate([1.0], LOG), r"losses are .*\(1,\) and log_prob is .*\(3,\)"),
        (lambda: approxgan.surrogate(torch.ones(3).to_sparse(), LOG), "losses is torch.sparse_coo"),
        (lambda: approxgan.surrogate([1.0, 2.0, np.nan], LOG), "not all finite"),
        (lambda: approxgan.surrogate(None, LOG), "losses: NoneType is no array"),
        (lambda: approxgan.surrogate([1.0, 2.0, 3.0], LOG - np.inf), "log_prob of .* not all"),
        (lambda: approxgan.surrogate([1.0, 2.0, 3.0], LOG, np.nan), "baseline is not finite"),
        (lambda: approxgan.surrogate([1.0, 2.0, 3.0], LOG, object()), "baseline: object is no"),
        (lambda: approxgan.surrogate([1.0, 2.0, 3.0], LOG, "mean"), "baseline is 'mean'"),
        (lambda: approxgan.surrogate([1.0], LOG[:1], "leave_one_out"), "2 draws or more"),
        (lambda: approxgan.surrogate([1.0, 2.0, 3.0], LOG, torch.ones(2)), "expands to theirs"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_one_line(call, said):
    with pytest.raises(InputError, match=said) as raised:
        call()
    assert "\n" not in str(raised.value)


LOG = torch.zeros(3, requires_grad=True) * 1.0
SCORES = torch.tensor([0.2, -0.4, 1.0, 0.1], dtype=torch.float64)
LOSSES = torch.tensor([1.0, 3.0, -2.0, 5.0], dtype=torch.float64)


def expected_gradient():
    scores = SCORES.clone().requires_grad_(True)
    (torch.softmax(scores, 0) * LOSSES).sum().backward()
    return scores.grad


@pytest.mark.parametrize("baseline", [None, "leave_one_out", 2.0, torch.tensor([1.5])])
def test_the_score_function_is_unbiased(baseline):
    """Each column is an estimate from 3 draws, with gradients of its own."""
    count = 20000
    scores = SCORES.repeat(count, 1).requires_grad_(True)
    rng = torch.Generator().manual_seed(0)
    drawn = torch.multinomial(torch.softmax(SCORES, 0), 3 * count, True, generator=rng).view(
        3, count
    )
    log_prob = torch.log_softmax(scores, 1).gather(1, drawn.T).T
    value = approxgan.surrogate(LOSSES[drawn], log_prob, baseline)
    assert float(value.detach()) == pytest.approx(float(LOSSES[drawn].mean()))
    value.backward()
    grads = scores.grad * count
    noise = 4.5 * grads.std(0) / count**0.5
    assert ((grads.mean(0) - expected_gradient()).abs() < noise).all()


def test_leave_one_out_is_as_its_formula_written_out():
    log_prob = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64, requires_grad=True)
    losses = torch.tensor([1, 4, 10])
    approxgan.surrogate(losses, log_prob, "leave_one_out").backward()
    assert torch.allclose(log_prob.grad, torch.tensor([1 - 7.0, 4 - 5.5, 10 - 2.5]).double() / 3)


def test_losses_with_a_graph_add_their_own_gradient():
    """E[(z + a)²] for z ~ N(μ, 1): draws move with μ by the score, with a by the path."""
    mu = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    a = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    z = 0.5 + torch.randn(200000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    approxgan.surrogate((z + a).square(), -0.5 * (z - mu).square(), "leave_one_out").backward()
    assert float(mu.grad) == pytest.approx(1.5, abs=0.05)
    assert float(a.grad) == pytest.approx(1.5, abs=0.02)
