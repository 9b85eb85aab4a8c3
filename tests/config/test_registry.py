"""What the registry reads of a variant's text is what Python makes of it."""

from __future__ import annotations

import dataclasses
import re
import shutil
import typing

import pytest

import approxgan
from approxgan.cli.parser import main
from approxgan.config import registry
from approxgan.core.errors import InputError

VARIANTS = [(family, name) for family in registry.FAMILIES for name in registry.names(family)]
HEAD = "from dataclasses import dataclass, field\nfrom typing import ClassVar\n"
DENSE = f"{HEAD}from approxgan.models.dense import Dense\n"
SETTINGS = {"latent": 3, "generator": [5], "discriminator": [4], "activation": "tanh"}


def agrees(about, cls):
    fields = [f for f in dataclasses.fields(cls) if f.init] if dataclasses.is_dataclass(cls) else []
    none = dataclasses.MISSING
    optional = [f.name for f in fields if f.default is not none or f.default_factory is not none]
    assert sorted(about.optional) == sorted(optional)
    assert {*about.required, *about.optional} == {f.name for f in fields}
    given = {f.name: next(iter(typing.get_args(f.type)), f.type) for f in fields}
    kinds = {name: getattr(kind, "__origin__", kind) for name, kind in given.items()}
    assert set(about.whole) == {name for name, kind in kinds.items() if kind in (int, "int")}
    for name, value in about.constants.items():
        assert getattr(cls, name) == value


@pytest.mark.parametrize(("family", "name"), VARIANTS)
def test_every_variant_is_described_as_it_is(family, name):
    agrees(registry.describe(family, name), registry.load(family, name))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the models that variants can be added to: text -> the class and what is read."""
    source = registry.PACKAGE / "models"
    shutil.copytree(source, tmp_path / "models")
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    monkeypatch.setattr(approxgan, "__path__", [str(tmp_path), *approxgan.__path__])
    caches = (registry.names, registry.describe, registry._tree)
    for cached in caches:
        cached.cache_clear()

    def add(name, text):
        (tmp_path / "models" / f"{name}.py").write_text(f'"""Another."""\n{text}')
        registry.names.cache_clear()
        path = str(tmp_path / "models")
        monkeypatch.setattr("approxgan.models.__path__", [path, str(source)])
        return registry.describe("models", name)

    yield add
    for cached in caches:
        cached.cache_clear()


TEXTS = {
    "inherited": f"{DENSE}@dataclass(frozen=True, kw_only=True)\nclass A(Dense):\n"
    "    deep: int\n    wide: int = 2\n",
    "undecorated": f"{DENSE}class A(Dense):\n    odd: ClassVar[int] = 1\n    even = 2\n",
    "by_module": f"{HEAD}from approxgan.models import dense as d\nclass A(d.Dense):\n    pass\n",
    "relative": f"{HEAD}from .dense import Dense as B\nclass A(B):\n    pass\n",
    "in_two_steps": f"{DENSE}class B(Dense):\n    latent: ClassVar = 1\nclass A(B):\n    pass\n",
    "mixed_in": f"{DENSE}class M:\n    kind = 'a'\n    slope = 0.3\nclass A(M, Dense):\n    pass\n",
    "default_of_a_base": f"{HEAD}class B:\n    sides: ClassVar[int] = 1\n"
    "@dataclass\nclass A(B):\n    sides: int\n    own: int = field(default=3)\n"
    "    hidden: int = field(init=False, default=0)\n",
    "fixed_by_the_child": f"{DENSE}@dataclass(frozen=True)\nclass A(Dense):\n"
    "    latent: ClassVar[int] = 4\n    matches = {'a': 'b'}\n",
    "hidden_by_the_child": f"{HEAD}class B:\n    a = 1\n    b = 2\nclass A(B):\n    a = len('x')\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_inherited_is_read(name, package):
    about = package(name, f"{TEXTS[name]}{registry.class_name(name)} = A\n")
    agrees(about, registry.load("models", name))


def test_a_variant_that_inherits_its_settings_is_built(package):
    package("narrow", f"{DENSE}class Narrow(Dense):\n    pass\n")
    built = registry.build("models", "narrow", SETTINGS)
    assert type(built).__name__ == "Narrow"
    assert built.latent == 3
    with pytest.raises(InputError, match="unknown setting 'depth'; accepted: latent, generator"):
        registry.build("models", "narrow", {**SETTINGS, "depth": 1})


def test_a_variant_may_have_another_name_for_a_class_of_the_package(package):
    assert package("same", f"{DENSE}Same = Dense\n").required == (
        registry.describe("models", "dense").required
    )


def test_a_file_that_cannot_be_read_or_imported_is_one_line(package):
    with pytest.raises(InputError, match=r"bad\.py: line 2: .*; accepted: Python"):
        package("bad", "class Bad(:\n")
    package("worse", "raise_this = 1\nclass Worse:\n    pass\n\n\n1 / 0\n")
    with pytest.raises(InputError, match=r"worse\.py: line 7: ZeroDivisionError.*division by zero"):
        registry.load("models", "worse")
    package("lost", "from approxgan.cor import x\nclass Lost:\n    pass\n")
    with pytest.raises(InputError, match=r"lost\.py: line 2: ModuleNotFoundError.*approxgan\.cor"):
        registry.load("models", "lost")


def test_a_package_that_a_variant_lacks_is_told_with_its_line(package, monkeypatch, capsys):
    package("needs", "import nosuch_package\nclass Needs:\n    pass\n")

    def list_(args):
        registry.load("models", "needs")

    monkeypatch.setattr("approxgan.cli.commands.list_", list_)
    assert main(["list"]) == 2
    said = capsys.readouterr().err
    assert re.match(r"approxgan: .*needs\.py: line 2: the package nosuch_package is not", said)


def test_a_method_that_cannot_be_called_as_its_family_is_is_named(package):
    package("odd", f"{DENSE}class Odd(Dense):\n    def size(self, player):\n        return 3\n")
    said = r"odd\.py: Odd\.size: too many positional arguments; accepted: \(player, dim\)"
    with pytest.raises(InputError, match=said):
        registry.build("models", "odd", SETTINGS)


def test_a_variant_that_lacks_what_its_family_needs_is_named(package):
    package("bare", "class Bare:\n    latent = 1\n")
    with pytest.raises(InputError, match=r"bare\.py: Bare has no size; needed: latent, size, "):
        registry.build("models", "bare", {})


def test_a_file_without_a_variant_is_named(package):
    with pytest.raises(InputError, match=r"empty\.py has no class Empty"):
        package("empty", "class A:\n    pass\n")
