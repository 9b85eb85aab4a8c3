"""How a metric states its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal


def better(
    **directions: Literal["lower", "higher", "neither"],
) -> Mapping[str, Literal["lower", "higher", "neither"]]:
    """The names of a metric's numbers, each with the way that is better; read-only."""
    return MappingProxyType(directions)
