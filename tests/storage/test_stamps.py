"""A stamp follows the source files it stands for, and nothing else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from approxgan.storage import code_inputs, stamps


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, the second one imported by the first; and an empty work folder."""
    folder = tmp_path / "approxgan"
    (folder / "first").mkdir(parents=True)
    (folder / "first" / "stage.py").write_text("def f():\n    from approxgan import second\n")
    (folder / "second.py").write_text("")
    (folder / "other.py").write_text("")
    monkeypatch.setattr(code_inputs, "PACKAGE", folder)
    monkeypatch.chdir(tmp_path)
    forget()
    yield folder
    forget()


def forget() -> None:
    """What a process remembers for its lifetime."""
    c = code_inputs
    for function in (c.path_of, c.imports, c.closure, c.sweeps):
        function.cache_clear()
    stamps._stamp.cache_clear()
    stamps._digest.cache_clear()


def stamp() -> tuple[str, int]:
    forget()
    path = Path(stamps.of("first"))
    return path.read_text(), path.stat().st_mtime_ns


def test_a_stamp_lists_the_stage_s_files_and_is_as_old_as_the_newest(package):
    os.utime(package / "first" / "stage.py", ns=(5_000_000_001, 5_000_000_001))
    os.utime(package / "second.py", ns=(7_000_000_003, 7_000_000_003))
    text, time = stamp()
    digest = hashlib.sha256(b"").hexdigest()
    assert text.splitlines()[0] == "# first"
    assert text.splitlines()[2] == f"{digest}  second.py"
    assert len(text.splitlines()) == 3
    assert time == 7_000_000_003


def test_a_change_changes_it_and_undoing_restores_it(package):
    before = stamp()
    old = (package / "second.py").stat()
    (package / "second.py").write_text("x = 1\n")
    os.utime(package / "second.py", ns=(old.st_mtime_ns + 10**9, old.st_mtime_ns + 10**9))
    after = stamp()
    assert after[0] != before[0]
    assert after[1] == old.st_mtime_ns + 10**9
    (package / "second.py").write_text("")
    os.utime(package / "second.py", ns=(old.st_mtime_ns, old.st_mtime_ns))
    assert stamp() == before


def test_a_file_that_the_stage_does_not_import_leaves_it_alone(package):
    before = stamp()
    (package / "other.py").write_text("x = 1\n")
    assert stamp() == before


def test_the_order_of_variants_does_not_matter_and_their_names_do(package):
    (package / "estimators").mkdir()
    for name in ("a", "b"):
        (package / "estimators" / f"{name}.py").write_text("")
    assert stamps.of("first", modes=["a", "b"]) == stamps.of("first", modes=["b", "a", "b"])
    assert len({stamps.of("first", modes=name) for name in "ab"}) == 2
