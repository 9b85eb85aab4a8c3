"""How often a mode evaluates the objective, read from what its file states of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from approxgan.config import registry
from approxgan.design.choices import Choice


class Work(NamedTuple):
    """Of one estimate, on average."""

    values: float = 0.0
    """Evaluations made together, many copies at once."""
    together: float = 1.0
    """Copies at once."""
    gradients: float = 0.0
    """Evaluations with a reverse pass."""
    sweeps: float = 0.0
    """Of all coordinates."""
    drawn: float = 0.0
    """Random numbers a parameter."""
    assumed: tuple[str, ...] = ()


NEEDED = ("differentiates", "per_coordinate", "random")
AT_ONCE = 33.0
"""Points of one block of directions or coordinates: see ``gradients._directions``."""


def of_mode(choice: Choice) -> Work:
    """The work of one estimate, by the mode's class attributes and its settings that count.

    A mode that does not state what is needed is taken for the dearest, a two-sided difference
    for every coordinate.
    """
    about, settings = registry.describe("modes", choice.mode), choice.settings
    stated = about.constants
    if any(key not in stated for key in NEEDED):
        return Work(sweeps=2.0, assumed=(f"mode {choice.mode}: a two-sided sweep",))
    count = _product(about.whole, settings, "sides")
    sides = max(1.0, float(settings.get("sides", stated.get("sides", 2))))
    drawn = max(1.0, count) if stated["random"] else 0.0
    if stated["differentiates"]:
        return Work(gradients=count + 1.0, drawn=drawn)
    if count:
        values = sides * count + 1.0
        return Work(values, min(values, sides * AT_ONCE), drawn=drawn)
    if stated["per_coordinate"]:
        return Work(sweeps=sides, drawn=drawn)
    return Work(sides + 1.0, sides + 1.0, drawn=drawn)


def of_rule(choice: Choice, rule: Mapping[str, Any]) -> tuple[Work, float]:
    """The work of one choice of ε by a rule, and the training steps between two choices.

    A rule with settings that count something tests as many steps.
    """
    assert choice.step.rule is not None
    about, mode = (
        registry.describe("rules", choice.step.rule),
        registry.describe("modes", choice.mode),
    )
    every = max(1.0, float(rule.get("every", about.constants.get("every", 1))))
    tests = _product(about.whole, rule, "every")
    if not tests:
        return Work(1.0), every
    sides = max(1.0, float(choice.settings.get("sides", mode.constants.get("sides", 2))))
    if mode.constants.get("per_coordinate", True):
        return Work(sweeps=2.0 * sides * tests), every
    return Work(4.0 * tests, 4.0), every


def _product(names: tuple[str, ...], settings: Mapping[str, Any], but: str) -> float:
    """Of the settings that count something; 0 where there are none."""
    counts = [
        float(min(settings[name], 10**18))
        for name in names
        if name != but and isinstance(settings.get(name), int)
    ]
    return math.prod(counts) if counts else 0.0
