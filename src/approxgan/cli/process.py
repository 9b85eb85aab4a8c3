"""How a job's process uses memory. Results are the same without it, and take longer."""

import ctypes
import gc
from contextlib import suppress

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""What glibc's ``mallopt`` calls them."""
LARGE, KEPT = 2**25, 2**30
"""Bytes: larger arrays come from the system one by one; so much freed memory is kept."""


def begin() -> None:
    """Keep freed memory for the next step.

    glibc gives arrays of some MB back to the system when they are freed. The next step gets them
    again, and the system clears them page by page: this takes up to half of a step's time.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_THRESHOLD, LARGE)
        library.mallopt(TRIM_THRESHOLD, KEPT)


def end() -> None:
    """Exit without a last search for unreachable objects, which takes 0.3 s where torch is loaded.

    All memory goes with the process.
    """
    gc.freeze()
