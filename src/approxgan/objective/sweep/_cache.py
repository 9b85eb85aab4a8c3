"""Compilation that is kept between processes, where some folder can keep it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

inner = numba.njit(**OPTIONS)
"""For functions called by compiled functions only: they are stored inside their callers."""

inlined = numba.njit(forceinline=True, **OPTIONS)
"""The same for short ones in the innermost loops."""


def entry(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that Python calls, and keep the result under ``name``.

    Give each set of argument types a name of its own. Numba numbers the types it stores for a
    name without a lock, so that two processes that meet in an empty folder could otherwise
    store one's code under the other's types.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        function.__name__ = function.__qualname__ = name
        place = folder()
        if place is None:
            return numba.njit(**OPTIONS)(function)
        with _cache_dir(place):
            try:
                return numba.njit(cache=True, **OPTIONS)(function)
            except RuntimeError:  # numba found no place that it can write to
                return numba.njit(**OPTIONS)(function)

    return decorate


@cache
def folder() -> str | None:
    """The first folder that can be written to; the last is lost when the machine restarts."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    candidates = [
        Path(named) if named else Path(base, "approxgan", "numba"),
        Path(tempfile.gettempdir(), f"approxgan-numba-{user}"),
    ]
    for candidate in candidates:
        place = candidate / _fingerprint()
        if _is_private(candidate, made=candidate is candidates[-1]) and _can_write(place):
            return str(place)
    return None


def _is_private(folder: Path, made: bool) -> bool:
    """Stored code is run, so in a shared place only a folder of this user's own will do."""
    if not made or not hasattr(os, "getuid"):
        return True
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@cache
def _fingerprint() -> str:
    """Numba notices a change in the file of the function it stored, not in what that calls."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("_*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"sweep-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def _cache_dir(folder: str) -> Iterator[None]:
    """Numba looks its folder up while it decorates; other users of numba keep theirs."""
    before = config.CACHE_DIR
    config.CACHE_DIR = folder
    try:
        yield
    finally:
        config.CACHE_DIR = before
