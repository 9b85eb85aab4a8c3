"""Files that are cut, flipped or of another kind: the reader's one line names them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from approxgan.core.errors import InputError
from approxgan.storage import arrays, files


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 3
    return (
        data[:middle]
        + bytes(255 - byte for byte in data[middle : middle + 40])
        + data[middle + 40 :]
    )


DAMAGE = {
    "empty": lambda data: b"",
    "half": cut,
    "a text": lambda data: b"what is this?\n",
    "zeros": lambda data: bytes(len(data)),
    "flipped bytes": flipped,
}
KINDS = {
    "parquet": (files.read_table, files.parquet(pd.DataFrame({"a": np.arange(500.0)}))),
    "npz": (files.read_arrays, None),
    "json": (files.read_json, b'{"a": [1, 2, 3], "b": {"c": "some text"}}'),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_named(tmp_path, kind, damage):
    read, data = KINDS[kind]
    path = tmp_path / f"one.{kind}"
    if data is None:
        files.write_arrays(path, {"a": np.random.default_rng(0).random(500)})
        data = path.read_bytes()
    path.write_bytes(DAMAGE[damage](data))
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert kind == "json" or "remove it and make it again" in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_one_bit_of_a_table_s_numbers_that_turns_is_noticed(tmp_path, share):
    """The table would still be read, with another number in it."""
    path = tmp_path / "one.parquet"
    frame = pd.DataFrame({"a": np.random.default_rng(0).random(5000)})
    data = bytearray(files.parquet(frame))
    data[int(share * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"one\.parquet: not a readable parquet table"):
        files.read_table(path)


def test_what_a_file_lacks_is_named_with_the_file(tmp_path):
    files.write_arrays(tmp_path / "a.npz", {"x": np.zeros(3)})
    with pytest.raises(InputError, match=r"a\.npz: has no 'y'"):
        files.read_arrays(tmp_path / "a.npz")["y"]
    files.write_json(tmp_path / "a.json", {"x": {"z": 1}})
    with pytest.raises(InputError, match=r"a\.json: has no 'y'"):
        files.read_json(tmp_path / "a.json")["x"]["y"]
    files.write_table(tmp_path / "a", pd.DataFrame({"x": [1]}))
    with pytest.raises(InputError, match=r"a\.parquet: has no column 'y'"):
        files.read_table(tmp_path / "a.parquet", ["x", "y"])
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(InputError, match=r"list\.json: holds list"):
        files.read_json(tmp_path / "list.json")


@pytest.mark.parametrize("dtype", [">f8", "f2", "g", "c16", "U3"])
def test_numbers_that_torch_does_not_take_are_refused(tmp_path, dtype):
    found = {name: np.ones((3, 2)).astype(dtype) for name in ("training", "true")}
    files.write_arrays(tmp_path / "data.npz", found)
    with pytest.raises(InputError, match=r"data\.npz: training is .*accepted: float"):
        arrays.data(tmp_path / "data.npz")
