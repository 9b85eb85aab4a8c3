"""Rules that settings of several metrics obey."""

from __future__ import annotations


def require_count(name: str, value: int) -> None:
    """Raise ``ValueError`` unless value is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; accepted: a whole number, 1 or more")
