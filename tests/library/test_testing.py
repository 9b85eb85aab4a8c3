"""The conformance tests find every fault that they are for, and only it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from worlds.estimates import build

from approxgan.core.errors import InputError
from approxgan.core.protocols import Estimate
from approxgan.estimators.forward_difference import ForwardDifference
from approxgan.estimators.spsa import Spsa
from approxgan.testing import check

SPSA = build("spsa", directions=3)
FORWARD = build("forward_difference")


@dataclass(frozen=True)
class Faulty(Spsa):
    """SPSA with a fault: what its ``estimate`` does to the estimate or around it."""

    fault: str = ""

    def estimate(self, f, theta, *, eps, rng):
        made = lambda: Spsa.estimate(self, f, theta, eps=eps, rng=rng)  # noqa: E731
        return FAULTS[self.fault][1](made, f, theta)


def scaled(factor):
    def fault(made, f, theta):
        estimate = made()
        return replace(estimate, grad=estimate.grad * factor)

    return fault


def biased(made, f, theta):
    estimate = made()
    pushed = torch.zeros_like(estimate.grad)
    pushed[:, 0], pushed[:, 1] = 20.0, -10.0  # orthogonal to (1, 2, ...)
    return replace(estimate, grad=estimate.grad + pushed)


def noisier(made, f, theta):
    estimate = made()
    seed = int(1e6 * float(estimate.grad.double().abs().sum())) % 2**31
    noise = torch.randn(estimate.grad.shape, generator=torch.Generator().manual_seed(seed))
    return replace(estimate, grad=estimate.grad + 2.0 * noise.to(estimate.grad))


def globally(made, f, theta):
    torch.rand(())
    return made()


def by_numpy(made, f, theta):
    np.random.rand()
    return made()


def writing(made, f, theta):
    theta.detach().add_(1.0)
    return made()


def graphed(made, f, theta):
    estimate = made()
    return replace(estimate, grad=estimate.grad.requires_grad_(True))


def widened(made, f, theta):
    estimate = made()
    return replace(estimate, grad=estimate.grad.double())


def miscounted(made, f, theta):
    estimate = made()
    return replace(estimate, forwards=estimate.forwards // 2)


def unrepeatable(made, f, theta):
    Faulty.calls += 1
    estimate = made()
    return replace(estimate, grad=estimate.grad * (1 + 1e-12 * Faulty.calls))


Faulty.calls = 0
FAULTS = {
    "none": (set(), scaled(1.0)),
    "off by ε²": ({"scale and bias", "variance law", "kinks"}, scaled(1e-6)),
    "off by 1/d": ({"scale and bias", "variance law", "kinks"}, scaled(0.2)),
    "biased": ({"scale and bias", "variance law", "kinks"}, biased),
    "noisy": ({"variance law"}, noisier),
    "torch's generator": ({"global generators"}, globally),
    "NumPy's generator": ({"global generators"}, by_numpy),
    "writes θ": ({"point", "draws", "scale and bias"}, writing),
    "a graph": ({"structure"}, graphed),
    "a wider type": ({"structure", "half precision"}, widened),
    "miscounted": ({"evaluations"}, miscounted),
    "unrepeatable": ({"draws"}, unrepeatable),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_test(fault):
    shown = []
    report = check(Faulty(directions=3, fault=fault), show=shown.append)
    failed = {found.test for found in report.failed}
    expected = FAULTS[fault][0]
    if fault == "none":
        assert not failed
        assert not shown
    else:
        assert failed, str(report)
        assert failed <= expected, str(report)
        assert min(expected) in failed
        assert len(shown) == len(report.failed)
        assert all("\n" not in line for line in shown)


@dataclass(frozen=True)
class Backwards(ForwardDifference):
    """Refuses no step, states order 2, and is nothing like it at kinks."""

    order: ClassVar = 2

    def estimate(self, f, theta, *, eps, rng):
        made = super().estimate(f, theta, eps=eps or 1e-3, rng=rng)
        return replace(made, grad=made.grad * (1 + made.grad.eq(made.grad[:, :1]).all()))


def test_steps_orders_and_kinks_are_tested():
    failed = {found.test for found in check(Backwards(), show=None).failed}
    assert {"order", "steps that are none", "kinks"} <= failed


class Silent:
    """Differentiates what cannot be, and calls zeros the answer."""

    takes_epsilon, random, order, differentiates = False, False, None, True

    def squared_error(self, dimension):
        return 0.0

    def estimate(self, f, theta, *, eps, rng):
        point = theta.detach().requires_grad_(True)
        value = f(point)
        if value.requires_grad:
            return Estimate(*torch.autograd.grad(value.sum(), point), value.detach(), 1, 1)
        return Estimate(torch.zeros_like(point.detach()), value, 1, 1)


def test_zeros_for_a_loss_without_derivatives_are_found():
    failed = {found.test for found in check(Silent(), show=None).failed}
    assert failed == {"losses without derivatives"}


def by_function(loss, theta, eps, seed):
    """SPSA as another library might have it."""
    u = torch.randint(0, 2, theta.shape, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1.0
    u = u.to(theta.dtype)
    if not eps > 0:
        raise ValueError("eps")
    slope = (loss(theta.detach() + eps * u) - loss(theta.detach() - eps * u)) / (2 * eps)
    return slope.to(theta.dtype) * u


def test_a_plain_function_is_tested_too():
    report = check(by_function, squared_error=lambda d: d - 1, show=None)
    assert not report.failed, str(report)
    assert {found.test for found in report.findings} >= {"variance law", "scale and bias", "kinks"}
    wrong = check(lambda *a: 2.0 * by_function(*a), squared_error=lambda d: d - 1, show=None)
    assert {found.test for found in wrong.failed} >= {"scale and bias", "variance law"}
    text = next(f.text for f in wrong.failed if f.test == "scale and bias")
    assert float(text.split()[0]) == pytest.approx(2.0, abs=0.3)


def test_an_estimator_that_raises_fails_in_a_line_each():
    def broken(loss, theta, eps, seed):
        raise RuntimeError("first\nsecond")

    report = check(broken, show=None)
    texts = {found.text for found in report.failed}
    assert texts == {"raised RuntimeError: first", "refused: first"}
    assert "fail" in str(report)
    with pytest.raises(InputError, match="estimator is int; accepted: an object"):
        check(3)
    with pytest.raises(InputError, match="squared_error is 3; accepted: a function of the dim"):
        check(lambda loss, theta, eps, seed: theta, squared_error=3)


def test_all_of_the_projects_claims_are_shown_where_nothing_fails(capsys):
    assert check(SPSA).failed == ()
    assert check(FORWARD).failed == ()
    assert capsys.readouterr().out == ""
