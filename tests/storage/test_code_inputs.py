"""A stage's digest follows the bytes of the files that the stage imports, and nothing else."""

from __future__ import annotations

import os

import pytest

from approxgan.core.errors import InputError
from approxgan.storage import code_inputs

STAGE = "def f():\n    from approxgan import second\n    from ..third import x\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A stage that imports one module by its name, and one of another package by its place."""
    folder = tmp_path / "approxgan"
    for name in ("first", "third", "estimators"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("")
    (folder / "first" / "stage.py").write_text(STAGE)
    (folder / "first" / "page.html").write_text("<p>\n")
    (folder / "third" / "x.py").write_text("from . import y\n")
    for name in ("second.py", "other.py", "third/y.py", "estimators/a.py", "estimators/b.py"):
        (folder / name).write_text("")
    monkeypatch.setattr(code_inputs, "PACKAGE", folder)
    yield folder
    forget()


def forget() -> None:
    """What a process remembers for its lifetime."""
    c = code_inputs
    for function in (c.path_of, c.imports, c.sweeps, c.sources, c._digest, c._of_source):
        function.cache_clear()


def digest(**variants):
    forget()
    return code_inputs.digest("first", **variants)


def test_imports_are_followed_by_name_and_by_place(package):
    forget()
    found = [str(path.relative_to(package)) for path in code_inputs.sources("first")]
    own = ["first/page.html", "first/stage.py", "second.py"]
    assert found == [*own, "third/__init__.py", "third/x.py", "third/y.py"]


@pytest.mark.parametrize("name", ["first/stage.py", "first/page.html", "second.py", "third/y.py"])
def test_a_changed_byte_changes_it_and_a_time_does_not(package, name):
    before, old = digest(), (package / name).stat()
    (package / name).write_text((package / name).read_text() + "# \n")
    os.utime(package / name, ns=(old.st_mtime_ns, old.st_mtime_ns))
    assert digest() != before
    with pytest.raises(InputError, match="source files of first have changed"):
        code_inputs.check(before)
    (package / name).write_text((package / name).read_text()[:-3])
    os.utime(package / name, ns=(4 * 10**18, 4 * 10**18))
    assert digest() == before
    code_inputs.check(before)


def test_a_file_that_the_stage_does_not_import_leaves_it_alone(package):
    before = digest()
    (package / "other.py").write_text("x = 1\n")
    assert digest() == before


def test_the_order_of_variants_does_not_matter_and_their_names_do(package):
    assert digest(modes=["a", "b"]) == digest(modes=["b", "a", "b"])
    assert len({digest(modes=name) for name in "ab"} | {digest()}) == 3
    code_inputs.check(digest(modes=["a", "b"]))


def test_a_module_that_is_not_there_is_said(package):
    forget()
    with pytest.raises(InputError, match=r"estimators\.c is not a module"):
        code_inputs.sources("first modes=c")


@pytest.mark.parametrize("told", ["x", "", "training", "training nosuch=a 0123456789abcdef"])
def test_what_is_no_digest_is_said_in_one_line(told):
    with pytest.raises(InputError, match=r"^--code: .* is no digest; accepted: [^\n]+$"):
        code_inputs.check(told)
