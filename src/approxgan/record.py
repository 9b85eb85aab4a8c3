"""The only reader and writer of result files.

Every file is written beside its place and moved there by ``os.replace``, so that a name either
holds a whole result or nothing. Nothing is pickled.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from approxgan.core import InputError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder that becomes ``path`` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        _locked(handle)
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _locked(handle: int) -> bool:
    """Lock an open file until it is closed, or its process ends; False where that cannot be."""
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


def read_json(path: Path) -> Any:
    """Raises ``InputError`` for a missing or damaged file."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file ({error})") from error


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """A compressed .npz whose bytes depend on the arrays alone."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Raises ``InputError`` for a missing or damaged file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path}: not a readable .npz file ({error})") from error


def parquet(frame: pd.DataFrame) -> bytes:
    """A table as parquet; its bytes depend on the table alone."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def write_table(stem: Path, frame: pd.DataFrame) -> None:
    """``stem``.parquet and ``stem``.csv, floats in full precision, in the order given."""
    write_bytes(stem.with_suffix(".parquet"), parquet(frame))
    write_text(stem.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))


def read_table(path: Path) -> pd.DataFrame:
    """A parquet table; raises ``InputError`` for a missing or damaged file."""
    # Loaded where it is needed: training jobs, which write no tables, start a second earlier.
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable parquet table ({error})") from error
