"""Variants are found by file name: ``estimators/spsa.py`` is the gradient mode ``spsa``."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError

FAMILIES = {
    "modes": "estimators",
    "rules": "step_rules",
    "datasets": "datasets",
    "losses": "losses",
    "models": "models",
    "metrics": "metrics",
    "figures": "figures",
}
"""What a family is called by users, and the folder its variants live in."""


@dataclass(frozen=True)
class Description:
    """What the text of a variant says of it, read without importing it."""

    summary: str
    """First line of the module's docstring."""
    required: tuple[str, ...]
    optional: tuple[str, ...]
    whole: tuple[str, ...]
    """Those of both that are whole numbers, by their annotation: they count something."""
    constants: Mapping[str, Any]
    """Class attributes with a literal value, such as ``takes_epsilon``."""


def folder(family: str) -> Path:
    return Path(__file__).parents[1] / FAMILIES[family]


@cache
def names(family: str) -> tuple[str, ...]:
    """The variants of a family, sorted; imports none of them."""
    found = (path.stem for path in folder(family).glob("*.py"))
    return tuple(sorted(name for name in found if not name.startswith("_") and name != "stage"))


def check(family: str, name: str) -> None:
    """Raise ``InputError`` unless the family has a variant of that name."""
    if name not in names(family):
        raise InputError(
            f"{name!r} is not one of the {family}; accepted: {', '.join(names(family))}"
        )


@cache
def describe(family: str, name: str) -> Description:
    """A variant's description; reads its syntax tree, so that it costs no import of torch."""
    check(family, name)
    tree = ast.parse((folder(family) / f"{name}.py").read_text())
    summary = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
    required, optional, whole, constants = [], [], [], {}
    for node in _class(tree).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants.update(_literal(node.targets[0].id, node.value))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if "ClassVar" in ast.unparse(node.annotation):
                constants.update(_literal(node.target.id, node.value))
            else:
                (required if node.value is None else optional).append(node.target.id)
                whole += [node.target.id] if ast.unparse(node.annotation) == "int" else []
    return Description(summary, tuple(required), tuple(optional), tuple(whole), constants)


def _class(tree: ast.Module) -> ast.ClassDef:
    """The class that the module exports as ``variant``."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "variant":
            return classes[ast.unparse(node.value)]
    raise InputError(f"a variant's file must end with 'variant = ClassName'; has {list(classes)}")


def _literal(name: str, value: ast.expr | None) -> dict[str, Any]:
    try:
        return {} if value is None else {name: ast.literal_eval(value)}
    except ValueError:
        return {}


def check_settings(family: str, name: str, settings: Collection[str]) -> None:
    """Raise ``InputError`` for settings that a variant does not take or lacks."""
    about = describe(family, name)
    accepted = (*about.required, *about.optional)
    for key in settings:
        if key not in accepted:
            raise InputError(
                f"{name}: unknown setting {key!r}; accepted: {', '.join(accepted) or 'none'}"
            )
    for key in about.required:
        if key not in settings:
            raise InputError(
                f"{name}: setting {key!r} is missing; needed: {', '.join(about.required)}"
            )


def load(family: str, name: str) -> Any:
    """The class that ``NAME.py`` exports as ``variant``; ``InputError`` for an unknown name."""
    check(family, name)
    module = importlib.import_module(f"approxgan.{FAMILIES[family]}.{name}")
    return module.variant


def build(family: str, name: str, settings: Mapping[str, Any]) -> Any:
    """A variant with its settings; one clear ``InputError`` for settings it does not accept."""
    cls = load(family, name)
    check_settings(family, name, settings)
    try:
        return cls(**settings)
    except (ValueError, TypeError) as error:
        raise InputError(f"{name}: {error}") from error
