"""The train stage: a cell's spec and data file -> its run folder."""

import resource
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.config.check import BUDGETS
from approxgan.core.errors import InputError
from approxgan.design import names
from approxgan.design.choices import settled
from approxgan.design.paths import CHECKPOINT, COST, PARAMETERS, SAMPLES, SPEC, TRACE, Results
from approxgan.storage import arrays, files, provenance
from approxgan.training import timing
from approxgan.training.checkpoint import Checkpoint, as_array, begun, key_of
from approxgan.training.heldout import HeldOut
from approxgan.training.loop import (
    StepInfo,
    TrainState,
    affordable,
    init,
    totals,
    train,
)
from approxgan.training.ownership import Superseded, Writer, is_training, wait_for_successor
from approxgan.training.setup import Settings, check_device, game_of, methods
from approxgan.training.timing import warm
from approxgan.training.trace import Clock, Progress, Snapshots, Trace


def run(
    spec: Mapping[str, Any],
    results: Path,
    out: Path,
    threads: int = 1,
    checkpoint_seconds: float = 60.0,
    code: str | None = None,
    within: str = "",
) -> None:
    """Train one cell and write spec, trace, samples, parameters and cost into ``out``.

    What a tuning decides is read from its file; a budget's steps are counted. ``within`` says of
    what job the run is a part, before all that is told of its progress.

    A checkpoint is written there every ``checkpoint_seconds``, and removed at the end.
    Raises ``Superseded`` if another process has begun to train the cell in the meantime.
    """
    made_with = provenance.record(code)
    asked = spec
    if spec["tuned"]:
        path = Results(results).tuning(spec["tuned"])
        with files.reading(path, "choice of a tuning"):
            spec = settled(spec, files.read_json(path)["chosen"])
    check_device(spec["training"]["device"])
    data_file = Results(results).data(spec["dataset"])
    key = key_of(spec, data_file)
    data = arrays.data(data_file)
    game = game_of(spec, data["training"].shape[1], threads)
    training, s = spec["training"], Settings.of(spec["training"])
    chosen = methods(spec)
    state = init(game, data["training"], spec["seeds"], s, chosen)
    path = out / CHECKPOINT
    for unit in BUDGETS:
        if unit not in training:
            continue
        if unit == "seconds":
            steps = begun(path, key) or timing.affordable(spec, data["training"], threads)
        else:
            steps = affordable(training[unit], unit, state, game, chosen, s)
        s = replace(s, steps=steps)
        _check_length(s.steps, unit, training)
        spec = settled(spec, {"steps": s.steps})
    held_out = HeldOut(game, spec["seeds"], data["true"])
    trace = Trace(spec["seeds"], training["trace_every"], held_out)
    snapshots = Snapshots(game, spec["seeds"], s.steps, training["snapshots"], training["samples"])
    clock = Clock()
    label = names.joined(spec["generator"]["mode"], spec["discriminator"]["mode"])
    progress = Progress(s.steps, f"{within}{spec['dataset']} {label}")

    def observe(state: TrainState, info: StepInfo | None) -> None:
        clock.stop()
        if info is not None and trace.see(info):
            clock.mark(info.step)
        snapshots.see(state)
        progress.see(state.step, len(state.seeds), info)
        clock.start()

    writer = Writer(out)
    saved = Checkpoint(path, key, checkpoint_seconds, trace, snapshots, clock, writer)
    warm(state, game, chosen, s)
    state, before = saved.resume(state, lambda line: print(line, file=sys.stderr))
    clock.start()
    state, diverged = train(state, game, chosen, s, observe, saved.between, before)
    clock.stop()
    progress.close()
    for seed, step in sorted(diverged.items()):
        print(f"seed {seed} diverged at step {step}", file=sys.stderr)
    cost = {
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds_at_steps": clock.marks,
        "dimension": game.size("generator"),
        "sweep": "+".join(sorted(game.sweeps)) or "none",
        "key": key,
        provenance.MADE_WITH: made_with,
    }
    writer.check()
    write(out, {**asked, "chosen": spec["chosen"]}, trace, snapshots, state, diverged, cost)
    path.unlink(missing_ok=True)
    writer.end()


def run_or_wait(
    spec: Mapping[str, Any],
    results: Path,
    out: Path,
    *given: Any,
    follows: bool = False,
    **more: Any,
) -> bool:
    """``run``, but where another process begins to train the cell, wait until it has.

    Whether this was so, here or before: who ``follows`` leaves to another what that one trains.
    """
    try:
        if follows and is_training(out):
            raise Superseded
        run(spec, results, out, *given, **more)
    except Superseded:
        print(f"{out}: another process has begun to train this cell; waiting for it", flush=True)
        wait_for_successor(out, spec)
        return True
    return follows


def _check_length(steps: int, unit: str, training: Mapping[str, Any]) -> None:
    if steps < training["snapshots"]:
        raise InputError(
            f"budget: {training[unit]:g} {unit.replace('_', '-')} pay for {steps} "
            f"steps; accepted: enough for one between {training['snapshots']} snapshots"
        )


def write(
    out: Path,
    spec: Mapping[str, Any],
    trace: Trace,
    snapshots: Snapshots,
    state: TrainState,
    diverged: Mapping[int, int],
    cost: Mapping[str, Any],
) -> None:
    """The run folder; cost.json alone differs from one run to the next.

    With its spec a folder is whole, so that of an earlier run is removed first.
    """
    (out / SPEC).unlink(missing_ok=True)
    steps = [diverged.get(seed, -1) for seed in spec["seeds"]]
    spent = {f"{name}_total": count for name, count in totals(state.counts).items()}
    files.write_arrays(
        out / TRACE,
        {
            **trace.arrays(),
            "diverged_step": np.array(steps),
            **{name: np.array(value) for name, value in spent.items()},
        },
    )
    files.write_arrays(out / SAMPLES, snapshots.arrays())
    files.write_arrays(
        out / PARAMETERS,
        {
            "seeds": np.array(state.seeds, dtype=np.int64),
            **{player: as_array(a.theta) for player, a in state.players.items()},
        },
    )
    files.write_json(out / COST, dict(cost))
    files.write_json(out / SPEC, dict(spec))
