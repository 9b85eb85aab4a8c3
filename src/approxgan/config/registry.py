"""Variants are found by file name: ``estimators/spsa.py`` has the mode ``spsa``, class ``Spsa``."""

import ast
import importlib
import inspect
import traceback
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

from approxgan.core import protocols
from approxgan.core.errors import InputError, one_line
from approxgan.core.settings import near

PACKAGE = Path(__file__).parents[1]
FAMILIES = {
    "modes": "estimators",
    "rules": "step_rules",
    "datasets": "datasets",
    "losses": "losses",
    "generators": "generators",
    "models": "models",
    "metrics": "metrics",
    "figures": "figures",
}
"""What a family is called by users, and the folder its variants live in."""
PROTOCOLS = {
    "modes": "GradientEstimator",
    "rules": "EpsilonRule",
    "datasets": "Dataset",
    "losses": "Loss",
    "generators": "Generator",
    "models": "Model",
    "metrics": "Metric",
    "figures": "FigureVariant",
}
"""What the variants of a family have to have."""
WHOLE = ("int", "Annotated[int,")
"""How the annotation of a field begins that counts something."""


@dataclass(frozen=True)
class Description:
    """What the text of a variant says of it, read without importing it."""

    summary: str
    """First line of the module's docstring."""
    required: tuple[str, ...]
    optional: tuple[str, ...]
    whole: tuple[str, ...]
    """Those of both that are whole numbers: they count something."""
    constants: Mapping[str, Any]
    """Class attributes with a literal value, such as ``takes_epsilon``."""


def folder(family: str) -> Path:
    return PACKAGE / FAMILIES[family]


@cache
def names(family: str) -> tuple[str, ...]:
    """The variants of a family, sorted; imports none of them."""
    found = (path.stem for path in folder(family).glob("*.py"))
    return tuple(sorted(name for name in found if not name.startswith("_") and name != "stage"))


def class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def check(family: str, name: str) -> None:
    """Raise ``InputError`` unless the family has a variant of that name."""
    if name not in names(family):
        known = names(family)
        raise InputError(
            f"{name!r} is not one of the {family}; {near(name, known)}accepted: {', '.join(known)}"
        )


@cache
def describe(family: str, name: str) -> Description:
    """A variant's description; reads its syntax tree, so that it costs no import of torch."""
    check(family, name)
    module = f"approxgan.{FAMILIES[family]}.{name}"
    tree = _tree(module)
    found = _find(module, class_name(name))
    if tree is None or found is None:
        raise InputError(f"{folder(family) / name}.py has no class {class_name(name)}")
    summary = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
    fields, constants = _members(*found)
    return Description(
        summary,
        tuple(key for key, (optional, _) in fields.items() if not optional),
        tuple(key for key, (optional, _) in fields.items() if optional),
        tuple(key for key, (_, whole) in fields.items() if whole),
        constants,
    )


@cache
def _tree(module: str) -> ast.Module | None:
    """The syntax tree of one of the package's modules."""
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    if not (module.startswith("approxgan.") and path.is_file()):
        return None
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        why = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f"{path}: {line}{why}; accepted: Python") from error


def _find(module: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """A class of the package, by the name that a module has for it, and the module it is in."""
    for node in getattr(_tree(module), "body", ()):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return _find(module, ast.unparse(node.value))
        if isinstance(node, ast.Import | ast.ImportFrom):
            package = module.rpartition(".")[0]
            place = f"{source(node, package)}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                known = alias.asname or alias.name
                if known == name:
                    return _find(place.rstrip("."), alias.name)
                if name.startswith(f"{known}."):
                    return _find(place + alias.name, name.removeprefix(f"{known}."))
    return None


def source(node: ast.ImportFrom, package: str) -> str:
    """The module that something is imported from by a module of ``package``."""
    return resolve_name("." * node.level + (node.module or ""), package)


def _members(module: str, cls: ast.ClassDef) -> tuple[dict[str, tuple[bool, bool]], dict[str, Any]]:
    """A class's own members over those of its bases, as Python inherits them.

    Dataclass fields, with whether each has a default and is a whole number; and constants.
    """
    fields: dict[str, tuple[bool, bool]] = {}
    constants: dict[str, Any] = {}
    for base in reversed(cls.bases):
        found = _find(module, ast.unparse(base))
        if found is not None:
            inherited = _members(*found)
            fields.update(inherited[0])
            constants.update(inherited[1])
    decorators = (ast.unparse(node) for node in cls.decorator_list)
    has_fields = any("dataclass" in text.split("(")[0] for text in decorators)
    for node in cls.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            _set(constants, node.targets[0].id, node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, kind = node.target.id, ast.unparse(node.annotation)
            if "ClassVar" in kind or not has_fields:
                _set(constants, name, node.value)
                if has_fields:
                    fields.pop(name, None)
            elif "init=False" not in (ast.unparse(node.value) if node.value else ""):
                # Without a value of its own, a dataclass takes the one that a base has.
                before = fields.get(name, (name in constants, False))[0]
                fields[name] = (node.value is not None or before, kind.startswith(WHOLE))
    return fields, constants


def _set(constants: dict[str, Any], name: str, value: ast.expr | None) -> None:
    """Take a literal value; any other hides what a base had."""
    if value is not None:
        constants.pop(name, None)
        with suppress(ValueError):
            constants[name] = ast.literal_eval(value)


def takes_epsilon(mode: str) -> bool:
    """Whether a mode takes ε; ``InputError`` for one that does not say so."""
    stated = describe("modes", mode).constants.get("takes_epsilon")
    if not isinstance(stated, bool):
        raise InputError(
            f"{folder('modes') / mode}.py: {class_name(mode)} does not state takes_epsilon; "
            "accepted: True or False, there or in a base class"
        )
    return stated


def matches(mode: str) -> Collection[str]:
    """Settings of a control that a match decides; none for modes that are no controls."""
    return describe("modes", mode).constants.get("matches", ())


def check_settings(
    family: str, name: str, settings: Collection[str], beside: Collection[str] = ()
) -> None:
    """Raise ``InputError`` for settings that a variant does not take or lacks.

    ``beside``: keys that may stand there too, and may have been meant.
    """
    about = describe(family, name)
    accepted = (*about.required, *about.optional)
    for key in settings:
        if key not in accepted:
            raise InputError(
                f"{name}: unknown setting {key!r}; {near(key, (*accepted, *beside))}accepted: "
                f"{', '.join(accepted) or 'none'}"
            )
    for key in about.required:
        if key not in settings:
            raise InputError(
                f"{name}: setting {key!r} is missing; needed: {', '.join(about.required)}"
            )


def load(family: str, name: str) -> Any:
    """A variant's class; ``InputError`` for an unknown name."""
    check(family, name)
    try:
        module = importlib.import_module(f"approxgan.{FAMILIES[family]}.{name}")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and not f"{error.name}".startswith("approxgan"):
            raise  # the command line says what to install
        path = folder(family) / f"{name}.py"
        at = [f.lineno for f in of_variants(error) if f.filename == str(path)]
        line = f"line {at[-1]}: " if at else ""
        raise InputError(f"{path}: {line}{one_line(repr(error))}") from error
    return getattr(module, class_name(name))


def of_variants(error: BaseException) -> list[traceback.FrameSummary]:
    """The lines of variants' files that an error came through; the last is nearest to it."""
    folders = set(map(folder, FAMILIES))
    found = traceback.extract_tb(error.__traceback__)
    return [frame for frame in found if Path(frame.filename).parent in folders]


def build(family: str, name: str, settings: Mapping[str, Any]) -> Any:
    """A variant with its settings; one clear ``InputError`` for settings it does not accept."""
    cls = load(family, name)
    check_settings(family, name, settings)
    try:
        made = cls(**settings)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise InputError(f"{name}: {error}") from error
    protocol = getattr(protocols, PROTOCOLS[family])
    stated, given = protocol.__annotations__, vars(protocol)
    needed = [key for key in stated if key not in given]  # those with a value may be left out
    needed += [key for key in given if key[0] != "_" and key not in stated]
    for key in needed:
        if not hasattr(made, key):
            raise InputError(
                f"{folder(family) / name}.py: {class_name(name)} has no {key}; "
                f"needed: {', '.join(needed)}"
            )
        if inspect.isfunction(given.get(key)):
            _check_call(f"{folder(family) / name}.py: {class_name(name)}", made, given[key])
    return made


def _check_call(place: str, made: Any, wanted: Any) -> None:
    """Raise ``InputError`` for a method that cannot be called as its protocol's is."""
    taken = [*inspect.signature(wanted).parameters.values()][1:]
    named = {p.name: None for p in taken if p.kind is p.KEYWORD_ONLY}
    try:
        inspect.signature(getattr(made, wanted.__name__)).bind(
            *[None] * (len(taken) - len(named)), **named
        )
    except TypeError as error:
        stars = "*, " if named else ""
        listed = [p.name for p in taken if p.name not in named]
        accepted = ", ".join([*listed, f"{stars}{', '.join(named)}"] if named else listed)
        raise InputError(f"{place}.{wanted.__name__}: {error}; accepted: ({accepted})") from error
