"""What a job's process does with memory."""

import platform
import subprocess
import sys

import pytest

from approxgan.cli import process

STEPS = """
import gc, resource, runpy, sys
import numpy as np
sys.argv = ["approxgan", "list", "losses"]
try:
    runpy.run_module("approxgan", run_name="__main__")
except SystemExit as ended:
    assert ended.code == 0 and gc.get_freeze_count() > 0
def step():
    return [np.ones(SIZE) for _ in range(5)]
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.parametrize("size", [30_000, 300_000])
def test_large_arrays_of_later_steps_are_not_cleared_again(size):
    """The system clears a page of 4 kB when it is touched first; an array has thousands."""
    code = STEPS.replace("SIZE", str(size))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cleared = int(done.stdout.split()[-1])
    assert cleared < 20 * 5 * size * 8 / 4096 / 50


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_left_alone(monkeypatch, error):
    asked = []

    def library(name):
        asked.append(name)
        raise error

    monkeypatch.setattr(process.ctypes, "CDLL", library)
    process.begin()
    assert asked == [None]
