"""The only reader and writer of result files.

Every file is written beside its place, brought to the disk and moved there by ``os.replace``, so
that a name holds a whole result or nothing, also after the machine went down. Nothing is pickled.
"""

from __future__ import annotations

import fcntl
import io
import json
import math
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from approxgan.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MAKE = "remove it and make it again"
"""What to do about a result file of another version, or a damaged one."""
ENDS = {
    ".npz": b"PK\5\6",
    ".parquet": b"PAR1",
    ".json": b"}",
    ".csv": b"\n",
    ".svg": b"</svg>",
    ".png": b"IEND\xaeB`\x82",
    ".html": b"</html>",
    ".md": b"\n",
}
"""What the last bytes of every kind of result file hold."""
TAIL = 22
"""Bytes of the record at the end of a .npz, which is no longer without a comment."""


def is_whole(path: Path) -> bool:
    """Whether a file of results has its end; damage elsewhere is found by who reads the file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL))
        tail = file.read()
    if path.suffix == ".npz":
        return len(tail) == TAIL and tail.startswith(ENDS[".npz"])
    end = ENDS.get(path.suffix, b"")
    return size > 0 and (tail.endswith(end) or tail.rstrip().endswith(end))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder that becomes ``path`` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as held:
            _locked(held.fileno())
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        # Some file systems refuse it for folders, and keep the new name without it.
        with suppress(OSError):
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Lock an open file until it is closed or its process ends; False if it cannot be locked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_leftovers(folder: Path, name: str = "*") -> None:
    """Remove what processes killed while they wrote a file of that name have left.

    What a living process still writes is locked, and stays.
    """
    for part in folder.glob(f".{name}.*.part"):
        try:
            handle = os.open(part, os.O_RDWR)
        except OSError:
            continue
        if _locked(handle):
            part.unlink(missing_ok=True)
        os.close(handle)


def write_bytes(path: Path, data: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


class _Found(dict[str, Any]):
    """What a file holds: an entry that it lacks is named with the file."""

    def __init__(self, path: Path, entries: Mapping[str, Any]) -> None:
        super().__init__(entries)
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise InputError(
            f"{self._path}: has no {key!r}, but {', '.join(self) or 'nothing'}; {MAKE}"
        )


def check_file(path: Path) -> None:
    """Raise ``InputError`` for what is missing or no file, such as a pipe that none writes to."""
    if not path.is_file():
        found = "not a file" if path.exists() else "no such file"
        raise InputError(f"{path}: {found}; the path of a file is accepted")


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Whatever is raised over what a file holds becomes one line that names the file."""
    check_file(path)
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        made = f"; {MAKE}" if path.suffix in (".npz", ".parquet") else ""  # nobody else writes them
        raise InputError(f"{path}: not a readable {kind} ({what}){made}") from error


def read_whole(path: Path) -> bytes:
    """A file's bytes; ``InputError`` for a missing one, and for one without its end."""
    check_file(path)
    if not is_whole(path):
        raise InputError(f"{path}: not a whole file; {MAKE}")
    return path.read_bytes()


def read_json(path: Path) -> dict[str, Any]:
    """Raises ``InputError`` for a missing or damaged file, and for entries that it lacks."""
    with reading(path, "JSON file"):
        found = json.loads(path.read_bytes(), object_hook=lambda entries: _Found(path, entries))
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds {type(found).__name__}, not a map of names; {MAKE}")
    return found


def number(found: Mapping[str, Any], name: str, path: Path) -> float:
    """A finite number of a JSON file; raises ``InputError`` for anything else."""
    value = found[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{path}: {name} is {value!r}; a finite number is accepted; {MAKE}")
    return value


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """A compressed .npz whose bytes depend on the arrays alone."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Raises ``InputError`` for a missing or damaged file, and for arrays that it lacks."""
    with (
        reading(path, ".npz file"),
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        arrays = {name: archive[name] for name in archive.files}
    return _Found(path, arrays)


def parquet(frame: pd.DataFrame) -> bytes:
    """A table as parquet; its bytes depend on the table alone. Pages have checksums."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, write_page_checksum=True)
    return buffer.getvalue()


def write_table(stem: Path, frame: pd.DataFrame) -> None:
    """``stem``.parquet and ``stem``.csv, floats in full precision, in the order given."""
    write_bytes(stem.with_suffix(".parquet"), parquet(frame))
    write_text(stem.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))


def read_table(path: Path, columns: Collection[str] = ()) -> pd.DataFrame:
    """A parquet table; ``InputError`` for a missing or damaged file, or one without ``columns``."""
    # Loaded where it is needed: training jobs, which write no tables, start a second earlier.
    import pandas as pd

    with reading(path, "parquet table"):
        table = pd.read_parquet(path, page_checksum_verification=True)
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError(f"{path}: has no column {missing[0]!r}; {MAKE}")
    return table
