"""YAML that is no config: one line that names the place."""

from __future__ import annotations

import copy
import os
import time
from pathlib import Path

import pytest
from worlds import ROOT

from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.design import cells, check

DEFAULT = load.config([ROOT / "config.yaml"])

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = {
    "a key twice": ("a: 1\nb: {c: 1, c: 2}\n", "line 2: duplicate key 'c'"),
    "a list that holds itself": ("a: &a [*a]\n", "holds itself"),
    "aliases of aliases": (BOMB, "more than 100000 values"),
    "an object of Python": ("a: !!python/object/apply:os.system ['true']\n", "not a readable YAML"),
    "deep nesting": ("[" * 100_000, "nested deeper"),
    "a number of 5,000 digits": (f"a: {'9' * 5000}\n", "not a readable YAML"),
    "too large": ("a: " + "x" * 2**22, "larger than"),
    "no text": (b"\xff\xfe\x00", "not a readable YAML"),
    "an unknown alias": ("a: *b\n", "not a readable YAML"),
    "a number of base 8": (
        "a: 1\nb: [0100]\n",
        "line 2: 0100 is 64 to YAML",
    ),
    "a number of base 60": ("a: 1:30\n", "line 1: 1:30 is 90 to YAML"),
    "a list as key": ("? [1]\n: 2\n", "not a readable YAML"),
}


@pytest.mark.parametrize("case", YAML)
def test_yaml_that_is_no_config_is_one_line(tmp_path, case):
    text, named = YAML[case]
    path = tmp_path / "bad.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        load.read(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_of_base_10_are_what_they_look_like(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text("a: [0, 0.5, -1, 1_000, '010', 1.0e-5, 00.5]\n")
    assert load.read(path) == {"a": [0, 0.5, -1, 1000, "010", 1e-5, 0.5]}


def test_an_overlay_may_override_what_an_alias_brings(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: *b, y: 4}\n")
    assert load.read(path) == {
        "a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": {"x": 3, "y": 4}
    }  # fmt: skip


def test_what_is_no_plain_file_is_refused_at_once(tmp_path):
    """Reading a pipe that nobody writes to, or /dev/zero, would never end."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / ("x" * 300)):
        with pytest.raises(InputError) as caught:
            load.read(path)
        assert "\n" not in str(caught.value)


def test_a_million_values_are_refused_and_many_are_read_within_seconds(tmp_path):
    started = time.process_time()
    path = tmp_path / "long.yaml"
    path.write_text("a: [" + ", ".join(f"{n}.0e-9" for n in range(10**6)) + "]\n")
    with pytest.raises(InputError, match="larger than"):
        load.read(path)
    config = copy.deepcopy(DEFAULT)
    epsilon = [1.0 / n for n in range(2, 6000)]
    entry = {"mode": "forward_difference", "epsilon": [*epsilon, "dtype"]}
    config["studies"] = [{**config["studies"][3], "datasets": ["moons"], "modes": [entry]}]
    assert len(cells.cells(check.checked(config))) > 5000
    assert time.process_time() - started < 20
