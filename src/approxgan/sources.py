"""Which source files a stage really imports, found from the syntax trees.

The workflow declares them as inputs, so that a change in one file reruns what depends on it and
nothing else. Modules are parsed, never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from approxgan import registry

PACKAGE = Path(__file__).parent
NAME = PACKAGE.name


@cache
def path_of(module: str) -> Path | None:
    """The file of one of the package's modules; None for a name that is not one."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    if place.with_suffix(".py").is_file():
        return place.with_suffix(".py")
    package = place / "__init__.py"
    return package if package.is_file() else None


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node; an import is never inside an expression."""
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, part, ()):
            yield inner
            yield from _statements(inner)


def _named(tree: ast.AST) -> Iterator[str]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports(module: str) -> frozenset[str]:
    """The package's modules that a module's text imports, anywhere in it."""
    path = path_of(module)
    if path is None:
        return frozenset()
    names = set(_named(ast.parse(path.read_text())))
    # The package's own __init__ has no behaviour: a new version number must not rerun everything.
    return frozenset(n for n in names if n.startswith(f"{NAME}.") and path_of(n) is not None)


@cache
def closure(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Paths of these modules and all they import, sorted."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imports(module))
    return tuple(sorted({str(path) for m in found if (path := path_of(m)) is not None}))


def stage(module: str, **variants: str | list[str]) -> list[str]:
    """Files that a stage depends on: ``stage('run', modes='exact', losses='minimax')``.

    ``variants`` are the ones that the registry will load for it, by family.
    """
    modules = [f"{NAME}.{module}"]
    for family, names in variants.items():
        for name in [names] if isinstance(names, str) else names:
            modules.append(f"{NAME}.{registry.FAMILIES[family]}.{name}")
    return list(closure(tuple(modules)))
