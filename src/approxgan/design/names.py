"""How cells and choices are spelled: in paths, in tables, in legends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from approxgan.core.protocols import PLAYERS, Cell, Choice

NO_SETTING = "none"


def canonical(value: float) -> str:
    """The one spelling of a number in paths: 0.001 -> '1e-3', 2.5 -> '2.5e0'.

    Two floats have the same spelling only if they are the same float.
    """
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{int(exponent) + len(text) - 1}"


def spelled(choice: Choice) -> str:
    """What a choice has besides mode and ε: 'directions16_gaussian_sides1'.

    A rule for ε and what a control is matched with come first: 'adaptive_directions16',
    'like_forward_difference'.
    """
    parts = [choice.epsilon] if isinstance(choice.epsilon, str) else []
    if choice.match is not None:
        own = spelled(Choice(choice.match.mode, None, choice.match.settings))
        parts += [f"like_{choice.match.mode}", *([own] if own else [])]
    # In one order, however the config or a spec of it is sorted.
    own = sorted(choice.settings.items())
    parts += [value if isinstance(value, str) else f"{key}{value}" for key, value in own]
    return "_".join(parts)


def token(choice: Choice) -> str:
    """The folder of a choice's ε and settings."""
    number = number_of(choice)
    parts = [] if number is None else [f"epsilon{canonical(number)}"]
    parts += [spelled(choice)] if spelled(choice) else []
    return "_".join(parts) or NO_SETTING


def joined(generator: str, discriminator: str) -> str:
    """One text for both players: the text itself where they agree."""
    return generator if generator == discriminator else f"{generator}+{discriminator}"


def mode_name(cell: Cell) -> str:
    """The cell's mode in tables and paths: 'exact+spsa' for a generator with exact gradients."""
    return joined(cell.generator.mode, cell.discriminator.mode)


def row_keys(cell: Cell) -> dict[str, Any]:
    """The columns that name a cell in the tables; see ``tables.RUN``."""
    names = {key: getattr(cell, key) for key in ("study", "dataset", "model", "loss")}
    both = {player: getattr(cell, player) for player in reversed(PLAYERS)}
    numbers = [number for c in both.values() if (number := number_of(c)) is not None]
    settings = [spelled(c) for c in both.values()]
    if len(set(numbers)) > 1:
        # ``epsilon`` is the generator's: the other one has to stand somewhere.
        settings[1] = token(cell.discriminator)
    each = {
        f"{player}_{key}": value
        for player, c in both.items()
        for key, value in choice_columns(c).items()
        if key != "rule"
    }
    return {
        **names,
        "mode": mode_name(cell),
        "epsilon": numbers[0] if numbers else float("nan"),
        "rule": "+".join(sorted({rule_of(c) for c in both.values()} - {""})),
        "settings": joined(*settings),
        **each,
    }


def number_of(choice: Choice) -> float | None:
    return None if isinstance(choice.epsilon, str | None) else float(choice.epsilon)


def rule_of(choice: Choice) -> str:
    """How ε came about: fixed, the rule's name, or nothing."""
    if choice.epsilon is None:
        return ""
    return choice.epsilon if isinstance(choice.epsilon, str) else "fixed"


def choice_columns(choice: Choice) -> dict[str, Any]:
    """mode, epsilon, rule and settings of one player, or of both alike."""
    number = number_of(choice)
    return {
        "mode": choice.mode,
        "epsilon": float("nan") if number is None else number,
        "rule": rule_of(choice),
        "settings": spelled(choice),
    }
