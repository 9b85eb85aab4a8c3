"""How a job's process uses memory. Results are the same without it, and take longer."""

import ctypes
import gc
from contextlib import suppress

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""What glibc's ``mallopt`` calls them."""
LARGE, KEPT = 2**25, 2**30
"""Bytes: pieces from the one on come from the system and go back; so much may lie unused."""
OBJECTS = 100_000
"""New objects that are looked through for unreachable ones; Python's default is 700."""


def begin() -> None:
    """For a process that makes many objects that stay, and the same large arrays at every step.

    A million objects stay of importing torch: nothing in them is unreachable. Arrays of some MB
    that are freed at the end of a step would be given back to the system and, in the next step,
    asked for again and cleared page by page: that takes up to half of a step's time.
    """
    gc.set_threshold(OBJECTS)
    with suppress(AttributeError, OSError, TypeError):  # of another C library
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_THRESHOLD, LARGE)
        library.mallopt(TRIM_THRESHOLD, KEPT)


def end() -> None:
    """Nothing is unreachable that does not go with the process: it need not be looked for."""
    gc.freeze()
