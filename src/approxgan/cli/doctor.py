"""What a first answer to 'it does not work' needs: versions, threads, device, folders."""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch
from threadpoolctl import threadpool_info

from approxgan.objective.sweep._cache import folder as compiled_code
from approxgan.storage import provenance

Line = tuple[bool, str, str]
"""(fine, what, what was found)"""
FREE_GB = 2.0
"""Free space under which a folder is called full: the default study makes less than 1 GB."""


def examine(results: Path) -> list[Line]:
    """Every finding, in the order of the report."""
    return [*_machine(), *_packages(), *_threads(), *_folders(results), *_made(results)]


def _machine() -> Iterator[Line]:
    yield sys.version_info >= (3, 11), "Python", f"{platform.python_version()}, needs 3.11 or newer"
    yield True, "system", platform.platform()
    yield True, "cores", str(provenance.cores())
    cuda = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if cuda else "no CUDA device: device: cpu alone works"
    yield True, "device", name


def _packages() -> Iterator[Line]:
    """Installed versions against the project's own pins."""
    for requirement in importlib.metadata.requires("approxgan") or []:
        found = re.match(r"^([A-Za-z0-9._-]+)==([^;\s]+)", requirement)
        if found is None:
            continue
        name, wanted = found.groups()
        have = "not installed"
        with suppress(importlib.metadata.PackageNotFoundError):
            have = importlib.metadata.version(name)
        # torch's builds carry a label: 2.13.0+cpu.
        fine = have.partition("+")[0] == wanted
        if 'extra == "dev"' not in requirement or have != "not installed":
            yield fine, name, have if fine else f"{have}, the pin is {wanted}"


def _threads() -> Iterator[Line]:
    yield True, "torch threads", f"{torch.get_num_threads()} (jobs set their own)"
    for pool in threadpool_info():
        about = f"{pool.get('internal_api', '?')} {pool.get('version') or ''}".strip()
        yield True, pool["user_api"], f"{about}, {pool['num_threads']} threads"
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        if name in os.environ:
            yield True, name, os.environ[name]


def _folders(results: Path) -> Iterator[Line]:
    there = next(p for p in (results.absolute(), *results.absolute().parents) if p.is_dir())
    writable = False
    with suppress(OSError), tempfile.TemporaryFile(dir=there):
        writable = True
    free = shutil.disk_usage(there).free / 1e9
    found = f"{results}: {'writable' if writable else 'not writable'}, {free:.1f} GB free"
    yield writable and free > FREE_GB, "folder of results", found
    cache = compiled_code()
    yield cache is not None, "compiled code", cache or "kept nowhere: every job compiles it anew"


def _made(results: Path) -> Iterator[Line]:
    """Results that were made with other versions than these."""
    for line in provenance.changed(provenance.found(results)):
        yield True, "results", f"{line}; nothing is made again for that"


def text(lines: list[Line]) -> str:
    """A line a finding; those that are not fine are marked."""
    return "\n".join(f"{'ok ' if fine else '!! '} {what}: {found}" for fine, what, found in lines)
