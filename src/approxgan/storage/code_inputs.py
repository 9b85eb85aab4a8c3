"""Which source files a stage imports, found from the syntax trees, and the digest of their bytes.

Each rule of the workflow has the digest among its parameters: a change in one file reruns what
imports it and nothing else, whatever the files' times are. Modules are parsed, never imported.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.settings import shown
from approxgan.storage import files

PACKAGE = Path(__file__).parents[1]
NAME = PACKAGE.name
SWEEPING = f"{NAME}.objective.sweep.dense"
"""Imported by ``objective.sweep.choose`` for an objective's ``sweep`` alone."""


@cache
def path_of(module: str) -> Path | None:
    """The file of one of the package's modules; None for a name that is not one."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node; an import is never inside an expression."""
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, part, ()):
            yield inner
            yield from _statements(inner)


def named(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Every name that a module in ``package`` imports: modules, and what is taken out of them."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = registry.source(node, package)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def imports(module: str) -> frozenset[str]:
    """The package's modules that a module's text imports, anywhere in it."""
    path = path_of(module)
    if path is None:
        return frozenset()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = set(named(ast.parse(path.read_bytes()), package))
    names |= {name.rpartition(".")[0] for name in names}  # their packages
    # The package's own __init__ has no behaviour: a new version number must not rerun everything.
    return frozenset(n for n in names if n.startswith(f"{NAME}.") and path_of(n) is not None)


@cache
def sweeps(module: str) -> bool:
    """Whether a module's text names an attribute ``sweep``; without one it makes no sweeps."""
    path = path_of(module)
    nodes = ast.walk(ast.parse(path.read_bytes())) if path else ()
    return any(isinstance(node, ast.Attribute) and node.attr == "sweep" for node in nodes)


def modules(roots: Iterable[str], without: str = "") -> frozenset[str]:
    """These modules and all they import, but for the one ``without`` and what it alone imports."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module not in found and module != without:
            found.add(module)
            waiting.extend(imports(module))
    return frozenset(found)


def digest(package: str, **variants: str | Iterable[str]) -> str:
    """``training losses=minimax modes=exact`` and 16 hexadecimal digits for the bytes of the files.

    ``variants`` are the ones that the registry will load for the stage, by family.
    """
    each = {family: {n} if isinstance(n, str) else set(n) for family, n in variants.items()}
    told = (f"{family}={','.join(sorted(each[family]))}" for family in sorted(each) if each[family])
    return _digest(" ".join([package, *told]))


@cache
def sources(words: str) -> tuple[Path, ...]:
    """Files that a stage and its variants depend on: of ``training losses=minimax modes=exact``.

    Where there are modes and neither they nor their rules sweep, the compiled sweep is not among
    the files. Templates and whatever else lies in the stage's folder are. Raises ``InputError``
    for an unknown name.
    """
    package, *named = words.split(" ")
    chosen = {
        family: [f"{NAME}.{registry.FAMILIES[family]}.{name}" for name in names.split(",")]
        for family, names in (part.split("=") for part in named)
    }
    # Not the probe's points, which theory sweeps itself.
    deciding = [*chosen.get("modes", ()), *chosen.get("rules", ())]
    still = bool(deciding) and not any(map(sweeps, modules(deciding)))
    roots = [f"{NAME}.{package}.stage", *(name for names in chosen.values() for name in names)]
    for root in roots:
        if path_of(root) is None:
            raise InputError(f"{root} is not a module of {NAME}")
    paths = {path_of(module) for module in modules(roots, SWEEPING if still else "")}
    own = (p for p in (PACKAGE / package).rglob("*") if p.is_file())
    paths |= {path for path in own if path.suffix not in (".py", ".pyc")}
    return tuple(sorted(path for path in paths if path is not None))


@cache
def _digest(words: str) -> str:
    whole = hashlib.sha256()
    for path in sources(words):
        whole.update(f"{path.relative_to(PACKAGE)} {_of_source(path)}\n".encode())
    return f"{words} {whole.hexdigest()[:16]}"


def of_file(path: Path | str) -> str:
    """SHA-256 of a file's bytes; raises ``InputError`` for what is no file."""
    path = Path(path)
    files.check_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_of_source = cache(of_file)
DIGEST = re.compile(rf"[a-z_]+( ({'|'.join(registry.FAMILIES)})=[a-z0-9_,]+)* [0-9a-f]{{16}}")


def check(told: str) -> None:
    """Raise ``InputError`` unless the files have the bytes that ``told``, a digest, stands for."""
    words = told.rpartition(" ")[0]
    if not DIGEST.fullmatch(told):
        raise InputError(
            f"--code: {shown(told)} is no digest; accepted: what the workflow gives, such as "
            "'training modes=exact 0123456789abcdef'"
        )
    if _digest(words) != told:
        raise InputError(
            f"the source files of {words.partition(' ')[0]} have changed since the workflow was "
            "started; start it again"
        )
