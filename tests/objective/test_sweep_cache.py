"""Compiled code is kept in a folder of the user's own, and what of it is damaged is made anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from approxgan.objective.sweep import _cache

CODE = (
    "from approxgan.objective.sweep import _cache\n"
    "f = _cache.entry(lambda x: x + 1)\n"
    "assert f(1) == 2\n"
    "print(sum(f.stats.cache_hits.values()), _cache.folder())\n"
)


def compiled(folder: Path) -> tuple[int, Path]:
    """Compile a function in a process of its own; how often it was found, and in which folder."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    script = folder.parent / f"{folder.name}.py"
    if not script.exists():
        script.write_text(CODE)
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    hits, _, place = done.stdout.strip().partition(" ")
    return int(hits), Path(place)


def test_a_damaged_file_is_compiled_anew_and_then_found(tmp_path):
    _, place = compiled(tmp_path / "kept")
    for share in (0.0, 0.5, None):
        (path,) = place.iterdir()
        whole = path.read_bytes()
        path.write_bytes(b"what is this?" if share is None else whole[: int(share * len(whole))])
        assert compiled(tmp_path / "kept")[0] == 0
    assert compiled(tmp_path / "kept")[0] == 1


@pytest.fixture
def found(monkeypatch):
    """The folder chosen for a NUMBA_CACHE_DIR."""

    def choose(folder: Path) -> Path:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
        _cache.folder.cache_clear()
        return Path(_cache.folder() or "")

    yield choose
    _cache.folder.cache_clear()


def test_a_folder_that_others_could_change_is_not_used(tmp_path, monkeypatch, found):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    place = found(tmp_path / "cache")
    assert place.parent == tmp_path / "cache"
    assert place.stat().st_mode & 0o777 == 0o700
    for folder in (place, tmp_path / "cache"):
        folder.chmod(0o777)
        assert found(tmp_path / "cache").parent.parent == tmp_path / "elsewhere"
        folder.chmod(0o700)
    (tmp_path / "cache").chmod(0o1777)  # as /tmp: none but its owner can replace a folder in it
    assert found(tmp_path / "cache") == place


@pytest.mark.skipif(os.getuid() != 0, reason="NOT ROOT: no folder can be given to another user")
def test_a_folder_of_another_user_is_not_used(tmp_path, found):
    place = found(tmp_path / "cache")
    os.chown(place, 12345, -1)
    assert found(tmp_path / "cache") != place
