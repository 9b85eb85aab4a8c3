"""Refusing a config that asks for more than its ``limits``, before anything is started."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from approxgan.cli import plan
from approxgan.core.errors import InputError
from approxgan.design import cells

GB = 2.0**30
CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""The memory that a container may use, where there is one."""


def jobs_of(config: Mapping[str, Any]) -> int:
    """Training jobs and probed or played entries of a config; none of them is made for it."""
    total = 0
    for study in config["studies"]:
        seeds = {**config["seeds"], **study.get("seeds", {})}
        places = len(study["datasets"]) * len(study["models"]) * len(study["losses"])
        total += places * sum(
            _pairs(entry) * _blocks(**{**seeds, **entry.get("seeds", {})})
            for entry in study["modes"]
        )
    for probe in config["probes"]:
        places = len(probe["datasets"]) * len(probe["models"]) * len(probe["losses"])
        total += places * sum(_points(entry) for entry in probe["modes"])
    return total + sum(_points(entry) for entry in config["dirac"]["modes"])


def _points(entry: Mapping[str, Any]) -> int:
    """Combinations of one player's entry."""
    own = (len(v) for k, v in entry.items() if k not in cells.APART and isinstance(v, list))
    return math.prod(own) * (_points(entry["match"]) if "match" in entry else 1)


def _pairs(entry: Mapping[str, Any]) -> int:
    if "mode" in entry:
        return _points(entry)
    return _points(entry["generator"]) * _points(entry["discriminator"])


def _blocks(first: int, count: int, block: int) -> int:
    return (first + count - 1) // block - first // block + 1


def check_jobs(config: Mapping[str, Any]) -> None:
    """Raise ``InputError`` for a grid that is too large to be written down."""
    found, most = jobs_of(config), config["limits"]["jobs"]
    if found > most:
        raise InputError(
            f"config: limits.jobs: the grid has {_number(found)} jobs, at most {_number(most)} "
            "are accepted; make lists shorter or seeds.block larger, or raise limits.jobs"
        )


def check(config: Mapping[str, Any], results: Path) -> None:
    """Raise ``InputError`` for estimated time, memory or results beyond the limits."""
    told, whole = config["limits"], plan.total(list(plan.jobs(config)))
    if whole.core_hours > told["core_hours"]:
        raise InputError(
            f"config: limits.core_hours: {_number(whole.core_hours)} core-hours are estimated, at "
            f"most {_number(told['core_hours'])} are accepted; 'approxgan plan' says what takes "
            "them; ask for less, or raise limits.core_hours"
        )
    job, needed = whole.largest, whole.largest.estimate.memory_mb / 1024.0
    most, found = _most(told["memory_gb"], memory_gb)
    if needed > most:
        raise InputError(
            f"config: limits.memory_gb: {job.rule} {job.name} is estimated to need "
            f"{_number(needed)} GB, {found}; ask for less at once (seeds.block, batch, samples, "
            "widths), or set limits.memory_gb to what the machines have that jobs run on"
        )
    most, found = _most(told["disk_gb"], lambda: disk_gb(results))
    if whole.disk_gb > most:
        raise InputError(
            f"config: limits.disk_gb: results are estimated to take {_number(whole.disk_gb)} GB, "
            f"{found}; ask for fewer samples or snapshots, or set limits.disk_gb"
        )


def _most(told: float | str, machine: Callable[[], float]) -> tuple[float, str]:
    """A limit in GB, and how to say it."""
    if isinstance(told, str):
        most = machine()
        return most, f"and there are {_number(most)} GB here"
    return told, f"at most {_number(told)} are accepted"


def _number(value: float) -> str:
    if value >= 1e9:
        return f"{float(min(value, 10**300)):.1e}"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def memory_gb() -> float:
    """This machine's, or what a container may use of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB
    try:
        return min(machine, float(CONTAINER.read_text()) / GB)
    except (OSError, ValueError):
        return machine


def disk_gb(results: Path) -> float:
    """Free for the folder of results, with what it holds already."""
    there = results.absolute()
    while not there.exists():
        there = there.parent
    held = sum(p.stat().st_size for p in results.rglob("*") if p.is_file() and not p.is_symlink())
    return (shutil.disk_usage(there).free + held) / GB
