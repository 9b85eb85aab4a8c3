"""Which source files a stage really imports, found from the syntax trees.

The workflow declares them as inputs, so that a change in one file reruns what depends on it and
nothing else. Modules are parsed, never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from approxgan.config import registry

PACKAGE = Path(__file__).parents[1]
NAME = PACKAGE.name
SWEEPING = f"{NAME}.objective.sweep.compiled"
"""Imported by ``objective.sweep.choose`` for an objective's ``sweep`` alone."""


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
    names |= {name.rpartition(".")[0] for name in names}  # their packages
    # The package's own __init__ has no behaviour: a new version number must not rerun everything.
    return frozenset(n for n in names if n.startswith(f"{NAME}.") and path_of(n) is not None)


@cache
def sweeps(module: str) -> bool:
    """Whether a module's text names an attribute ``sweep``: otherwise it cannot sweep itself."""
    path = path_of(module)
    nodes = ast.walk(ast.parse(path.read_text())) if path else ()
    return any(isinstance(node, ast.Attribute) and node.attr == "sweep" for node in nodes)


def modules(roots: tuple[str, ...], without: str = "") -> frozenset[str]:
    """These modules and all they import, but for the one ``without`` and what it alone imports."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module not in found and module != without:
            found.add(module)
            waiting.extend(imports(module))
    return frozenset(found)


@cache
def closure(roots: tuple[str, ...], without: str = "") -> tuple[str, ...]:
    """Paths of these modules and all they import, sorted."""
    paths = {path_of(module) for module in modules(roots, without)}
    return tuple(sorted(str(path) for path in paths if path is not None))


def stage(package: str, **variants: str | list[str]) -> list[str]:
    """Files that a stage depends on: ``stage('training', modes='exact', losses='minimax')``.

    ``variants`` are the ones that the registry will load for it, by family. Where there are modes
    and neither they nor their rules sweep, the compiled sweep is not among the files.
    """
    named = {
        family: [
            f"{NAME}.{registry.FAMILIES[family]}.{name}"
            for name in ([names] if isinstance(names, str) else names)
        ]
        for family, names in variants.items()
    }
    # Not the probe's points, which theory sweeps itself.
    deciding = (*named.get("modes", ()), *named.get("rules", ()))
    still = bool(deciding) and not any(map(sweeps, modules(deciding)))
    roots = (f"{NAME}.{package}.stage", *(name for names in named.values() for name in names))
    return list(closure(roots, SWEEPING if still else ""))
