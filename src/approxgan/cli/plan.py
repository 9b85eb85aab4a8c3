"""What a config will take: this machine's speeds, measured once, and the table of all jobs."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import cells, cost
from approxgan.design.cost import Job
from approxgan.design.paths import COST, Results
from approxgan.storage import files

TRIALS = {
    "gradient": ("exact", {}, 60, (32, 160)),
    "value": ("spsa", {"directions": 8}, 30, (32, 160)),
    "sweep": ("forward_difference", {}, 3, (16, 48)),
}
"""Kind of evaluation -> an estimator that makes it, its settings, training steps, two widths."""
SAMPLES = (500, 2500)
SECONDS = (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 2e5), ("days", 86400, math.inf))
MEGABYTES = (("MB", 1, 1000), ("GB", 1024, 1e6), ("TB", 1024**2, math.inf))
RING = {"kind": "ring", "points": 500, "count": 8, "radius": 2, "sigma": 0.1}


def measure(config: Mapping[str, Any]) -> dict[str, list[float]]:
    """Seconds of a call and of a unit of each kind in ``cost.SPEEDS``, by trials of two sizes."""
    found = {}
    for kind in TRIALS:
        found[kind] = _fitted(*((_seconds(s), *counted(s, kind)) for s in trials(config, kind)))
    _score(config, SAMPLES[0])  # loads what it needs
    found["score"] = _fitted(*((_score(config, n), 1.0, 2.0 * n * n) for n in SAMPLES))
    return found


def trials(config: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Specs of two cells: networks of their own, with the rest of the config's training."""
    mode, settings, steps, widths = TRIALS[kind]
    choice = {"mode": mode, "epsilon": 1e-3, "settings": settings, "match": None}
    own = {"steps": steps, "batch": 64, "dtype": "float32", "device": "cpu"}
    dense = {"kind": "dense", "latent": 16, "activation": "relu"}
    models = [{**dense, **{player: [width, width] for player in PLAYERS}} for width in widths]
    other = {"dataset": RING, "loss": {"kind": "nonsaturating"}, "rules": {}}
    return [
        {
            **dict.fromkeys(PLAYERS, choice),
            "seeds": [0, 1, 2, 3],
            "training": {**config["training"], **own},
            "definitions": {**other, "model": model},
        }
        for model in models
    ]


def _seconds(spec: Mapping[str, Any]) -> float:
    """Processor seconds of a trial's steps, everything compiled before."""
    import numpy as np

    from approxgan.training import loop, setup, timing

    dataset, methods = cells.build_dataset(RING), setup.methods(spec)
    data = dataset.training(RING["points"], np.random.default_rng(0))
    game, settings = setup.game_of(spec, dataset.dim, 1), setup.Settings.of(spec["training"])
    state = loop.init(game, data, spec["seeds"], settings, methods)
    timing.warm(state, game, methods, settings)
    started = time.process_time()
    loop.train(state, game, methods, settings, lambda state, info: None)
    return time.process_time() - started


def counted(spec: Mapping[str, Any], kind: str) -> list[float]:
    """How many calls and units of a kind a trial's steps make."""
    none = dict.fromkeys(cost.SPEEDS, (0.0, 0.0))
    return [cost.stepping(spec, {**none, kind: one}) for one in ((1.0, 0.0), (0.0, 1.0))]


def _score(config: Mapping[str, Any], n: int) -> float:
    """Seconds of scoring n samples of two columns, on average over the config's metrics.

    Those that do not apply to a ring count as well: ``cost`` does not know which do.
    """
    import numpy as np

    from approxgan.config import registry
    from approxgan.evaluate.score import null

    ring = cells.build_dataset(RING)
    chosen = config["quality"]["metrics"].items()
    metrics = {name: registry.build("metrics", name, settings) for name, settings in chosen}
    able = {
        name: metric
        for name, metric in metrics.items()
        if not hasattr(metric, "refuses") or metric.refuses(SAMPLES[0], ring) is None
    }
    training = ring.training(RING["points"], np.random.default_rng(0))
    taken = []
    for repeats in (1, 2):
        started = time.process_time()
        null(ring, able, training=training, samples=n, repeats=repeats, seed=0)
        taken.append(time.process_time() - started)
    # The difference is free of what is done once, however much is scored.
    return max(taken[1] - taken[0], 0.0) / max(1, len(metrics))


def _fitted(small: tuple[float, ...], large: tuple[float, ...]) -> list[float]:
    """Seconds of a call and of a unit, from (seconds, calls, units) of two sizes."""
    unit = max(large[0] - small[0], 0.0) / (large[2] - small[2])
    return [max(small[0] - unit * small[2], 0.0) / small[1], unit]


def prepare(config: Mapping[str, Any]) -> str:
    """Measure this machine's speeds where none are kept; a line that says what is counted with."""
    try:
        if cost.speeds() is cost.SPEEDS:
            files.write_json(cost.kept_at(), measure(config))
            cost.speeds.cache_clear()
        return f"speeds: measured on this machine, kept in {cost.kept_at()}"
    except (OSError, RuntimeError) as error:
        return f"speeds: stated ones, for none can be kept ({error})"


def text(found: Sequence[Job]) -> str:
    """A line for every rule, one for all jobs, and the longest and largest job."""
    lines = [f"{'rule':<12} {'jobs':>6} {'core-hours':>11} {'longest':>9} {'memory':>9}"]
    for rule in [*dict.fromkeys(job.rule for job in found), "total"]:
        own = [job.cost for job in found if rule in (job.rule, "total")]
        hours = sum(one.seconds for one in own) / 3600.0
        shown = f"{hours:.2f}" if hours < 1e6 else f"{hours:.1e}"
        longest = scaled(max(one.seconds for one in own), SECONDS)
        memory = scaled(max(one.memory_mb for one in own), MEGABYTES)
        lines.append(f"{rule:<12} {len(own):>6} {shown:>11} {longest:>9} {memory:>9}")
    longest = max(found, key=lambda job: job.cost.seconds)
    largest = max(found, key=lambda job: job.cost.memory_mb)
    lines.append(f"longest job: {longest.rule} {longest.name}".rstrip())
    lines.append(f"most memory: {largest.rule} {largest.name}".rstrip())
    disk = scaled(sum(job.cost.disk_mb for job in found), MEGABYTES)
    return "\n".join([*lines, f"results: {disk} at most"])


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


def scaled(value: float, units: Sequence[tuple[str, float, float]]) -> str:
    """'3.4 min': in the first of some (unit, its size, the value up to which it is used)."""
    return next(f"{value / size:.3g} {unit}" for unit, size, most in units if value <= most)
