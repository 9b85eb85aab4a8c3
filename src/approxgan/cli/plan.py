"""What a config will take: this machine's speeds, measured once, and the table of all jobs."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import cells, cost, work
from approxgan.design.cost import Job
from approxgan.design.paths import COST, Results
from approxgan.storage import files

DIRECTIONS = {"directions": 8, "distribution": "gaussian", "sides": 1}
TRIALS = {
    "gradient": ({"mode": "exact"}, 60, (32, 160)),
    "value": ({"mode": "random_direction", "epsilon": 1e-3, **DIRECTIONS}, 30, (32, 160)),
    "sweep": ({"mode": "forward_difference", "epsilon": 1e-3}, 3, (16, 48)),
}
"""Kind of evaluation -> an estimator that makes it, training steps of a trial, and two widths."""
SAMPLES = (500, 2500)
RING = {"kind": "ring", "points": 500, "count": 8, "radius": 2, "sigma": 0.1}


def measure(config: Mapping[str, Any]) -> dict[str, list[float]]:
    """Seconds of a call and of a unit of each kind in ``work.SPEEDS``, by trials of two sizes.

    The trials train on networks of their own, with the other settings of the config's training.
    """
    from approxgan.data.stage import make

    found = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        results = Path(folder)
        for kind, (entry, steps, widths) in TRIALS.items():
            taken = []
            for width in widths:
                spec = _trial(config, width, entry, steps)
                make(spec["definitions"]["dataset"], Results(results).data("ring"))
                taken.append((_seconds(spec, results), *_counts(spec, kind)))
            found[kind] = _fitted(*taken)
    _score(config, SAMPLES[0])  # loads what it needs
    found["score"] = _fitted(*((_score(config, n), 1.0, 2.0 * n * n) for n in SAMPLES))
    return found


def _trial(config: Mapping[str, Any], width: int, entry: Any, steps: int) -> dict[str, Any]:
    """The spec of a cell of four seeds."""
    choice = next(cells.choices_of(entry)).spec
    own = {"steps": steps, "batch": 64, "dtype": "float32", "device": "cpu", "trace_every": steps}
    widths = {player: 2 * [width] for player in PLAYERS}
    return {
        **{"study": "trial", "dataset": "ring", "model": "trial", "loss": "nonsaturating"},
        **{"seeds": [0, 1, 2, 3], **dict.fromkeys(PLAYERS, choice)},
        "training": {**config["training"], **own, "snapshots": 1, "samples": 10},
        "definitions": {
            "dataset": RING,
            "model": {"kind": "dense", "latent": 16, "activation": "relu", **widths},
            "loss": {"kind": "nonsaturating"},
            "rules": {},
        },
    }


def _seconds(spec: Mapping[str, Any], results: Path) -> float:
    """Processor seconds of a training step, by the job's own clock, everything compiled before."""
    from approxgan.training.stage import run

    out = results / "run"
    for steps in (2, spec["training"]["steps"]):
        run({**spec, "training": {**spec["training"], "steps": steps}}, results, out)
    return files.read_json(out / COST)["cpu_seconds"] / spec["training"]["steps"]


def _counts(spec: Mapping[str, Any], kind: str) -> tuple[float, float]:
    """Calls and units of both players' estimates in a step."""
    made = work.work(spec["generator"])
    both = [place.work(made)[kind] for place in work.places(spec)]
    return sum(calls for calls, _ in both), sum(units for _, units in both)


def _score(config: Mapping[str, Any], n: int) -> float:
    """Seconds of scoring n samples of two columns, on average over the config's metrics."""
    import numpy as np

    from approxgan.config import registry
    from approxgan.evaluate.score import null

    ring = cells.build_dataset(RING)
    chosen = config["quality"]["metrics"].items()
    metrics = {name: registry.build("metrics", name, settings) for name, settings in chosen}
    refuses = {k: getattr(one, "refuses", lambda *_: None) for k, one in metrics.items()}
    able = {k: one for k, one in metrics.items() if refuses[k](SAMPLES[0], ring) is None}
    training = ring.training(RING["points"], np.random.default_rng(0))
    started = time.process_time()
    null(ring, able, training=training, samples=n, repeats=1, seed=0)
    return (time.process_time() - started) / max(1, len(able))


def _fitted(small: tuple[float, ...], large: tuple[float, ...]) -> list[float]:
    """Seconds of a call and of a unit, from (seconds, calls, units) of two sizes."""
    unit = max(large[0] - small[0], 0.0) / (large[2] - small[2])
    return [max(small[0] - unit * small[2], 0.0) / small[1], unit]


def prepare(config: Mapping[str, Any]) -> str:
    """Measure this machine's speeds where none are kept; a line that says what is counted with."""
    path = work.kept_at()
    if work.kept() is None and path is not None:
        try:
            files.write_json(path, measure(config))
            work.kept.cache_clear()
        except OSError as error:
            return f"speeds: stated ones, for {path} cannot be written ({error.strerror})"
    if work.kept() is None:
        return "speeds: stated ones, for there is no home folder to keep measured ones in"
    return f"speeds: measured on this machine, kept in {path}"


def text(found: Sequence[Job]) -> str:
    """A line for every rule, one for all jobs, and the longest and largest job."""
    by_rule: dict[str, list[Job]] = {}
    for job in found:
        by_rule.setdefault(job.rule, []).append(job)
    by_rule["total"] = list(found)
    lines = [f"{'rule':<12} {'jobs':>6} {'core-hours':>11} {'longest':>9} {'memory':>9}"]
    for rule, own in by_rule.items():
        hours = sum(job.cost.seconds for job in own) / 3600.0
        shown = f"{hours:.2f}" if hours < 1e6 else f"{hours:.1e}"
        longest = duration(max(job.cost.seconds for job in own))
        memory = size(max(job.cost.memory_mb for job in own))
        lines.append(f"{rule:<12} {len(own):>6} {shown:>11} {longest:>9} {memory:>9}")
    longest = max(found, key=lambda job: job.cost.seconds)
    largest = max(found, key=lambda job: job.cost.memory_mb)
    lines.append(f"longest job: {longest.rule} {longest.name}".rstrip())
    lines.append(f"most memory: {largest.rule} {largest.name}".rstrip())
    lines.append(f"results: {size(sum(job.cost.disk_mb for job in found))} at most")
    return "\n".join(lines)


def measured(config: Mapping[str, Any], results: Path) -> str:
    """How the cells that are trained already compare with their estimates; empty without any."""
    taken, estimated, count = 0.0, 0.0, 0
    for name, cell in cells.cells(config).items():
        try:
            path = Results(results).run(name, COST)
            seconds = files.number(files.read_json(path), "cpu_seconds", path)
        except InputError:
            continue
        taken, count = taken + seconds, count + 1
        estimated += cost.stepping(cells.spec(config, cell))
    if not count:
        return ""
    times = taken / estimated
    return f"\ntrained already: {count} cells, whose steps took {times:.2f} times the estimate"


def duration(seconds: float) -> str:
    """'12 s', '3.4 min', '2.5 h' or '40 days'."""
    for unit, length, most in (("s", 1.0, 120.0), ("min", 60.0, 7200.0), ("h", 3600.0, 2e5)):
        if seconds < most:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds / 86400.0:.3g} days"


def size(mb: float) -> str:
    """'350 MB', '2.1 GB' or '3 TB'."""
    if mb < 1000.0:
        return f"{mb:.3g} MB"
    return f"{mb / 1024.0:.3g} GB" if mb < 1e6 else f"{mb / 1024.0**2:.3g} TB"
