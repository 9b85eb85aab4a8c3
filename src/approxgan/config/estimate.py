"""What a stage will take, before it starts: seconds of one core and memory, from its spec alone.

Arithmetic on network sizes and on how often a mode evaluates its objective, cheap enough for
every parse of the Snakefile. The constants are fitted to process seconds on one core of a 2-core
x86-64 virtual machine with torch 2.13 on one thread: single evaluations and sweeps of the nets of
config.yaml at 1 to 10 seeds, and whole jobs. Of the default study's 147 training jobs there, the
estimate was 0.59 to 1.8 times the processor seconds, the median 1.2, and 0.93 to 1.26 times the
memory (of ``cost.json``; a start of 2.1 s added); of all its jobs together, 1.0 times. Another
machine differs by a factor of its own. A device other than the processor is not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from approxgan.config.estimate_games import dim_of, game
from approxgan.config.estimate_modes import Work, of_mode
from approxgan.config.estimate_steps import DRAW, MULTIPLY, choosing, place, steps
from approxgan.core.protocols import PLAYERS, Player
from approxgan.design import cells as grid
from approxgan.design.choices import Choice, Step

Spec = Mapping[str, Any]


class Estimate(NamedTuple):
    """Of one job."""

    seconds: float
    """Of one core, start-up included."""
    memory_mb: float
    """Resident, at the peak."""
    disk_mb: float = 0.0
    """Of what it leaves behind, compression left out of account."""
    assumed: tuple[str, ...] = ()
    """What could not be read from the spec, and what it was taken for."""


START, START_MB = 2.5, 310.0
"""Of a job that loads torch."""
COMPILED, COMPILED_MB = 1.0, 180.0
"""What loading the compiled sweep adds."""
LIGHT, LIGHT_MB = 2.0, 240.0
"""Of a job that loads pandas, but not torch."""
COLUMNS, COLUMN_MB = 24.0, 1.2e-4
"""Of the trace; memory of a row's column, which is an array of its own."""
SCORE, PAIR = 1e-2, 2e-10
"""Seconds of one metric of one snapshot: itself, and for every pair of points and column."""
DIRAC, FILE, ROW = 2e-4, 5e-3, 2e-6
"""Seconds of an evaluation of the Dirac-GAN, of a file read, of a row of a table."""
RESAMPLE, PICTURE = 1e-5, 6.0
"""Seconds of one resample of a cell's numbers, of a picture."""
OBSERVED = Work(values=16.0, together=16.0, gradients=2.0)
"""What a row of the trace evaluates for each player, in float64."""
OBSERVING = dict.fromkeys(PLAYERS, OBSERVED)
MB = 2.0**20


def training(spec: Spec) -> Estimate:
    """Of the training job whose spec ``grid.spec`` gives."""
    found, told, seeds = game(spec["definitions"]), spec["training"], float(len(spec["seeds"]))
    choices: dict[Player, Choice] = {p: Choice.of(spec[p]) for p in PLAYERS}
    works: dict[Player, Work] = {player: of_mode(choice) for player, choice in choices.items()}
    one, row = steps(spec, found, works), steps(spec, found, OBSERVING, "float64")
    traced = told["steps"] / told["trace_every"] + 1.0
    points = seeds * (told["snapshots"] + 1.0) * told["samples"]
    numba = any(w.sweeps for w in works.values()) and place(spec, found, "generator").compiled
    seconds = START + COMPILED * numba + told["steps"] * one.seconds + traced * row.seconds
    for player, choice in choices.items():
        work, every = choosing(spec, choice)
        seconds += told["steps"] / every * place(spec, found, player).seconds(work)
    seconds += points * (found.generator.weights * MULTIPLY + DRAW * (found.latent + found.dim))
    drawn = 8.0 * seeds * told["samples"] * (found.latent + found.generator.units)
    data = 32.0 * spec["definitions"]["dataset"]["points"] * found.dim
    left = 4.0 * points * found.dim + 8.0 * COLUMNS * traced * seeds
    memory = START_MB + COMPILED_MB * numba + COLUMNS * traced * COLUMN_MB
    memory += (max(one.held, row.held) + 3.0 * left + drawn + data) / MB
    left += 8.0 * seeds * sum(found.of(player).parameters for player in PLAYERS)
    assumed = found.assumed + tuple(a for w in works.values() for a in w.assumed)
    return Estimate(seconds, memory, left / MB, tuple(dict.fromkeys(assumed)))


def data(definition: Spec) -> Estimate:
    """Of making a dataset's training set."""
    dim, assumed = dim_of(definition)
    held = 16.0 * definition["points"] * dim
    return Estimate(LIGHT + 2e-8 * held, LIGHT_MB + 4.0 * held / MB, held / MB, assumed)


def evaluate(spec: Spec, quality: Spec) -> Estimate:
    """Of scoring a cell, by the cell's spec and the config's ``quality``."""
    found, told, seeds = game(spec["definitions"]), spec["training"], float(len(spec["seeds"]))
    scores = len(quality["metrics"]) + told["snapshots"] * len(quality["every_snapshot"])
    kept = seeds * (told["snapshots"] + 1.0) * told["samples"] * found.dim
    return _scores(told["samples"], found.dim, seeds * scores, kept)


def null(spec: Spec) -> Estimate:
    """Of scoring true samples."""
    dim, n = dim_of(spec["definition"])[0], float(spec["samples"])
    return _scores(n, dim, spec["null_repeats"] * len(spec["metrics"]), n * dim)


def _scores(n: float, dim: float, count: float, kept: float) -> Estimate:
    seconds = LIGHT + count * (SCORE + PAIR * n * n * dim)
    return Estimate(seconds, LIGHT_MB + (16.0 * kept + 64.0 * n * (dim + 64.0)) / MB, count * 1e-4)


def points(spec: Spec) -> Estimate:
    """Of training a probe's trajectory."""
    exact = of_mode(Choice("exact", Step(), {}))
    one = steps(spec, game(spec["definitions"]), dict.fromkeys(PLAYERS, exact), "float32")
    kept = 2.0 * one.held * len(spec["steps"]) / MB
    seconds = START + spec["training"]["steps"] * one.seconds
    return Estimate(seconds, START_MB + one.held / MB + kept, kept)


def describe(spec: Spec) -> Estimate:
    """Of measuring what theory needs at a probe's points."""
    return _probed(spec, ["float64"], [(Work(gradients=1.0, sweeps=2.0), 1.0)])


def probe(spec: Spec) -> Estimate:
    """Of measuring one mode, by a spec with that mode's entries alone."""
    works = []
    for choice in (c for entry in spec["modes"] for c in grid.choices_of(entry)):
        work = of_mode(choice)
        works.append((work, float(spec["draws"]) if work.drawn else 1.0))
        works += [(choosing(spec, choice)[0], 1.0), (OBSERVED, 1.0)]
    return _probed(spec, spec["dtypes"], works)


def _probed(spec: Spec, dtypes: Sequence[str], works: Sequence[tuple[Work, float]]) -> Estimate:
    """Of these estimates, so many times each, at every point."""
    found, seconds, held = game(spec["definitions"]), 0.0, 0.0
    for at in (place(spec, found, player, dtype) for player in PLAYERS for dtype in dtypes):
        seconds += sum(times * at.seconds(work) for work, times in works)
        held = max(held, *(at.held(work) for work, _ in works))
    count = len(spec["steps"])
    kept = count * steps(spec, found, dict.fromkeys(PLAYERS, Work()), "float64").held
    memory = START_MB + COMPILED_MB + (held + kept) / MB
    assumed = tuple(dict.fromkeys(a for work, _ in works for a in work.assumed))
    return Estimate(START + COMPILED + count * seconds, memory, 1.0, assumed)


def dirac(spec: Spec) -> Estimate:
    """Of playing the Dirac-GAN, by a spec with one mode's entries alone."""
    works = [of_mode(c) for entry in spec["modes"] for c in grid.choices_of(entry)]
    each = sum(w.values + w.gradients + 2.0 * w.sweeps for w in works) + len(works)
    steps_played = spec["steps"] * len(spec["games"])
    rows = steps_played * len(spec["seeds"]) * len(works)
    return Estimate(START + 2.0 * steps_played * each * DIRAC, START_MB + rows * 1e-3, rows * 1e-4)


def table(files: int, rows: float) -> Estimate:
    """Of gathering a table from so many files, or of judging one."""
    return Estimate(LIGHT + FILE * files + ROW * rows, LIGHT_MB + rows * 1e-3, rows * 2e-4)


def judged(cells: int, claims: Spec) -> Estimate:
    """Of comparing so many cells with exact, or of judging the claims."""
    drawn = float(claims["resamples"] + 20 * claims["exploratory_resamples"])
    return Estimate(LIGHT + RESAMPLE * drawn * cells, LIGHT_MB + drawn * 1e-3, 1.0)


def figure(rows: float) -> Estimate:
    """Of drawing a picture from tables of so many rows, or of writing the report."""
    return Estimate(PICTURE + ROW * rows, LIGHT_MB + rows * 1e-3, 1.0)
