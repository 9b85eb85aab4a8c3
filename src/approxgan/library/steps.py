"""A step for a user's loss, from its noise and its curvature; and noise where none should be."""

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator, StepSize, Streams
from approxgan.core.settings import plain
from approxgan.library.building import built, name_of
from approxgan.library.evaluation import LossObjective, Many
from approxgan.library.parameters import Parameters
from approxgan.library.randomness import GeneratorStreams, generator_of
from approxgan.step_rules import _interval, _noise

BOUND = 3.0**0.5
"""Of a uniform error, in standard deviations."""
ACCEPTED = (1.5, 6.0)
"""Test ratios of Shi, Xie, Xuan and Nocedal (2021) at which noise and truncation are alike."""
LINES = 3
"""Directions along which a step is searched; the middle one is taken."""
REPEATS = 8


class NoiseWarning(UserWarning):
    """A loss has different values at the same point, and the step is too small for that noise."""


@dataclass(frozen=True)
class ChosenStep:
    """A step and what it was chosen by."""

    eps: float
    """In parameter units."""
    why: str
    noise: float
    """Standard deviation of the loss's noise; at least that of rounding the loss."""
    forwards: int
    """Evaluations of the loss."""


class _Shifted:
    """Points θ [.., P] for an objective of displacements, as step rules take them."""

    def __init__(self, f: LossObjective, theta: Tensor) -> None:
        self._f, self._theta = f, theta

    def many(self, thetas: Tensor) -> Tensor:
        dtype = self._f.parameters.dtype
        return self._f.many(thetas.to(dtype) - self._theta.to(dtype))


def choose_step(
    loss: Callable[..., Any],
    params: Any,
    mode: str | GradientEstimator,
    *,
    generator: torch.Generator | int | None = None,
    common: bool = True,
    many: Many = "loop",
    tries: int = 12,
    **settings: Any,
) -> ChosenStep:
    """One step for a mode's differences of this loss, and why.

    The noise's standard deviation σ is estimated first (ECnoise: Moré and Wild 2011, 24
    evaluations). Then the step h at which noise and truncation are alike is searched along three
    directions of the mode's kind, by ``tries`` test differences each (Shi, Xie, Xuan and Nocedal
    2021): 2√(ε_f/|f''|) for one-sided differences and ∛(3ε_f/|f'''|) for two-sided ones, with
    ε_f = √3 σ. Their median is returned. Options and errors are those of ``estimate``; a mode
    without differences has no such step.
    """
    tries = plain(tries)
    if isinstance(tries, bool) or not isinstance(tries, int) or tries < 1:
        raise InputError(f"tries is {tries!r}; accepted: a whole number, 1 or more")
    parameters = Parameters(params)
    estimator = built(mode, settings)
    if not estimator.sides:
        raise InputError(f"{name_of(mode)} takes no differences; accepted: a mode that does")
    source = generator_of(generator, parameters.device)
    f = LossObjective(loss, parameters, many, common=common, generator=source)
    rng = GeneratorStreams(source, 1, parameters.dtype)
    # In the coarsest type, whose rounding decides how near two points can be.
    coarse = min((t.dtype for t in parameters.tensors), key=lambda kind: torch.finfo(kind).bits)
    theta = parameters.vector()[None].to(coarse)
    at: Any = _Shifted(f, theta)
    noise = _noise.estimate(at, theta, rng.signs(theta.shape[1]).to(coarse))
    found, limited = [], False
    for direction in _lines(theta, estimator.per_coordinate, rng):
        step, stopped = _balanced(at, theta, direction, estimator.sides, noise, tries)
        found.append(step)
        limited |= stopped
    eps = sorted(found)[len(found) // 2]
    where = "coordinates" if estimator.per_coordinate else "random directions"
    sigma = float(noise)
    why = _reason(eps, sigma, estimator.sides, f"{len(found)} {where}", limited)
    return ChosenStep(eps, why, sigma, f.evaluations)


def _lines(theta: Tensor, per_coordinate: bool, rng: Streams) -> list[Tensor]:
    """Directions [1, P]: coordinates, drawn without replacement, or random signs."""
    if not per_coordinate:
        return list(rng.signs(LINES, theta.shape[1])[0].to(theta)[:, None])
    chosen = rng.normal(theta.shape[1])[0].argsort()[:LINES]
    return list(torch.nn.functional.one_hot(chosen, theta.shape[1]).to(theta)[:, None])


def _balanced(
    f: Any, theta: Tensor, direction: Tensor, sides: int, noise: Tensor, tries: int
) -> tuple[float, bool]:
    """The step along a direction at which noise and truncation are alike, and whether the
    parameters' size stopped the search: where the loss is straight, nothing else does."""
    moved = direction != 0
    size = theta[moved].double().square().mean().sqrt().clamp(min=1.0).reshape(1, 1)
    bounds = (torch.finfo(theta.dtype).eps * size, size)

    def test(step: Tensor) -> Tensor:
        return _interval.along(f, theta, direction, sides, step.to(theta))

    step = _interval.search(test, BOUND * noise, sides, bounds, ACCEPTED, tries)
    return float(step), bool(step >= size)


def _reason(eps: float, sigma: float, sides: int, lines: str, limited: bool) -> str:
    bound = BOUND * sigma
    if limited:
        return (
            f"noise σ = {sigma:.2g}; along some of {lines} the loss is nearly straight, so that "
            "the size of the parameters bounds the step"
        )
    if sides == 1:
        law, name, size = "2√(ε_f/|f''|)", "|f''|", 4.0 * bound / eps**2
    else:
        law, name, size = "∛(3ε_f/|f'''|)", "|f'''|", 3.0 * bound / eps**3
    return f"noise σ = {sigma:.2g} and {name} about {size:.2g} along {lines}: {law}, ε_f = √3σ"


_examined: WeakSet[Any] = WeakSet()
"""Losses, and functions of many points, that have been evaluated twice at one point."""


def notice_noise(f: LossObjective, loss: Any, sides: int, eps: StepSize) -> None:
    """Warn of a loss that differs at the same point with the same draws, if ε is too small for it.

    Each is looked at once: two evaluations, and about 20 more of one that differs. ``loss`` is
    what is known of it: the loss, or a user's function of many points in its place.
    """
    if not first_look(loss):
        return
    first = f.repeated(2)
    rounding = 16.0 * torch.finfo(first.dtype).eps * first.abs().max()
    if float(first.max() - first.min()) <= float(rounding):
        return
    sigma = torch.cat([first, f.repeated(REPEATS - 2)]).double().std()[None]
    direction = torch.ones_like(f.origin)
    asked, _ = _balanced(f, f.origin, direction, sides, sigma, tries=6)
    used = float(torch.as_tensor(eps).max())
    if used < asked / 2.0:
        warnings.warn(
            f"the loss differs at the same point with the same draws, by noise of standard "
            f"deviation {float(sigma):.2g}: differences at eps={used:.2g} are mostly noise; a step "
            f"of about {asked:.2g} balances it (approxgan.choose_step searches one)",
            NoiseWarning,
            stacklevel=4,
        )


def first_look(loss: Any) -> bool:
    """Whether a loss was not looked at before; not of an object without hash or weak reference."""
    try:
        key = _code(loss)
        if key in _examined:
            return False
        _examined.add(key)
    except TypeError:
        return False
    return True


def _code(loss: Any) -> Any:
    """What stays the same when a loop defines the same loss anew."""
    while isinstance(loss, functools.partial):
        loss = loss.func
    return getattr(getattr(loss, "__func__", loss), "__code__", loss)
