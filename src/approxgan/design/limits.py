"""Refusing a config that asks for more than its ``limits``, before anything is started."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from approxgan.config.check import number
from approxgan.core.errors import InputError
from approxgan.design import cost

GB = 2.0**30
CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""The memory that a container may use, where there is one."""


def check(config: Mapping[str, Any], results: Path) -> None:
    """Raise ``InputError`` for estimated time, memory or results beyond the limits."""
    told, jobs = config["limits"], list(cost.jobs(config))
    hours = sum(job.cost.seconds for job in jobs) / 3600.0
    if hours > told["core_hours"]:
        raise InputError(
            f"config: limits.core_hours: {number(hours)} core-hours are estimated, at most "
            f"{number(told['core_hours'])} are accepted; 'approxgan plan' says what takes them; "
            "make the config smaller, or raise limits.core_hours"
        )
    job = max(jobs, key=lambda job: job.cost.memory_mb)
    needed = job.cost.memory_mb / 1024.0
    most, found = _most(told["memory_gb"], memory_gb)
    if needed > most:
        raise InputError(
            f"config: limits.memory_gb: {job.rule} {job.name} is estimated to need "
            f"{number(needed)} GB, {found}; lower seeds.block, batch, samples or widths, "
            "or set limits.memory_gb to the memory of the machines that run jobs"
        )
    needed = sum(job.cost.disk_mb for job in jobs) / 1024.0
    most, found = _most(told["disk_gb"], lambda: disk_gb(results))
    if needed > most:
        raise InputError(
            f"config: limits.disk_gb: results are estimated to take {number(needed)} GB, {found}; "
            "keep fewer samples or snapshots, or set limits.disk_gb"
        )


def _most(told: float | str, machine: Callable[[], float]) -> tuple[float, str]:
    """A limit in GB, and how to say it."""
    if isinstance(told, str):
        most = machine()
        return most, f"and there are {number(most)} GB here"
    return told, f"at most {number(told)} are accepted"


def memory_gb() -> float:
    """This machine's, or what a container may use of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB
    try:
        return min(machine, float(CONTAINER.read_text(encoding="utf-8")) / GB)
    except (OSError, ValueError):
        return machine


def disk_gb(results: Path) -> float:
    """Free for the folder of results, with what it holds already."""
    there = results.absolute()
    while not there.exists():
        there = there.parent
    held = sum(p.stat().st_size for p in results.rglob("*") if p.is_file() and not p.is_symlink())
    return (shutil.disk_usage(there).free + held) / GB
