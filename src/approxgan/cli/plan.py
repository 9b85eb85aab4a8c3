"""Every job of a config with what it will take, and the table of them that ``plan`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from approxgan.config import estimate
from approxgan.config.estimate import Estimate
from approxgan.design import cells as grid
from approxgan.design import specs
from approxgan.storage import tables

HOUR = 3600.0


class Job(NamedTuple):
    rule: str
    name: str
    estimate: Estimate


def jobs(config: Mapping[str, Any]) -> Iterator[Job]:
    """The jobs of a checked config, as if nothing were made yet."""
    cells = {name: grid.spec(config, cell) for name, cell in grid.cells(config).items()}
    rows = 0.0
    for name, spec in cells.items():
        yield Job("train", name, estimate.training(spec))
        yield Job("evaluate", name, estimate.evaluate(spec, config["quality"]))
        rows += len(spec["seeds"]) * (spec["training"]["steps"] / spec["training"]["trace_every"])
    for name in grid.used_datasets(config):
        yield Job("data", name, estimate.data(specs.data(config, name)))
    for name, sizes in grid.scored(config).items():
        for samples in sizes:
            spec = specs.null(config, name, samples)
            yield Job("null", f"{name} {samples}", estimate.null(spec))
    for name, probe in grid.probes(config).items():
        yield Job("points", name, estimate.points(probe))
        yield Job("describe", name, estimate.describe(probe))
        for mode, entries in grid.probe_modes(probe).items():
            yield Job("probe", f"{name} {mode}", estimate.probe({**probe, "modes": entries}))
    for mode, entries in grid.probe_modes(config["dirac"]).items():
        yield Job("dirac", mode, estimate.dirac({**config["dirac"], "modes": entries}))
    yield from _gathering(config, len(cells), rows)


def _gathering(config: Mapping[str, Any], cells: int, rows: float) -> Iterator[Job]:
    for name in tables.COLUMNS:
        if name not in tables.JUDGED:
            yield Job("collect", name, estimate.table(cells, rows))
    yield Job("comparisons", "", estimate.judged(cells, config["claims"]))
    yield Job("claims", "", estimate.judged(1, config["claims"]))
    for name in config["figures"]["names"]:
        yield Job("figure", name, estimate.figure(rows))
    yield Job("report", "", estimate.figure(rows))


class Total(NamedTuple):
    """Of several jobs."""

    jobs: int
    core_hours: float
    longest: Job
    largest: Job
    disk_gb: float


def total(found: Sequence[Job]) -> Total:
    return Total(
        len(found),
        sum(job.estimate.seconds for job in found) / HOUR,
        max(found, key=lambda job: job.estimate.seconds),
        max(found, key=lambda job: job.estimate.memory_mb),
        sum(job.estimate.disk_mb for job in found) / 1024.0,
    )


def text(found: Sequence[Job]) -> str:
    """A line for every rule, one for all jobs, the longest job, and what was assumed."""
    by_rule: dict[str, list[Job]] = {}
    for job in found:
        by_rule.setdefault(job.rule, []).append(job)
    by_rule["total"] = list(found)
    lines = [f"{'rule':<12} {'jobs':>6} {'core-hours':>11} {'longest':>9} {'memory':>9}"]
    for rule, own in by_rule.items():
        about = total(own)
        hours = f"{about.core_hours:.2f}" if about.core_hours < 1e6 else f"{about.core_hours:.1e}"
        longest = duration(about.longest.estimate.seconds)
        memory = size(about.largest.estimate.memory_mb)
        lines.append(f"{rule:<12} {about.jobs:>6} {hours:>11} {longest:>9} {memory:>9}")
    whole = total(found)
    lines.append(f"longest job: {whole.longest.rule} {whole.longest.name}".rstrip())
    lines.append(f"most memory: {whole.largest.rule} {whole.largest.name}".rstrip())
    lines.append(f"results: {size(whole.disk_gb * 1024.0)} at most")
    assumed = dict.fromkeys(a for job in found for a in job.estimate.assumed)
    return "\n".join([*lines, *(f"assumed: {what}" for what in assumed)])


def duration(seconds: float) -> str:
    """'12 s', '3.4 min', '2.5 h' or '40 days'."""
    for unit, length, most in (("s", 1.0, 120.0), ("min", 60.0, 7200.0), ("h", HOUR, 2e5)):
        if seconds < most:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds / 86400.0:.3g} days"


def size(mb: float) -> str:
    """'350 MB', '2.1 GB' or '3 TB'."""
    if mb < 1000.0:
        return f"{mb:.3g} MB"
    return f"{mb / 1024.0:.3g} GB" if mb < 1e6 else f"{mb / 1024.0**2:.3g} TB"
