"""The machine, versions, commit and code that each job records with its results."""

import importlib.metadata
import os
import platform
import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from approxgan.core.errors import InputError
from approxgan.design.paths import COST, Results
from approxgan.storage import files

PACKAGES = (
    *("approxgan", "torch", "numpy", "numba", "scipy", "scikit-learn", "POT", "pandas"),
    *("matplotlib", "seaborn", "snakemake"),
)
DECIDING = ("torch", "numpy", "numba")
"""Those of them whose versions decide the last digits of what is trained."""
MADE_WITH = "made_with"
"""Entry of a run's cost.json; other jobs have a file of their own in the folder ``provenance``."""


def about() -> dict[str, str]:
    """This machine, as far as the system tells."""
    found = {"system": platform.platform(), "processor": processor(), "cores": str(cores())}
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        found["memory"] = f"{size / 2**30:.1f} GiB"
    except (AttributeError, OSError, ValueError):
        found["memory"] = "not told"
    return found


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    try:
        named = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """What is installed here, by name."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def commit() -> str:
    """The commit that these sources are at, marked where they have changes; '' outside of one."""
    here = ["git", "-C", str(Path(__file__).parent)]
    command = [*here, "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def record(code: str | None) -> dict[str, str]:
    """What a job is made with; ``code`` is the digest of its sources that the workflow gave."""
    told = {"commit": commit(), "code": code or "", "processor": processor()}
    return {**versions(), "system": platform.platform(), **told}


def write(results: Path, stage: str, names: Sequence[str], code: str | None) -> None:
    """Keep what a job was made with, where it has no cost.json to keep it in."""
    files.write_json(Results(results).record(stage, *names), record(code))


def found(results: Path) -> list[Mapping[str, str]]:
    """The records of all jobs that made these results, but for files that cannot be read."""
    at, told = Results(results), []
    runs = [at.run(cell, COST) for cell in at.runs_with(COST)]
    for path in sorted([*runs, *at.records.rglob("*.json")]):
        try:
            about = files.read_json(path)
            told.append(about[MADE_WITH] if path.name == COST else about)
        except InputError:
            continue
    return [about for about in told if isinstance(about, dict)]


def counts(records: Sequence[Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """What the jobs were made with: its name -> each value and its number of jobs."""
    names = dict.fromkeys(name for about in records for name in about if name != "code")
    found = {name: Counter(about.get(name, "not told") for about in records) for name in names}
    return {name: dict(count.most_common()) for name, count in found.items()}


def differing(records: Sequence[Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """What of that the jobs were not all made with."""
    return {name: count for name, count in counts(records).items() if len(count) > 1}


def told(made_with: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The same in words: '2.13.0', or '2.13.0 (12 jobs), 2.12.1 (3 jobs)'."""
    return {
        name: next(iter(count))
        if len(count) == 1
        else ", ".join(f"{value} ({jobs} jobs)" for value, jobs in count.items())
        for name, count in made_with.items()
    }


def changed(records: Sequence[Mapping[str, str]]) -> list[str]:
    """A line for each deciding package whose version here is not that of all results."""
    here, lines = versions(), []
    for name in DECIDING:
        others = Counter(a[name] for a in records if a.get(name, here[name]) != here[name])
        lines += [
            f"{name} is {here[name]}; {count} of {len(records)} jobs were made with {version}"
            for version, count in others.most_common()
        ]
    return lines
