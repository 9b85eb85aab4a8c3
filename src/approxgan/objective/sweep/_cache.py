"""Compilation that is kept between processes, where some folder can keep it."""

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, config

WRITABLE = stat.S_IWGRP | stat.S_IWOTH
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


class _Kept(caching.IndexDataCacheFile):
    """Numba's files; one that cannot be read is as good as none, and is written anew."""

    def _load_index(self) -> dict[Any, str]:
        try:
            return super()._load_index()
        except Exception:
            return {}

    def _load_data(self, name: str) -> Any:
        try:
            return super()._load_data(name)
        except Exception as error:
            # What numba takes as a file that was removed.
            raise FileNotFoundError(name) from error


@cache
def _fingerprint() -> str:
    """Numba notices a change in the file of the function it stored, not in what that calls."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("_*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"sweep-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def _cache_dir(folder: str) -> Iterator[None]:
    """Numba looks folder and files up while it decorates; its other users keep theirs."""
    before = config.CACHE_DIR, caching.IndexDataCacheFile
    config.CACHE_DIR, caching.IndexDataCacheFile = folder, _Kept
    try:
        yield
    finally:
        config.CACHE_DIR, caching.IndexDataCacheFile = before
