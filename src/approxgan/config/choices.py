"""What a config may ask of a gradient mode: settings, ε or its rule, a control's match.

Reads the modes' text alone; ``values`` builds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import Cell, Choice, GradientEstimator, Situation
from approxgan.design import cells, names


def matches(mode: str) -> Mapping[str, str]:
    """Setting -> the column of the table gradient_error that can fill it."""
    return registry.describe("modes", mode).constants.get("matches", {})


def check(entry: Mapping[str, Any], rules: Mapping[str, Any], seeded: bool = False) -> None:
    """Raise ``InputError`` for an entry that the mode or a rule of its ε does not accept.

    ``seeded``: whether the entry may say how many seeds its cells have.
    """
    mode = entry["mode"]
    if "seeds" in entry and not seeded:
        raise InputError(f"seeds: {mode} cannot have seeds of its own here; leave it out")
    takes = registry.describe("modes", mode).constants["takes_epsilon"]
    given = [key for key in entry if key not in cells.RESERVED]
    if "match" in entry:
        _check_matching(entry, given)
        given += matches(mode)
        check(entry["match"], rules)
    registry.check_settings("modes", mode, given)
    if takes and "epsilon" not in entry:
        raise InputError(f"{mode} needs epsilon: a number > 0, a rule's name, or a list of them")
    if not takes and "epsilon" in entry:
        raise InputError(f"epsilon: {mode} takes no epsilon; leave it out")
    asked = entry.get("epsilon", [])
    for name in asked if isinstance(asked, list) else [asked]:
        if isinstance(name, str) and name not in rules:
            raise InputError(
                f"epsilon: {name!r} is not defined under epsilon_rules; accepted: a number > 0, "
                f"{', '.join(rules) or 'no rule'}"
            )


def _check_matching(entry: Mapping[str, Any], given: list[str]) -> None:
    mode = entry["mode"]
    if not matches(mode):
        able = [name for name in registry.names("modes") if matches(name)]
        raise InputError(f"match: {mode} cannot be matched; accepted: {', '.join(able)}")
    for key in matches(mode):
        if key in given:
            raise InputError(f"{mode}: {key} is given, and is to be matched too: leave one out")
    if "match" in entry["match"]:
        raise InputError("match: a control cannot be matched with a matched control")


def check_match(cell: Cell, probes: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ``InputError`` where the probe does not measure what a cell is matched with."""
    for choice in (cell.generator, cell.discriminator):
        if choice.match is None:
            continue
        place = f"{cell.dataset}/{cell.model}/{cell.loss}"
        what = f"{choice.match.mode} {names.token(choice.match)}"
        if place not in probes:
            raise InputError(
                f"matched with {what}, but {place} is not probed; accepted: {', '.join(probes)}"
            )
        entries = cells.probe_modes(probes[place]).get(choice.match.mode, [])
        found = [c for entry in entries for c in cells.choices_of(entry)]
        if choice.match not in found:
            raise InputError(f"matched with {what}, which the probe of {place} does not measure")
        if cell.training["dtype"] not in probes[place]["dtypes"]:
            raise InputError(
                f"matched in {cell.training['dtype']}, but the probe of {place} measures "
                f"{', '.join(probes[place]['dtypes'])} only"
            )


def settings(choice: Choice) -> dict[str, Any]:
    """A choice's settings with 0 where a match will fill one in."""
    return {**choice.settings, **(dict.fromkeys(matches(choice.mode), 0.0) if choice.match else {})}


def refusal(mode: GradientEstimator, situation: Situation) -> str | None:
    """Why a mode cannot work there; None where it can, or does not say."""
    refuses = getattr(mode, "refuses", None)
    return None if refuses is None else refuses(situation)
