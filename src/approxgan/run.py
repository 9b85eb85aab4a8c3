"""The train stage: a cell's spec and data file -> its run folder."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from approxgan import grid, record, registry
from approxgan.core import InputError
from approxgan.gan import Game
from approxgan.observe import Clock, Progress, Snapshots, Trace
from approxgan.train import Settings, StepInfo, TrainState, init, train


def settings(training: Mapping[str, Any]) -> Settings:
    """The part of a spec's ``training`` that the loop needs."""
    return Settings(**{f.name: training[f.name] for f in fields(Settings)})


def load_data(path: Path) -> np.ndarray:
    """The training set [n, dim] of a data file; raises ``InputError`` if it is not one."""
    arrays = record.read_arrays(path)
    if "training" not in arrays:
        raise InputError(f"{path}: has no array 'training'; make it with: approxgan data")
    return arrays["training"]


def game_of(spec: Mapping[str, Any], data: np.ndarray, threads: int) -> Game:
    """Networks and loss of a spec; one thread unless told otherwise."""
    if spec["training"]["batch"] > len(data):
        raise InputError(
            f"training.batch={spec['training']['batch']} is more than the {len(data)} points of "
            f"dataset {spec['dataset']!r}; at most that many are accepted"
        )
    if spec["training"]["device"] == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device=cuda, but torch finds no CUDA device; accepted: cpu")
    torch.set_num_threads(threads)
    model = grid.build_model(spec["definitions"]["model"])
    loss = registry.build("losses", spec["loss"], {})
    return Game(model, loss, data.shape[1], threads)


def run(spec: Mapping[str, Any], data_path: Path, out: Path, threads: int = 1) -> None:
    """Train one cell and write spec, trace, samples, parameters and cost into ``out``."""
    data = load_data(data_path)
    game = game_of(spec, data, threads)
    training, s = spec["training"], settings(spec["training"])
    mode = registry.build("modes", spec["mode"], dict(spec["settings"]))
    state = init(game, data, spec["seeds"], s)
    trace = Trace(spec["seeds"], training["trace_every"])
    snapshots = Snapshots(game, spec["seeds"], s.steps, training["snapshots"], training["samples"])
    clock = Clock()
    progress = Progress(s.steps, f"{spec['dataset']} {spec['mode']}")

    def observe(state: TrainState, info: StepInfo | None) -> None:
        clock.stop()
        if info is not None and trace.see(info):
            clock.mark(info.step)
        snapshots.see(state)
        progress.see(state.step, len(state.seeds))
        clock.start()

    clock.start()
    state, diverged = train(state, game, mode, spec["epsilon"], s, observe)
    clock.stop()
    progress.close()
    for seed, step in sorted(diverged.items()):
        print(f"seed {seed} diverged at step {step}", file=sys.stderr)
    cost = {
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds_at_steps": clock.marks,
        "sweep": "+".join(sorted(game.sweeps)) or "none",
    }
    write(out, spec, trace, snapshots, state, diverged, cost)


def write(
    out: Path,
    spec: Mapping[str, Any],
    trace: Trace,
    snapshots: Snapshots,
    state: TrainState,
    diverged: Mapping[int, int],
    cost: Mapping[str, Any],
) -> None:
    """The run folder; cost.json alone differs from one run to the next."""
    steps = [diverged.get(seed, -1) for seed in spec["seeds"]]
    totals = {"forwards_total": state.forwards, "backwards_total": state.backwards}
    record.write_arrays(
        out / "trace.npz",
        {
            **trace.arrays(),
            "diverged_step": np.array(steps),
            **{name: np.array(value) for name, value in totals.items()},
        },
    )
    record.write_arrays(out / "samples.npz", snapshots.arrays())
    record.write_arrays(
        out / "parameters.npz",
        {
            "seeds": np.array(state.seeds, dtype=np.int64),
            **{player: a.theta.cpu().numpy() for player, a in state.players.items()},
        },
    )
    record.write_json(out / "cost.json", dict(cost))
    record.write_json(out / "spec.json", dict(spec))
