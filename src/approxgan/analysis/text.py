"""Numbers and names as the report spells them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_|[]"} | {"<": "&lt;", "\n": " "})


def number(value: Any) -> str:
    """Three significant digits; whole numbers in full; a dash for what is missing."""
    if value is None or pd.isna(value):
        return "–"
    value = float(value)
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f").replace("-", "−")
    if 1e-3 <= abs(value) < 1e4:
        return np.format_float_positional(
            value, precision=3, unique=False, fractional=False, trim="-"
        ).replace("-", "−")
    digits, exponent = f"{value:.2e}".split("e")
    power = str(int(exponent)).translate(POWERS)
    digits = digits.rstrip("0").rstrip(".").replace("-", "−")
    return f"10{power}" if digits == "1" else f"{digits}·10{power}"


def sortable(value: Any) -> str:
    """What scripts sort by."""
    return "" if value is None or pd.isna(value) else f"{float(value):.6g}"


def interval(low: Any, high: Any) -> str:
    """'0.9 to 1.1'; nothing where an end is missing."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"{number(low)} to {number(high)}"


def words(name: Any) -> str:
    """A name as it reads in a sentence; 'exact+spsa' is a mode for each player."""
    players = str(name).split("+")
    if len(players) == 2:
        return ", ".join(f"{who} {words(own)}" for who, own in zip("GD", players, strict=True))
    return str(name).replace("_", " ")


def settings(own: str, but: Sequence[str] = ()) -> list[str]:
    """Settings, as the tables keep them, in words: 'directions 4', or 'G directions 4' of a player.

    ``but`` names those that are told otherwise.
    """
    found = json.loads(own or "{}")
    sides = zip(("G ", "D "), found, strict=True) if isinstance(found, list) else [("", found)]
    return [
        f"{player}{words(key)} {words(value) if isinstance(value, str) else number(value)}"
        for player, one in sides
        for key, value in sorted(one.items())
        if key not in but
    ]


def rules(rule: Any) -> list[str]:
    """The names of rules in a table's column rule: 'adaptive' of 'adaptive+fixed'."""
    return sorted(set(str(rule).split("+")) - {"", "fixed"})


def initial(text: str) -> str:
    """The text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]


def listed(items: Iterable[str], last: str = "and") -> str:
    """'a, b and c'."""
    *head, tail = list(items) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def spans(values: Iterable[Any]) -> str:
    """Whole numbers as stretches: '0–9, 12'."""
    found: list[list[int]] = []
    for value in sorted({int(value) for value in values}):
        if found and value == found[-1][1] + 1:
            found[-1][1] = value
        else:
            found.append([value, value])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in found)


def between(values: Sequence[Any]) -> str:
    """The least and the largest of some numbers, or the one they all are."""
    known = sorted(value for value in values if not pd.isna(value))
    if not known:
        return "none"
    low, high = number(known[0]), number(known[-1])
    return low if low == high else f"{low} to {high}"


def markdown(value: Any) -> str:
    """Text that stands in a cell of a Markdown table as it is."""
    return str(value).translate(MARKDOWN)
