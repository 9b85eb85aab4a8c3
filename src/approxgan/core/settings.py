"""Rules that the settings of several variants obey.

Each raises ``ValueError`` that names the setting, its value and what is accepted.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TypeGuard

SMALLEST, LARGEST = 1e-30, 1e30
"""Of lengths: squares of such numbers, and sums of them, are finite and above 0 in float64."""

MOST_SAMPLES = 100_000
"""The config takes as many of a run at most."""


def require_count(name: str, value: object, *, least: int = 1, most: int = 10**9) -> None:
    """A whole number, ``least`` or more and up to ``most``."""
    whole = value if isinstance(value, int) and not isinstance(value, bool) else least - 1
    if not least <= whole <= most:
        raise ValueError(f"{name} is {shown(value)}; accepted: a whole number, {least} to {most}")


def require_positive(name: str, value: object) -> None:
    """A number above 0, neither too small nor too large to be squared."""
    if not (is_finite(value) and SMALLEST <= value <= LARGEST):
        raise ValueError(
            f"{name} is {shown(value)}; accepted: a number above 0, "
            f"from {SMALLEST:g} to {LARGEST:g}"
        )


def require_share(name: str, value: object) -> None:
    """A number between 0 and 1, both excluded."""
    if not (is_finite(value) and 0 < value < 1):
        raise ValueError(
            f"{name} is {shown(value)}; accepted: a number between 0 and 1, both excluded"
        )


def require_within(name: str, value: object, low: float, high: float = math.inf) -> None:
    """A finite number from ``low`` to ``high``, both included."""
    if not (is_finite(value) and low <= value <= high):
        upper = "or more" if math.isinf(high) else f"to {high:g}"
        raise ValueError(f"{name} is {shown(value)}; accepted: a finite number, {low:g} {upper}")


def require_one_of(name: str, value: object, accepted: Collection[str]) -> None:
    """One of these words."""
    if not isinstance(value, str) or value not in accepted:
        raise ValueError(f"{name} is {shown(value)}; accepted: {', '.join(accepted)}")


def is_finite(value: object) -> TypeGuard[float]:
    """Whether a value is a number that a float can hold; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def shown(value: object) -> str:
    """A value as it can stand in one line of a message."""
    # Python refuses to write out numbers of thousands of digits.
    if isinstance(value, int) and abs(value) >= 10**40:
        return f"a whole number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:58]} ... {text[-57:]}"
