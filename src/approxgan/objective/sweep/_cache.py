"""Compilation that is kept between processes, where some folder can keep it."""

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps, loads

WRITABLE = stat.S_IWGRP | stat.S_IWOTH
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

inner = numba.njit(**OPTIONS)
"""For functions called by compiled functions only: they are stored inside their callers."""

inlined = numba.njit(forceinline=True, **OPTIONS)
"""The same for short ones in the innermost loops."""


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, once for each set of types of its arguments."""
    compiled = numba.njit(**OPTIONS)(function)
    compiled._cache = _Kept(function.__qualname__)
    return compiled


class _Kept(caching.NullCache):
    """A file for each set of types. One that cannot be read is as good as none, and written anew.

    Numba's own cache has an index too, which two processes may write at once, and it notices a
    change in the file of the function, not in what that calls.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _file(self, types: Any, codegen: Any) -> Path:
        digest = hashlib.sha256(repr((types, codegen.magic_tuple())).encode()).hexdigest()
        return Path(folder() or os.devnull, f"{self.name}-{digest[:32]}")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        try:
            stored = self._file(sig, target_context.codegen()).read_bytes()
            return CompileResult._rebuild(target_context, *loads(stored))
        except Exception:
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        file = self._file(sig, data.codegen)
        with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=file.parent) as place:
            written = Path(place, file.name)
            written.write_bytes(dumps(data._reduce()))
            written.replace(file)


@cache
def folder() -> str | None:
    """The first folder that will do; the last is lost when the machine restarts.

    Numba unpickles what it has stored and runs it, so a folder will do only if it is this user's
    own and no other user can write to it, or put another one in its place.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    for candidate in (
        Path(named) if named else Path(base, "approxgan", "numba"),
        Path(tempfile.gettempdir(), f"approxgan-numba-{user}"),
    ):
        try:
            place = candidate.resolve() / _fingerprint()
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                if _is_private(place):
                    return str(place)
        except (OSError, RuntimeError):  # not to be made or written to; a loop of links
            continue
    return None


def _is_private(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    own, *above = (place.lstat() for place in (folder, *folder.parents))
    return (
        own.st_uid == os.getuid()
        and not own.st_mode & WRITABLE
        and all(
            place.st_uid in (0, os.getuid())
            and (not place.st_mode & WRITABLE or place.st_mode & stat.S_ISVTX)
            for place in above
        )
    )


@cache
def _fingerprint() -> str:
    """Of all code that may be compiled, and of what compiles it."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for path in sorted(Path(__file__).parent.glob("_*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"sweep-{digest.hexdigest()[:16]}"
