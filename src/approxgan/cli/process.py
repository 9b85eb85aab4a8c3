"""How a job's process uses memory. Results are the same without this, but take longer."""

import ctypes
import gc
from contextlib import suppress

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""What glibc's ``mallopt`` calls them."""
LARGE, KEPT = 2**25, 2**30
"""Bytes of an array from which on it is given back when it is freed, the most that glibc takes; and
of the freed memory that is kept."""


def begin() -> None:
    """Keep freed memory for the next step.

    Otherwise glibc gives freed arrays of some MB back to the system. The next step gets them again,
    and the system clears them page by page, which can take as long as the arithmetic.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_THRESHOLD, LARGE)
        library.mallopt(TRIM_THRESHOLD, KEPT)


def end() -> None:
    """Exit without Python's last search for unreachable objects: all memory goes with the process.

    With torch loaded, that search is a good part of a short job.
    """
    gc.freeze()
