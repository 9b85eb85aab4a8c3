"""The only reader of YAML: no key twice, no objects of Python, one form for every number."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from approxgan.core.errors import InputError, one_line

LARGEST = 2**21
"""Bytes of a file."""
MOST = 100_000
"""Values of a file, those behind aliases counted as often as they are used."""
DEEPEST = 50
SMALLEST_NUMBER, LARGEST_NUMBER = 2.0**-126, 2.0**127
"""A number is 0, or lies between these in size: float32 has no others that it can tell apart."""
ACCEPTED = "a number, a text, a list or a map"
EXPONENT = re.compile(r"([+-]?)(\d+)(\.\d*)?[eE]([+-]?)(\d+)")
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
OTHER_BASE = re.compile(r"[+-]?(0[0-7_]+$|[0-9_]+:)")
"""How YAML 1.1 writes numbers of base 8 and 60."""
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The faster of the two that make no objects of Python."""


def config(paths: Sequence[Path]) -> dict[str, Any]:
    """The config of these files, later ones laid over earlier ones; its rules are not checked.

    Raises ``InputError`` for a file that is missing or not YAML, and for values of no config.
    """
    found: Any = {}
    for path in paths:
        found = merged(found, read(path))
    return canonical(found)


def merged(base: Any, over: Any) -> Any:
    """Overlay ``over``: maps are merged, anything else is replaced, as Snakemake does it."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **{k: merged(base[k], v) if k in base else v for k, v in over.items()}}
    return over


def check(paths: Iterable[Path]) -> None:
    """Raise ``InputError`` for files that Snakemake reads by itself, and less strictly."""
    for path in paths:
        read(path)


def read(path: Path) -> dict[str, Any]:
    """A YAML file's map of names; one line of ``InputError`` for whatever is wrong with it."""
    try:
        if path.exists() and not path.is_file():
            raise InputError("not a plain file; accepted: a YAML file")
        if path.stat().st_size > LARGEST:
            raise InputError(f"larger than the {LARGEST} bytes that are accepted")
        text = path.read_text(encoding="utf-8")
        _check_depth(text)
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"line {_line(node)}: not a map of names; accepted: NAME: VALUE")
        if _count(node, {}) > MOST:
            raise InputError(f"more than {MOST} values; fewer are accepted")
        return loader.construct_document(node)
    except FileNotFoundError as error:
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise InputError(f"{path}: no such file{where}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not a readable YAML file ({one_line(error)})") from error


def _check_depth(text: str) -> None:
    """Raise ``InputError`` for nesting that the loader would go down until it crashes."""
    depth = 0
    for event in yaml.parse(text, Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(
                f"line {_line(event)}: nested deeper than {DEEPEST} levels, the most accepted"
            )


def _count(node: Any, known: dict[int, int]) -> int:
    """Values below a node; an alias is gone through once. Raises ``InputError`` for a key twice."""
    if isinstance(node, yaml.ScalarNode):
        _check_base(node)
        return 1
    if id(node) in known:
        if not known[id(node)]:
            raise InputError(f"line {_line(node)}: a value that holds itself is not accepted")
        return known[id(node)]
    known[id(node)] = 0
    parts = node.value
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key in (key for key, _ in parts if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise InputError(
                    f"line {_line(key)}: duplicate key {key.value!r}; each is accepted once"
                )
            seen.add(key.value)
        parts = [value for _, value in parts]
    known[id(node)] = 1 + sum(_count(part, known) for part in parts)
    return known[id(node)]


def _check_base(node: Any) -> None:
    """Raise ``InputError`` for 010 and 1:30: YAML reads 8 and 90, which nobody has meant."""
    if node.tag in NUMBERS and OTHER_BASE.match(node.value):
        found = Loader(node.value).get_data()
        raise InputError(
            f"line {_line(node)}: {one_line(node.value)} is {found} to YAML, as a number of base "
            f"{60 if ':' in node.value else 8}; write a number of base 10"
        )


def _line(node: Any) -> int:
    return node.start_mark.line + 1


def canonical(value: Any, place: str = "") -> Any:
    """The same value with one form for every number: 1.0 becomes 1, and -0.0 becomes 0.

    Raises ``InputError`` for what no config holds: true and false, dates, bytes, names that are
    not texts, and numbers that are not finite or that float32 cannot tell from 0 or infinity.
    """
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise _refusal(place, key, "not a text; put a name in quotes")
            _check_text(place, key)
        return {k: canonical(v, f"{place}.{k}".lstrip(".")) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, str):
        _check_text(place, value)
        return value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(place, value, f"a {type(value).__name__}; accepted: {ACCEPTED}")
    if not abs(value) < LARGEST_NUMBER:
        raise _refusal(place, value, f"not a finite number below {LARGEST_NUMBER:.2g} in size")
    if 0 < abs(value) < SMALLEST_NUMBER:
        raise _refusal(place, value, f"0 in float32; accepted: 0, or {SMALLEST_NUMBER:.2g} and up")
    return int(value) if value == int(value) and abs(value) < 2**63 else float(value)


def _check_text(place: str, text: str) -> None:
    """Raise ``InputError`` for a number that YAML reads as a text, and for what UTF-8 lacks."""
    found = EXPONENT.fullmatch(text)
    if found is not None:
        sign, whole, rest, own, exponent = found.groups()
        meant = f"{sign}{whole}{rest if rest and rest != '.' else '.0'}e{own or '+'}{exponent}"
        raise _refusal(
            place, text,
            "a text to YAML, whose numbers with an exponent need a point and a sign; "
            f"write {meant}, not {text}",
        )  # fmt: skip
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise _refusal(place, text, "not a text that UTF-8 can hold")


def _refusal(place: str, value: object, rule: str) -> InputError:
    try:
        shown = one_line(repr(value))
    except ValueError:  # Python refuses to print whole numbers of more than 4,300 digits
        shown = "a whole number of thousands of digits"
    return InputError(f"config: {one_line(place) or 'top level'}: {shown} is {rule}")
