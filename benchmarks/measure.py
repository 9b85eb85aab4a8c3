"""Timing of contenders in processes of their own, round after round, and their rows."""

from __future__ import annotations

import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Row:
    """One measured contender of one case."""

    group: str
    case: str
    contender: str
    seconds_median: float
    seconds_min: float
    peak_memory_mb: float
    """Resident memory that the calls added at their peak to what set-up had left; 0 unmeasured."""
    repeats: int
    threads: int
    share: float
    """Share of the work that was run; the seconds are scaled up from it."""
    cpu_seconds: float = 0.0
    """User's and system's, of the call and all its processes; 0 where it was not measured."""
    written_mb: float = 0.0
    """Size of the files that the call wrote, where that is of interest."""
    error: float | None = None
    """Of the differences, relative to the float64 gradient; where that was computed."""
    zeros: float | None = None
    """Share of differences that are exactly 0."""


def timed(
    call: Callable[[], Any], seconds: float, least: int = 3, *, warm: bool = False
) -> list[float]:
    """Seconds of each call, for about ``seconds`` and ``least`` calls, after one unless ``warm``.

    A first call longer than ``seconds`` is not repeated.
    """
    if not warm:
        call()
    found: list[float] = []
    while len(found) < least or sum(found) < seconds:
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
        if found[0] > seconds:
            break
    return found


def resident_mb() -> float:
    """Peak resident memory of this process, MB, since ``forget_peak``.

    Not ``ru_maxrss``, which starts at the peak of the process that started this one.
    """
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    """Let the peak be what is in use now; what was freed goes back to the system first."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def report(
    call: Callable[[], Any], *, seconds: float, share: float, threads: int, warm: bool = False
) -> None:
    """In a contender's process: measure and print the numbers as one line of JSON."""
    forget_peak()
    before = resident_mb()
    found = timed(call, seconds, warm=warm)
    numbers = {
        "seconds": [value / share for value in found],
        "peak_memory_mb": resident_mb() - before,
        "share": share,
        "threads": threads,
    }
    print(json.dumps(numbers))


def contest(
    group: str, case: str, contenders: Sequence[str], module: str, *arguments: str, rounds: int = 2
) -> list[Row]:
    """Run ``python -m module CONTENDER ARGUMENTS`` for every contender in turn, ``rounds`` times.

    Rounds are interleaved, so that a change of the machine's speed meets all contenders.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name in contenders:
            done = subprocess.run(
                [sys.executable, "-m", module, name, *arguments],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(f"{module} {name} {' '.join(arguments)} failed:\n{done.stderr}")
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return [row(group, case, name, parts) for name, parts in found.items()]


def row(group: str, case: str, contender: str, parts: Sequence[dict[str, Any]]) -> Row:
    """The row of one contender's rounds."""
    seconds = [value for part in parts for value in part["seconds"]]
    return Row(
        group,
        case,
        contender,
        statistics.median(seconds),
        min(seconds),
        max(part["peak_memory_mb"] for part in parts),
        len(seconds),
        parts[0]["threads"],
        parts[0]["share"],
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as text: every contender beside the first of its case."""
    lines = [
        f"{'case':<34} {'contender':<22} {'median s':>11} {'min s':>11} {'to ours':>9} "
        f"{'memory MB':>10} {'threads':>7} {'CPU s':>9} {'written MB':>10} "
        f"{'error':>9} {'zeros':>6}"
    ]
    base: dict[str, float] = {}
    for r in rows:
        ours = base.setdefault(f"{r.group} {r.case}", r.seconds_median)
        lines.append(
            f"{r.case:<34} {r.contender:<22} {r.seconds_median:>11.3g} {r.seconds_min:>11.3g} "
            f"{r.seconds_median / ours:>8.3g}x {r.peak_memory_mb:>10.1f} {r.threads:>7} "
            f"{r.cpu_seconds:>9.3g} {r.written_mb:>10.2f} "
            f"{'-' if r.error is None else f'{r.error:.3g}':>9} "
            f"{'-' if r.zeros is None else f'{r.zeros:.3f}':>6}"
        )
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(r) for r in rows], indent=1) + "\n"
