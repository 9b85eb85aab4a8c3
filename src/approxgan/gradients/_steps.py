"""Checks shared by modes that take a step."""

from __future__ import annotations

import math


def required(eps: float | None) -> float:
    """The step as a number; raises ``ValueError`` unless it is finite and > 0."""
    if eps is None or not math.isfinite(eps) or eps <= 0:
        raise ValueError(f"epsilon={eps} must be a finite number > 0")
    return eps


def positive(name: str, count: int) -> None:
    """Raise ``ValueError`` unless a setting is a whole number >= 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"{name}={count!r} must be a whole number >= 1")
