"""Rules that the settings of variants obey, stated as annotations of their fields.

``sides: Annotated[int, whole(most=2)]`` in a class with the base ``Checked`` accepts 1 and 2.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeGuard, get_type_hints

SMALLEST, LARGEST = 1e-30, 1e30
"""Of lengths: squares of such numbers, and sums of them, are finite and above 0 in float64."""

MOST_SAMPLES = 100_000
"""The config takes as many of a run at most."""


@dataclass(frozen=True)
class Rule:
    """What a setting accepts, and how a message says it."""

    holds: Callable[[Any], bool]
    accepted: str
    each: "Rule | None" = None
    """The rule of every item of a list."""
    words: tuple[str, ...] = ()
    """All that are accepted, where these are few."""

    def check(self, name: str, value: Any) -> None:
        """Raise ``ValueError`` that names the setting, its value and what is accepted."""
        if not self.holds(value):
            told = f"{near(value, self.words)}accepted: {self.accepted}"
            raise ValueError(f"{name} is {shown(value)}; {told}")
        if self.each is not None:
            for item in value:
                self.each.check(name, item)


@dataclass(frozen=True)
class Checked:
    """Settings as a dataclass; raises ``ValueError`` for one that breaks its rule.

    A subclass with settings of its own is decorated in the same way.
    """

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self), include_extras=True).items():
            for rule in getattr(kind, "__metadata__", ()):
                rule.check(name, getattr(self, name))


def near(value: object, known: Iterable[str]) -> str:
    """'did you mean 'exact'? ', where one of the known names is like a text."""
    if not isinstance(value, str):
        return ""
    found = difflib.get_close_matches(value.lower(), list(known), n=1)
    return f"did you mean {found[0]!r}? " if found else ""


def plain(value: Any) -> Any:
    """A number of NumPy or torch as one of Python's, anything else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


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


def number(holds: Callable[[float], bool], accepted: str) -> Rule:
    """A finite number for which ``holds`` is true as well."""
    return Rule(lambda value: is_finite(value) and holds(value), accepted)


def whole(*, least: int = 1, most: int = 10**9) -> Rule:
    """A whole number from ``least`` to ``most``."""
    accepted = f"a whole number, {least} to {most}"
    return number(lambda value: isinstance(value, int) and least <= value <= most, accepted)


def within(low: float, high: float = math.inf) -> Rule:
    """A finite number from ``low`` to ``high``, both included."""
    upper = "or more" if math.isinf(high) else f"to {high:g}"
    return number(lambda value: low <= value <= high, f"a finite number, {low:g} {upper}")


def one_of(*words: str) -> Rule:
    accepted = ", ".join(words)
    return Rule(lambda value: isinstance(value, str) and value in words, accepted, words=words)


def several(each: Rule, accepted: str) -> Rule:
    """A list of one or more items that obey a rule."""
    return Rule(lambda value: isinstance(value, list | tuple) and len(value) > 0, accepted, each)


POSITIVE = number(
    lambda value: SMALLEST <= value <= LARGEST,
    f"a number above 0, from {SMALLEST:g} to {LARGEST:g}",
)
"""Neither too small nor too large to be squared."""
Positive = Annotated[float, POSITIVE]
Share = Annotated[
    float, number(lambda value: 0 < value < 1, "a number between 0 and 1, both excluded")
]
