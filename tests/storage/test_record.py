"""Result files: atomic, free of pickles, the same bytes again, and clear about damage."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.core.errors import InputError
from approxgan.storage import files

FRAME = pd.DataFrame({"name": ["a", "b"], "x": [0.1, np.nan], "n": [1, 2]})


def test_arrays_come_back_and_have_the_same_bytes_again(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(3)}
    for name in ("one.npz", "two.npz"):
        files.write_arrays(tmp_path / name, arrays)
    back = files.read_arrays(tmp_path / "one.npz")
    assert np.array_equal(back["a"], arrays["a"])
    assert back["b"] == 3
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_tables_come_back_and_have_the_same_bytes_again(tmp_path):
    for name in ("one", "two"):
        files.write_table(tmp_path / name, FRAME)
    pd.testing.assert_frame_equal(files.read_table(tmp_path / "one.parquet"), FRAME)
    for suffix in (".parquet", ".csv"):
        one, two = ((tmp_path / f"{n}{suffix}").read_bytes() for n in ("one", "two"))
        assert one == two


def test_objects_are_not_pickled(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        files.write_arrays(tmp_path / "x.npz", {"a": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.txt"
    files.write_text(path, "old")

    def fail():
        with files.replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_bytes_reach_the_disk_before_the_name_does_and_the_name_after(tmp_path, monkeypatch):
    seen = []

    def fsync(handle):
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")

    def replace(old, new, replace=os.replace):
        seen.append("renamed")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    files.write_text(tmp_path / "x.txt", "whole")
    assert seen == ["file", "renamed", "folder"]


def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "data.npz")
    with pytest.raises(InputError, match=r"data\.npz: not a file"):
        files.read_arrays(tmp_path / "data.npz")


def test_a_value_that_is_not_json_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("x.npz", files.read_arrays),
        ("x.parquet", files.read_table),
        ("x.json", files.read_json),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_damaged_files_are_named(tmp_path, name, reader, damage):
    path = tmp_path / name
    files.write_arrays(tmp_path / "x.npz", {"a": np.arange(1000.0)})
    files.write_table(tmp_path / "x", FRAME)
    files.write_json(tmp_path / "x.json", {"a": [1, 2, 3]})
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        left = {"empty": b"", "cut": whole[: len(whole) // 2], "noise": b"\x93noise" * 20}[damage]
        path.write_bytes(left)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        reader(path)


WRITING = """
import sys, pathlib
from approxgan.storage import files
with files.replacing(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_writer_left_goes_with_the_next_write_and_a_living_one_s_stays(tmp_path):
    path = tmp_path / "x.txt"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITING, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == b"writing\n"
    writers[0].kill()
    writers[0].communicate()
    files.write_text(path, "whole")
    assert len(list(tmp_path.glob(".x.txt.*.part"))) == 1
    writers[1].communicate()
    assert writers[1].returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
    assert path.read_text() == "half"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("a full disk is not tested: mounting a small tmpfs needs root")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_leaves_what_was_there_and_no_half_file(small_disk):
    path = small_disk / "result.npz"
    files.write_arrays(path, {"a": np.zeros(3)})
    before = path.read_bytes()
    noise = np.random.default_rng(0).standard_normal(100_000)
    with pytest.raises(OSError, match="No space left"):
        files.write_arrays(path, {"a": noise})
    with pytest.raises(OSError, match="No space left"):
        files.write_table(small_disk / "table", pd.DataFrame({"a": noise}))
    assert [p.name for p in small_disk.iterdir()] == ["result.npz"]
    assert path.read_bytes() == before


def test_a_full_disk_is_one_line(small_disk, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    (small_disk / "filler").write_bytes(b"0" * 200_000)
    assert main(["data", "ring", "--results", str(small_disk)]) == 1
    text = capsys.readouterr().err
    assert "No space left" in text
    assert text.count("\n") == 1
    assert not list(small_disk.rglob("*.npz"))
