"""Reading and checking a table of numbers from a .npy or .csv file."""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np

from approxgan.core.settings import shown

FEWEST_COLUMNS, MOST_COLUMNS = 2, 10_000
FEWEST_ROWS = 20
LARGEST = float(np.finfo(np.float32).max)
"""Training may run in float32, where anything larger is infinite."""


def read(path: str) -> np.ndarray:
    """[rows, columns] float64; a file is read once.

    A .csv is UTF-8 text separated by commas. Its first row names the columns if none of its fields
    is a number. Messages count rows from 1, without the names and blank lines, and columns from 1.
    Raises ``ValueError`` that names the file, the place, the rule and what is accepted.
    """
    if not isinstance(path, str):
        raise ValueError(f"path is {shown(path)}; accepted: the name of a .npy or .csv file")
    return _read(Path(path).absolute())


@cache
def _read(path: Path) -> np.ndarray:
    readers = {".npy": _npy, ".csv": _csv}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ValueError(f"path is {shown(str(path))}; accepted: the name of a .npy or .csv file")
    # What is no regular file may never end.
    if not os.path.isfile(path):
        raise ValueError(f"path is {shown(str(path))}; accepted: a .npy or .csv file that exists")
    try:
        cells = readers[suffix](path.read_bytes())
    except Exception as error:  # whatever a parser makes of damaged bytes
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"{path} cannot be read ({reason}); accepted: a whole {suffix} file of numbers"
        ) from error
    _check_shape(path, cells)
    return _numbers(path, cells)


def _npy(content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    # Not numpy.load, which would also take an archive or try a pickle.
    array = np.lib.format.read_array(file, allow_pickle=False)
    if file.read(1):
        raise ValueError("it goes on after the end of the array")
    if array.dtype.kind not in "iuf":
        raise ValueError(f"its values are {array.dtype}, not whole or real numbers")
    return array


def _csv(content: bytes) -> np.ndarray:
    """[rows, columns] of texts, without the row of names."""
    import pandas as pd

    frame = pd.read_csv(
        io.BytesIO(content), header=None, dtype=str, na_filter=False, encoding="utf-8-sig"
    )
    cells = frame.to_numpy(dtype=object)
    if any(_number(cell) is not None for cell in cells[0]):
        return cells
    for column, name in enumerate(cells[0], 1):
        if not name.strip():
            raise ValueError(
                f"column {column} has no name though the others have: if it numbers the rows, "
                "leave it out"
            )
    return cells[1:]


def _check_shape(path: Path, cells: np.ndarray) -> None:
    if cells.ndim != 2:
        raise ValueError(
            f"{path} has {cells.ndim} dimensions; accepted: 2, a row for each point and a column "
            "for each coordinate"
        )
    rows, columns = cells.shape
    if not FEWEST_COLUMNS <= columns <= MOST_COLUMNS:
        raise ValueError(
            f"{path} has {columns} columns; accepted: {FEWEST_COLUMNS} to {MOST_COLUMNS}, in a "
            ".csv separated by commas"
        )
    if rows < FEWEST_ROWS:
        raise ValueError(f"{path} has {rows} rows of numbers; accepted: {FEWEST_ROWS} or more")


def _numbers(path: Path, cells: np.ndarray) -> np.ndarray:
    """The cells as float64; ``ValueError`` for the first that is not a finite number."""
    if cells.dtype == object:
        # None becomes not a number.
        numbers = np.array([[_number(cell) for cell in row] for row in cells], dtype=np.float64)
    else:
        with np.errstate(over="ignore"):
            numbers = cells.astype(np.float64)
    bad = np.argwhere(~(np.abs(numbers) <= LARGEST))
    if len(bad):
        row, column = bad[0]
        cell = cells[row, column]
        shown = repr(cell) if isinstance(cell, str) else cell
        raise ValueError(
            f"{path}: row {row + 1}, column {column + 1} is {shown}; "
            f"accepted: finite numbers up to {LARGEST:.2g} in size"
        )
    return numbers


def _number(text: str) -> float | None:
    """The number that a text stands for; None if it stands for none."""
    try:
        # Python alone reads 1_000 as a number.
        return None if "_" in text else float(text)
    except ValueError:
        return None
