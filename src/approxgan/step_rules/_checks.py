"""Checks shared by the rules."""

from __future__ import annotations


def sided(sides: int) -> None:
    """Raise ``ValueError`` unless ε is the step of a one- or two-sided difference."""
    if sides not in (1, 2):
        raise ValueError(f"sides={sides}: a rule chooses the step of a difference; accepted: 1, 2")


def positive(name: str, count: int) -> None:
    """Raise ``ValueError`` unless a setting is a whole number >= 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"{name}={count!r} must be a whole number >= 1")
