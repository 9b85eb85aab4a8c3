from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from approxgan.config.registry import build, describe
from approxgan.core.errors import InputError

ROWS = np.random.default_rng(7).standard_normal((30, 3))


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_file_reads_the_same_numbers_from_either_format(tmp_path: Path) -> None:
    text = "\n".join(",".join(map(repr, row)) for row in ROWS.tolist())
    (tmp_path / "plain.csv").write_text(text)
    (tmp_path / "named.CSV").write_bytes(f"\ufeffx, y,z\n\n{text}\n".replace("\n", "\r\n").encode())
    np.save(tmp_path / "array.npy", np.asfortranarray(ROWS))
    (tmp_path / "array.npy").rename(tmp_path / "array.NPY")
    for name in ("plain.csv", "named.CSV", "array.NPY"):
        dataset = build("datasets", "file", {"path": str(tmp_path / name), "held_out": 0.5})
        assert dataset.dim == 3
        together = [dataset.training(15, rng()), np.unique(dataset.sample(1500, rng()), axis=0)]
        rows = np.unique(np.concatenate(together), axis=0)
        np.testing.assert_array_equal(rows, np.unique(ROWS, axis=0))
    assert describe("datasets", "file").constants["reads"] == ("path",)


def csv(last: str, first: str = "x,y") -> bytes:
    return "\n".join([first, *["1.5,2"] * 19, last]).encode()


def npy(array: object, cut: int | None = None) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        np.save(path, np.asarray(array), allow_pickle=True)
        path.write_bytes(path.read_bytes()[:cut])

    return write


def with_cell(value: float) -> np.ndarray:
    rows = ROWS.copy()
    rows[4, 1] = value
    return rows


HEADER = b"\x93NUMPY\x01\x00v\x00" + (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (20, 3), }".ljust(117) + b"\n"
)


BAD: list[tuple[str, bytes | Callable[[Path], None], str]] = [
    ("gone.npy", lambda path: None, "accepted: .* that exists"),
    ("folder.csv", Path.mkdir, "accepted: .* that exists"),
    ("a.txt", csv("1,2"), "accepted: the name of a .npy or .csv"),
    ("bare", csv("1,2"), "accepted: the name of a .npy or .csv"),
    ("flat.npy", npy(ROWS[:, 0]), "1 dimensions; accepted: 2"),
    ("cube.npy", npy(np.zeros((20, 2, 2))), "3 dimensions; accepted: 2"),
    ("complex.npy", npy(ROWS + 1j), "complex128, not whole or real numbers"),
    ("bool.npy", npy(ROWS > 0), "bool, not whole or real numbers"),
    ("text.npy", npy(ROWS.astype("U3")), "<U3, not whole or real numbers"),
    ("object.npy", npy(ROWS.astype(object)), r"Object arrays .*; accepted: .* of numbers"),
    ("nan.npy", npy(with_cell(np.nan)), "row 5, column 2 is nan; accepted: finite"),
    ("inf.npy", npy(with_cell(-np.inf)), "row 5, column 2 is -inf; accepted: finite"),
    ("large.npy", npy(with_cell(1e39)), r"row 5, column 2 is 1e\+39; .* up to 3.4e\+38"),
    ("cut.npy", npy(ROWS, -1), "cannot be read .*; accepted: a whole .npy file"),
    ("header.npy", npy(ROWS, 20), "cannot be read .*; accepted: a whole .npy file"),
    ("open.npy", HEADER.replace(b"}", b" "), "cannot be read .*; accepted: a whole .npy file"),
    ("huge.npy", HEADER.replace(b"20,", b"9" * 15 + b","), "cannot be read .*; accepted: a whole"),
    ("empty.npy", b"", "cannot be read .*; accepted: a whole .npy file"),
    ("magic.npy", csv("1,2"), "cannot be read .*; accepted: a whole .npy file"),
    ("narrow.npy", npy(ROWS[:, :1]), "1 columns; accepted: 2 to 10000"),
    ("wide.npy", npy(np.zeros((20, 10_001), "f2")), "10001 columns; accepted: 2 to 10000"),
    ("short.npy", npy(ROWS[:19]), "19 rows .*; accepted: 20 or more"),
    ("empty.csv", b"", "cannot be read .*; accepted: a whole .csv file"),
    ("names.csv", b"x,y\n", "0 rows .*; accepted: 20 or more"),
    ("word.csv", csv("1,two"), "row 20, column 2 is 'two'; accepted: finite"),
    ("word_first.csv", csv("1,2", "1,two"), "row 1, column 2 is 'two'"),
    ("bool.csv", csv("True,1"), "row 20, column 1 is 'True'"),
    ("complex.csv", csv("1,2j"), "row 20, column 2 is '2j'"),
    ("underscore.csv", csv("1_0,1"), "row 20, column 1 is '1_0'"),
    ("nan.csv", csv("1,nan"), "row 20, column 2 is 'nan'; accepted: finite"),
    ("hole.csv", csv("1,"), "row 20, column 2 is ''; accepted: finite"),
    ("ragged_long.csv", csv("1,2,3"), "line 21.*; accepted: a whole .csv file"),
    ("ragged_short.csv", csv("1"), "row 20, column 2 is ''"),
    ("quote.csv", csv('1,"2'), "cannot be read .*; accepted: a whole .csv file"),
    ("bytes.csv", csv("1,2").replace(b"x", b"\xff"), "cannot be read .*utf-8"),
    ("index.csv", csv("1,2", ",x"), "column 1 has no name"),
    ("semicolon.csv", csv("1").replace(b",", b";"), "1 columns; .* separated by commas"),
]


@pytest.mark.parametrize(("name", "content", "rule"), BAD, ids=[name for name, *_ in BAD])
def test_bad_files_are_refused_when_built(
    tmp_path: Path, name: str, content: bytes | Callable[[Path], None], rule: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    with pytest.raises(InputError, match=rf"^file: .*{name}.*{rule}"):
        build("datasets", "file", {"path": str(path), "held_out": 0.5})
