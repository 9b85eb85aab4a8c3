"""Checks of ε and of settings, shared by the modes."""

from __future__ import annotations

import math

from torch import Tensor

from approxgan.core.protocols import StepSize


def required(eps: StepSize | None, theta: Tensor) -> StepSize:
    """The step, a tensor in the type of θ; raises ``ValueError`` unless it is finite and > 0."""
    if isinstance(eps, Tensor):
        wrong = eps[~(eps.isfinite() & (eps > 0))]
        if len(wrong):
            raise ValueError(f"epsilon={float(wrong[0])} must be a finite number > 0")
        return eps.to(theta)
    if eps is None or not math.isfinite(eps) or eps <= 0:
        raise ValueError(f"epsilon={eps} must be a finite number > 0")
    return eps


def shared(eps: StepSize | None, theta: Tensor) -> StepSize:
    """``required`` of a mode that steps all parameters together: a number or [S, 1]."""
    step = required(eps, theta)
    if isinstance(step, Tensor) and step.shape != (len(theta), 1):
        raise ValueError(
            f"epsilon of shape {tuple(step.shape)} is not one step for each of {len(theta)} "
            f"seeds; accepted: a number, or shape {(len(theta), 1)}"
        )
    return step


def by_seed(step: StepSize) -> StepSize:
    """A shared step as a number or [S], to divide losses [..., S] by."""
    return step.squeeze(1) if isinstance(step, Tensor) else step


def positive(name: str, count: int) -> None:
    """Raise ``ValueError`` unless a setting is a whole number >= 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"{name}={count!r} must be a whole number >= 1")


def one_of(name: str, value: str, accepted: tuple[str, ...]) -> None:
    """Raise ``ValueError`` unless a setting is one of these words."""
    if value not in accepted:
        raise ValueError(f"{name}={value!r} is not known; accepted: {', '.join(accepted)}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise ``ValueError`` unless a setting is finite and in [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        accepted = f"in [{low:g}, {high:g}]" if math.isfinite(high) else f"finite and >= {low:g}"
        raise ValueError(f"{name}={value} must be {accepted}")
