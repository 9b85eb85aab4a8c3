"""Conformance tests for gradient estimators: this project's, another library's, or one's own."""

import inspect
import json
import math
import random as python_random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import Estimate
from approxgan.library.randomness import GeneratorStreams
from approxgan.objective.black_box import WrappedObjective

DIMENSION = 20
"""Of all losses: estimators that are made for more are refused, and fail."""
LEAK = 0.2
"""Slope below 0 of the loss with kinks."""
SIGMAS = 4.5
"""Standard errors that a mean may be off: by chance one in 100,000 is further."""
LEAST = 1e-6
"""Relative errors that rounding explains in float64 at the step ``STEP``."""
STEP = 1e-3


class Finding(NamedTuple):
    """What one test found."""

    test: str
    passed: bool
    text: str
    """What was measured and what was expected."""


@dataclass(frozen=True)
class Report:
    """What all tests found; those that do not apply are left out."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if not found.passed)

    def __str__(self) -> str:
        lines = [f"{'ok  ' if f.passed else 'FAIL'} {f.test}: {f.text}" for f in self.findings]
        return "\n".join([*lines, f"{len(self.failed)} of {len(self.findings)} fail"])


Loss = Callable[..., Tensor]
SLOPES = torch.linspace(-1.0, 2.0, DIMENSION, dtype=torch.float64)


def linear(theta: Tensor, alpha: float = 0.0) -> Tensor:
    """[..., P] -> [...], with the same gradient everywhere."""
    return (theta * SLOPES.to(theta)).sum(-1)


def quadratic(theta: Tensor, alpha: float = 0.0) -> Tensor:
    """Σ i θ_i² / 2 of slopes 1 to P at 1."""
    weights = torch.arange(1, theta.shape[-1] + 1, device=theta.device).to(theta)
    return 0.5 * (weights * theta.square()).sum(-1)


def smooth(theta: Tensor, alpha: float = 0.0) -> Tensor:
    """With derivatives of every order, different along every coordinate."""
    weights = torch.linspace(0.5, 2.0, theta.shape[-1], device=theta.device).to(theta)
    return torch.sin(theta * weights).sum(-1) + torch.exp(0.3 * theta).prod(-1)


def kinked(theta: Tensor, alpha: float = LEAK) -> Tensor:
    """Σ of leaky ReLUs; autograd's slope at exactly 0 is ``alpha``."""
    below = torch.where(theta < 0, LEAK * theta, alpha * theta)
    return torch.where(theta > 0, theta, below).sum(-1)


def rounded(theta: Tensor, alpha: float = 0.0) -> Tensor:
    """Through NumPy, which torch cannot differentiate."""
    return torch.from_numpy(np.asarray(quadratic(theta).detach().numpy()))


class _Objective(WrappedObjective):
    """One of the losses above, with the slope at kinks of one's choice."""

    def __init__(self, loss: Loss, alpha: float = LEAK) -> None:
        super().__init__(lambda theta: loss(theta, alpha), "plain")
        self._loss = loss

    def with_subgradient(self, alpha: float) -> "_Objective":
        return _Objective(self._loss, alpha)


class _Subject:
    """An estimator or a function, asked in one way; what it states of itself."""

    def __init__(self, given: Any, stated: dict[str, Any]) -> None:
        self._estimate = getattr(given, "estimate", None)
        self._function = given
        if self._estimate is None and not callable(given):
            raise InputError(
                f"estimator is {type(given).__name__}; accepted: an object with a method estimate, "
                "or a function (loss, theta, eps, seed) -> gradient"
            )
        law = getattr(given, "squared_error", lambda dimension: None)
        own = {
            "random": getattr(given, "random", None),
            "order": getattr(given, "order", None),
            "differentiates": getattr(given, "differentiates", False),
            "takes_epsilon": getattr(given, "takes_epsilon", True),
            "law": law(DIMENSION),
        }
        given_law = stated.pop("squared_error")
        if given_law is not None:
            if not callable(given_law):
                raise InputError(
                    f"squared_error is {given_law!r}; accepted: a function of the dimension"
                )
            own["law"] = given_law(DIMENSION)
        self.stated = {**own, **{k: v for k, v in stated.items() if v is not None}}

    def made(self, loss: Loss, theta: Tensor, eps: float, seed: int = 0) -> Estimate:
        """Estimates at θ [S, P] with independent draws; their cost where it is told."""
        step = eps if self.stated["takes_epsilon"] else None
        if self._estimate is not None:
            kind = theta.dtype if theta.is_floating_point() else torch.float64
            rng = GeneratorStreams(torch.Generator().manual_seed(seed), len(theta), kind)
            return self._estimate(_Objective(loss), theta, eps=step, rng=rng)
        seeds = range(10**6 * seed, 10**6 * seed + len(theta))
        rows = [self._function(loss, row, step, k) for k, row in zip(seeds, theta, strict=True)]
        return Estimate(torch.stack([torch.as_tensor(row) for row in rows]), theta[:, 0], -1, 0)

    @property
    def counts(self) -> bool:
        return self._estimate is not None

    @property
    def draws(self) -> int:
        """Independent estimates that a mean is of: a function is called once for each."""
        if self.stated["random"] is False:
            return 1
        return 4000 if self.counts else 2000


def check(
    estimator: Any,
    *,
    random: bool | None = None,
    order: int | None = None,
    squared_error: Callable[[int], float] | None = None,
    unbiased: bool = True,
    show: Callable[[str], object] | None = print,
) -> Report:
    """Test an estimator by theory, and ``show`` what fails: one line a test.

    ``estimator`` is an object with ``estimate(f, theta, *, eps, rng)``, as
    ``core.protocols.GradientEstimator``, whose attributes are what it states; or a function
    ``(loss, theta, eps, seed) -> gradient`` of a loss θ [P] -> number, which states by the
    keywords: whether it is ``random``, its ``order`` in ε, its expected ``squared_error`` relative
    to the gradient's square in dimension d as ε → 0. ``unbiased=False`` leaves out the tests of
    scale, bias and kinks, for what is no estimate of the gradient by intent.

    The tests: structure, type and point kept; repeated draws; global generators left alone; scale
    and bias on a quadratic; the variance law on a linear loss; order in ε; values at kinks; half
    precision; evaluations counted; losses that torch cannot differentiate; steps that are none.
    """
    stated = {"random": random, "order": order, "squared_error": squared_error}
    subject = _Subject(estimator, stated)
    tests = [_structure, _point, _draws, _globals, _variance, _order, _precision, _evaluations]
    tests += [_undifferentiable, _steps]
    if unbiased:
        tests[4:4] = [_scale, _kinks]
    found: list[Finding] = []
    for test in tests:
        name = inspect.cleandoc(test.__doc__ or "").split(":")[0]
        try:
            found += [Finding(name, passed, text) for passed, text in test(subject)]
        except Exception as error:
            text = str(error).partition("\n")[0]
            found.append(Finding(name, False, f"raised {type(error).__name__}: {text}"))
    report = Report(tuple(found))
    if show is not None:
        for finding in report.failed:
            show(f"{finding.test}: {finding.text}")
    return report


Found = Iterator[tuple[bool, str]]
START = torch.linspace(-0.7, 0.9, DIMENSION, dtype=torch.float64)


def _structure(subject: _Subject) -> Found:
    """structure: the gradient is a tensor like θ, without a graph."""
    for dtype in (torch.float64, torch.float32):
        theta = START.to(dtype)[None]
        grad = subject.made(smooth, theta, STEP).grad
        right = grad.shape == theta.shape and grad.dtype == dtype and not grad.requires_grad
        yield right, f"of θ {dtype} {tuple(theta.shape)} it is {grad.dtype} {tuple(grad.shape)}"


def _point(subject: _Subject) -> Found:
    """point: θ is not written, nor is it if it needs gradients."""
    theta = START[None].clone().requires_grad_(True)
    subject.made(smooth, theta, STEP)
    yield torch.equal(theta.detach(), START[None]), "θ is as before"


def _draws(subject: _Subject) -> Found:
    """draws: equal seeds give equal estimates, others others if it is random."""
    one, again = (subject.made(smooth, START[None], STEP, 1).grad for _ in range(2))
    yield torch.equal(one, again), "a seed repeats its estimate"
    moved = not torch.equal(one, subject.made(smooth, START[None], STEP, 2).grad)
    stated = subject.stated["random"]
    if stated is None:
        subject.stated["random"] = moved
    else:
        # Without an error all draws agree.
        yield (
            moved == stated or subject.stated["law"] == 0.0,
            f"another seed gives {'another' if moved else 'the same'} estimate",
        )


def _globals(subject: _Subject) -> Found:
    """global generators: those of torch, NumPy and Python are where they were."""

    def states() -> list[Any]:
        found = np.random.get_state(legacy=False)
        # A dictionary of arrays and numbers, whose names its kind of generator decides.
        numpy_state = json.dumps(found, default=lambda part: part.tolist())
        return [torch.get_rng_state().tolist(), numpy_state, python_random.getstate()]

    before = states()
    subject.made(smooth, START[None], STEP, 3)
    pairs = zip(("torch", "NumPy", "Python"), before, states(), strict=True)
    moved = [name for name, old, new in pairs if old != new]
    yield not moved, f"moved: {', '.join(moved) or 'none'}"


def _scale(subject: _Subject) -> Found:
    """scale and bias: on a quadratic the mean of the estimates is the gradient."""
    truth = torch.arange(1, DIMENSION + 1, dtype=torch.float64)
    theta = torch.ones(subject.draws, DIMENSION, dtype=torch.float64)
    grads = subject.made(quadratic, theta, 1e-4).grad.detach().double()
    mean, square = grads.mean(0), truth.square().sum()
    along = (grads @ truth) / square
    # One-sided differences are off by half of ε times the curvature.
    slack = 5e-4 + SIGMAS * (float(along.std()) if len(along) > 1 else 0.0) / len(along) ** 0.5
    scale = float(along.mean())
    right = abs(scale - 1.0) < slack
    yield right, f"{scale:.4g} times the gradient; 1 ± {slack:.2g} expected"
    if right and len(grads) > 1:
        noise = SIGMAS * grads.std(0) / len(grads) ** 0.5 + 5e-4 * truth
        worst = ((mean - truth).abs() / noise).max()
        yield bool(worst < 1), f"the worst entry is off by {float(worst):.2g} of what chance allows"


def _kinks(subject: _Subject) -> Found:
    """kinks: at one the mean lies between the slopes of both sides."""
    theta = torch.zeros(subject.draws, DIMENSION, dtype=torch.float64)
    grads = subject.made(kinked, theta, STEP).grad.detach().double()
    noise = SIGMAS * (grads.std(0) if len(grads) > 1 else 0.0 * grads[0]) / len(grads) ** 0.5
    mean = grads.mean(0)
    inside = (mean > LEAK - noise - LEAST) & (mean < 1.0 + noise + LEAST)
    low, high = float(mean.min()), float(mean.max())
    yield bool(inside.all()), f"{low:.3g} to {high:.3g}; {LEAK} to 1 expected"


def _variance(subject: _Subject) -> Found:
    """variance law: on a linear loss the squared relative error is what it states."""
    law = subject.stated["law"]
    if law is None:
        return
    theta = torch.zeros(subject.draws, DIMENSION, dtype=torch.float64)
    grads = subject.made(linear, theta, STEP).grad.detach().double()
    squared = (grads - SLOPES).square().sum(1) / SLOPES.square().sum()
    spread = float(squared.std()) if len(squared) > 1 else 0.0
    slack = SIGMAS * spread / len(squared) ** 0.5 + LEAST
    mean = float(squared.mean())
    yield (
        abs(mean - law) < slack,
        f"{mean:.4g} at d = {DIMENSION}; {law:.4g} ± {slack:.2g} expected",
    )


def _order(subject: _Subject) -> Found:
    """order: on a smooth loss the error falls with this power of ε."""
    order = subject.stated["order"]
    if order is None:
        return
    theta = START[None]
    point = theta.clone().requires_grad_(True)
    (truth,) = torch.autograd.grad(smooth(point).sum(), point)
    steps = np.array([1e-2, 3e-3, 1e-3, 3e-4])
    errors = [float((subject.made(smooth, theta, e).grad.detach() - truth).norm()) for e in steps]
    slope = float(np.polyfit(np.log(steps), np.log(np.maximum(errors, 1e-300)), 1)[0])
    yield abs(slope - order) < 0.05, f"{slope:.3f}; {order} expected"


def _precision(subject: _Subject) -> Found:
    """half precision: estimates are finite and keep their type."""
    for dtype in (torch.bfloat16, torch.float16):
        grad = subject.made(quadratic, START.to(dtype)[None], 0.125).grad
        right = grad.dtype == dtype and bool(grad.isfinite().all())
        yield right, f"of {dtype} it is {grad.dtype}, finite: {bool(grad.isfinite().all())}"


def _evaluations(subject: _Subject) -> Found:
    """evaluations: as many are made as are told."""
    if not subject.counts or subject.stated["differentiates"]:
        return
    calls: list[int] = []

    def counted(theta: Tensor, alpha: float = 0.0) -> Tensor:
        calls.append(1)
        return quadratic(theta)

    told = subject.made(counted, START[None], STEP)
    yield told.forwards == len(calls), f"{len(calls)} made, {told.forwards} told"
    yield told.backwards == 0, f"{told.backwards} reverse passes told"


def _undifferentiable(subject: _Subject) -> Found:
    """losses without derivatives: estimated, or refused by what must differentiate."""
    try:
        grad = subject.made(rounded, START[None], 0.125).grad
    except Exception as error:
        text = str(error).partition("\n")[0]
        yield subject.stated["differentiates"], f"refused: {text}"
        return
    yield bool(grad.isfinite().all() and grad.any()), "the estimate is finite and not 0"


def _steps(subject: _Subject) -> Found:
    """steps that are none: refused, not turned into numbers."""
    if not subject.stated["takes_epsilon"]:
        return
    for eps in (0.0, math.nan):
        try:
            subject.made(quadratic, START[None], eps)
        except Exception:
            yield True, f"ε = {eps} is refused"
        else:
            yield False, f"ε = {eps} is taken"
