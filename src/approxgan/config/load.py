"""YAML as the config means it: no key twice, no objects of Python, of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from approxgan.core.errors import InputError

LARGEST = 2**22
"""Bytes of a file."""
MOST = 1_000_000
"""Values of a file, those behind aliases counted as often as they are used."""
DEEPEST = 50
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The faster of the two that make no objects of Python."""


def read(path: Path) -> Any:
    """A YAML file's value; one line of ``InputError`` for whatever is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"larger than the {LARGEST} bytes that are accepted")
        text = path.read_text()
        _check_depth(text)
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _count(node, {}) > MOST:
            raise InputError(f"more than {MOST} values; fewer are accepted")
        return loader.construct_document(node)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not a readable YAML file ({one_line(error)})") from error


def check(paths: Iterable[Path]) -> None:
    """Raise ``InputError`` for files that Snakemake reads by itself, and less strictly."""
    for path in paths:
        read(path)


def _check_depth(text: str) -> None:
    """Raise ``InputError`` for nesting that the loader would go down until it crashes."""
    depth = 0
    for event in yaml.parse(text, Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(f"line {_line(event)}: nested deeper than {DEEPEST}; a config is not")


def _count(node: Any, known: dict[int, int]) -> int:
    """Values below a node; an alias is gone through once. Raises ``InputError`` for a key twice."""
    if isinstance(node, yaml.ScalarNode):
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
                    f"line {_line(key)}: key {key.value!r} stands there twice; once is accepted"
                )
            seen.add(key.value)
        parts = [value for _, value in parts]
    known[id(node)] = 1 + sum(_count(part, known) for part in parts)
    return known[id(node)]


def _line(node: Any) -> int:
    return node.start_mark.line + 1


def one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else f"{text[:297]}..."
