"""What every job of a config takes: seconds of one core, memory, and room on the disk.

Memory is counted in numbers held, over what a job has at its start. See ``design.work``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from approxgan.config import registry
from approxgan.core.protocols import PLAYERS
from approxgan.design import cells, specs
from approxgan.design.work import (
    MB,
    OBSERVED,
    Work,
    added,
    choosing,
    columns,
    places,
    speeds,
    work,
)

Spec = Mapping[str, Any]


class Cost(NamedTuple):
    """Of one job."""

    seconds: float
    """Of one core, start-up included."""
    memory_mb: float
    """Resident, at the peak."""
    disk_mb: float = 1.0
    """Of what it leaves behind, compression left out of account."""


STARTS = {"torch": (3.0, 310.0), "compiled": (1.5, 180.0), "pandas": (2.0, 240.0)}
"""Seconds and MB of a job that loads torch, of the compiled sweep beside it, of one with pandas."""
FILE, ROW, PICTURE, RESAMPLE, DIRAC = 5e-3, 2e-6, 6.0, 1e-5, 2e-4
"""Seconds of a file read, a row of a table, a picture, a resample, a step of the Dirac-GAN."""


def _start(*loaded: str) -> tuple[float, float]:
    seconds, mb = zip(*(STARTS[name] for name in loaded), strict=True)
    return sum(seconds), sum(mb)


def _done(spec: Spec) -> list[Work]:
    """A training step's estimates, each player's."""
    rules = spec["definitions"]["rules"]
    return [added(work(spec[player]), choosing(spec[player], rules)) for player in PLAYERS]


def stepping(spec: Spec) -> float:
    """Seconds of a training job's steps alone."""
    found = zip(places(spec), _done(spec), strict=True)
    return spec["training"]["steps"] * sum(place.seconds(done) for place, done in found)


def train(spec: Spec) -> Cost:
    """Of the training job of a cell's spec."""
    told, seeds, done = spec["training"], len(spec["seeds"]), _done(spec)
    at, exact = places(spec), places(spec, "float64")
    traced = told["steps"] / told["trace_every"] + 1.0
    sweeps = any(d.sweeps and place.products for d, place in zip(done, at, strict=True))
    seconds, memory = _start("torch", *(["compiled"] if sweeps else []))
    seconds += stepping(spec) + traced * sum(p.seconds(OBSERVED) for p in exact)
    points, dim = float(seeds * told["samples"]), columns(spec["definitions"]["dataset"])
    seconds += (told["snapshots"] + 1.0) * at[1].weights * points * speeds()["value"].unit
    kept = 4.0 * points * (told["snapshots"] + 1.0) * dim / MB + 200.0 * traced * seeds / MB
    drawn = 8.0 * points * at[1].units / MB
    data = 32.0 * spec["definitions"]["dataset"]["points"] * dim / MB
    held = max(*(p.mb(d) for p, d in zip(at, done, strict=True)), *(p.mb(OBSERVED) for p in exact))
    memory += held + 3.0 * kept + drawn + data + 3e-3 * traced
    return Cost(seconds, memory, kept + 8.0 * seeds * sum(p.parameters for p in at) / MB)


def light(rows: float = 0.0, files: int = 0, seconds: float = 0.0) -> Cost:
    """Of a job that reads so many files, makes so many rows, and computes for so long."""
    start, memory = _start("pandas")
    return Cost(start + FILE * files + ROW * rows + seconds, memory + 1e-3 * rows, 2e-4 * rows)


def judged(cells: int, claims: Spec) -> Cost:
    """Of comparing so many cells with the baseline."""
    drawn = float(claims["resamples"] + 20 * claims["exploratory_resamples"])
    return light(rows=drawn, seconds=RESAMPLE * drawn * cells)


def _scores(n: float, dim: float, count: float, kept: float) -> Cost:
    score, own = speeds()["score"], light(seconds=0.0)
    seconds = own.seconds + count * (score.call + score.unit * n * n * dim)
    return Cost(seconds, own.memory_mb + (16.0 * kept + 64.0 * n * (dim + 64.0)) / MB, count * 1e-4)


def evaluate(spec: Spec, quality: Spec) -> Cost:
    """Of scoring a cell, by the cell's spec and the config's ``quality``."""
    told, seeds = spec["training"], len(spec["seeds"])
    dim = columns(spec["definitions"]["dataset"])
    count = seeds * (len(quality["metrics"]) + told["snapshots"] * len(quality["every_snapshot"]))
    return _scores(told["samples"], dim, count, seeds * (told["snapshots"] + 1.0) * told["samples"])


def null(spec: Spec) -> Cost:
    """Of scoring true samples."""
    dim, n = columns(spec["definition"]), float(spec["samples"])
    return _scores(n, dim, spec["null_repeats"] * len(spec["metrics"]), n * dim)


def points(spec: Spec) -> Cost:
    """Of training a probe's trajectory."""
    (seconds, memory), at = _start("torch"), places(spec)
    exact = Work(gradients=1.0)
    held = sum(p.mb(exact) for p in at) * (2.0 * len(spec["steps"]) + 1.0)
    steps = spec["training"]["steps"]
    return Cost(seconds + steps * sum(p.seconds(exact) for p in at), memory + held, held)


def describe(spec: Spec) -> Cost:
    """Of measuring what theory needs at a probe's points."""
    return _probed(spec, ["float64"], [Work(gradients=1.0, sweeps=2.0)])


def probe(spec: Spec) -> Cost:
    """Of measuring one mode, by a spec with that mode's entries alone."""
    done = []
    for choice in _choices(spec):
        drawn = registry.describe("modes", choice["mode"]).constants.get("random", True)
        once = Work(*((spec["draws"] if drawn else 1.0) * part for part in work(choice)))
        done.append(added(once, OBSERVED, choosing(choice, spec["definitions"]["rules"])))
    return _probed(spec, spec["dtypes"], done)


def _probed(spec: Spec, dtypes: list[str], done: list[Work]) -> Cost:
    seconds, memory = _start("torch", "compiled")
    at = [place for dtype in dtypes for place in places(spec, dtype)]
    count = len(spec["steps"])
    held = max(place.mb(one) for place in at for one in done) + count * max(
        place.mb(Work()) for place in places(spec, "float64")
    )
    seconds += count * sum(place.seconds(one) for place in at for one in done)
    return Cost(seconds, memory + held)


def _choices(spec: Spec) -> Iterator[dict[str, Any]]:
    for choice in (c for entry in spec["modes"] for c in cells.choices_of(entry)):
        name = cells.rules_of(choice)
        epsilon = name[0] if name else None
        yield {"mode": choice.mode, "settings": choice.settings, "epsilon": epsilon}


def dirac(spec: Spec) -> Cost:
    """Of playing the Dirac-GAN, by a spec with one mode's entries alone."""
    done = [sum(work(choice)) + 1.0 for choice in _choices(spec)]
    played = float(spec["steps"] * len(spec["games"]))
    rows = played * len(spec["seeds"]) * len(done)
    return light(rows, seconds=STARTS["torch"][0] + 2.0 * DIRAC * played * sum(done))


class Job(NamedTuple):
    rule: str
    name: str
    cost: Cost


def jobs(config: Spec) -> Iterator[Job]:
    """The jobs of a checked config, as if nothing were made yet."""
    found = {name: cells.spec(config, cell) for name, cell in cells.cells(config).items()}
    rows = 0.0
    for name, spec in found.items():
        yield Job("train", name, train(spec))
        yield Job("evaluate", name, evaluate(spec, config["quality"]))
        rows += len(spec["seeds"]) * (spec["training"]["steps"] / spec["training"]["trace_every"])
    for name in cells.used_datasets(config):
        definition = config["datasets"][name]
        yield Job("data", name, light(definition["points"] * columns(definition) / 10.0))
    for name, sizes in cells.scored(config).items():
        for samples in sizes:
            yield Job("null", f"{name} {samples}", null(specs.null(config, name, samples)))
    for name, probed in cells.probes(config).items():
        yield Job("points", name, points(probed))
        yield Job("describe", name, describe(probed))
        for mode, entries in cells.probe_modes(probed).items():
            yield Job("probe", f"{name} {mode}", probe({**probed, "modes": entries}))
    for mode, entries in cells.probe_modes(config["dirac"]).items():
        yield Job("dirac", mode, dirac({**config["dirac"], "modes": entries}))
    for name in specs.GATHERED:
        yield Job("collect", name, light(rows, len(found)))
    yield Job("comparisons", "", judged(len(found), config["claims"]))
    yield Job("claims", "", judged(1, config["claims"]))
    for name in config["figures"]["names"]:
        yield Job("figure", name, light(rows, seconds=PICTURE))
    yield Job("report", "", light(rows, seconds=PICTURE))
