"""The state from which a stopped training job goes on, bit for bit."""

import copy
import hashlib
import importlib.metadata
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.errors import InputError, one_line
from approxgan.core.protocols import PLAYERS, Player
from approxgan.design import specs
from approxgan.design.paths import CHECKPOINT, COST, TRAINED
from approxgan.storage import code_inputs
from approxgan.storage import files as record
from approxgan.training.adam import AdamState
from approxgan.training.loop import TrainState
from approxgan.training.ownership import Writer
from approxgan.training.trace import Clock, Snapshots, Trace

PARTS = ("theta", "first", "second")
UNFIT = (InputError, KeyError, ValueError, TypeError, IndexError, AttributeError)
"""What a checkpoint that was tampered with may raise."""


def as_array(values: Tensor) -> np.ndarray:
    """On the processor, in a type that NumPy has: bfloat16 as float32, which holds it exactly."""
    return (values.float() if values.dtype == torch.bfloat16 else values).cpu().numpy()


def key_of(spec: Mapping[str, Any], data: Path) -> str:
    """A digest of a run's spec, input, code and libraries; other runs differ in it.

    Make it before any of these is used: files may change during the run.
    """
    return digest([spec, code_inputs.of_file(data), program_of(spec)])


def program_of(spec: Mapping[str, Any]) -> list[Any]:
    """What trains a spec: digests of the code and of a generator's program, and the libraries."""
    return [
        code_inputs.digest("training", **specs.variants(spec)),
        [code_inputs.of_file(name) for name in specs.programs(spec["definitions"]["model"])],
        [torch.__version__, np.__version__, importlib.metadata.version("numba")],
    ]


def digest(made: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def begun(path: Path, key: str) -> int | None:
    """The number of steps of the run that left a checkpoint there; None for another run's."""
    try:
        arrays = record.read_arrays(path)
        known = json.loads(str(arrays["about"]))["key"] == key
        return int(arrays["shots.steps"][-1]) if known else None
    except UNFIT:
        return None


def is_trained(folder: Path, key: str) -> bool:
    """Whether a run of this key is there, whole: with no checkpoint that it still needs."""
    try:
        whole = all(record.is_whole(folder / name) for name in TRAINED)
        same = record.read_json(folder / COST)["key"] == key
    except (OSError, InputError):
        return False
    return whole and same and not (folder / CHECKPOINT).exists()


@dataclass
class Checkpoint:
    """A run's checkpoint file and those who see to it that it is complete."""

    path: Path
    key: str
    every: float
    """Seconds between two checkpoints, at least."""
    trace: Trace
    snapshots: Snapshots
    clock: Clock
    writer: Writer
    last: float = field(default_factory=time.monotonic)

    def between(self, state: TrainState, diverged: Mapping[int, int]) -> None:
        """Write the file if it is due; raises ``Superseded`` if it is another process' turn."""
        if time.monotonic() - self.last >= self.every and state.seeds:
            self.clock.stop()
            self.writer.check()
            self.write(state, diverged)
            self.last = time.monotonic()
            self.clock.start()

    def write(self, state: TrainState, diverged: Mapping[int, int]) -> None:
        about = {
            "key": self.key,
            "step": state.step,
            "seeds": state.seeds,
            "counts": state.counts,
            "draws": state.draws.position(),
            "directions": {
                player: [stream.bit_generator.state for stream in streams]
                for player, streams in state.directions.items()
            },
            "diverged": list(diverged.items()),
            "clock": [self.clock.seconds, self.clock.cpu_seconds, self.clock.marks],
        }
        arrays = {"about": np.array(json.dumps(about))}
        for player, adam in state.players.items():
            arrays |= {f"{player}.{part}": as_array(getattr(adam, part)) for part in PARTS}
        if state.average is not None:
            arrays["generator.average"] = as_array(state.average)
        arrays |= {f"{player}.epsilon": as_array(eps) for player, eps in state.chosen.items()}
        arrays |= {f"{player}.refreshed": as_array(g) for player, g in state.refreshed.items()}
        arrays |= {f"trace.{name}": array for name, array in self.trace.arrays().items()}
        arrays |= {f"shots.{name}": array for name, array in self.snapshots.arrays().items()}
        record.write_arrays(self.path, arrays)

    def resume(
        self, state: TrainState, say: Callable[[str], Any]
    ) -> tuple[TrainState, dict[int, int]]:
        """The start of a run, or where the checkpoint left it, and the seeds diverged by then.

        A file that is damaged or of another run, code or torch is not used; a message says so.
        """
        if not self.path.exists():
            return state, {}
        try:
            arrays = record.read_arrays(self.path)
            about = json.loads(str(arrays["about"]))
            if not isinstance(about, dict) or about.get("key") != self.key:
                say(
                    f"checkpoint not used: {self.path} is of another config, input, code or library"
                )
                return state, {}
            # Into a copy: an array that does not fit leaves the start as it was.
            restored = _restored(copy.deepcopy(state), about, arrays)
            diverged = dict(about["diverged"])
            seconds, cpu_seconds, marks = about["clock"]
            marks = [(step, wall, cpu) for step, wall, cpu in marks]
            self.snapshots.resume(_below("shots.", arrays))
            self.trace.resume(_below("trace.", arrays))
        except UNFIT as error:
            where = "" if isinstance(error, InputError) else f"{self.path}: "
            say(f"checkpoint not used: {where}{one_line(error)}")
            return state, {}
        self.clock.seconds, self.clock.cpu_seconds, self.clock.marks = seconds, cpu_seconds, marks
        say(f"going on from the checkpoint at step {restored.step}")
        return restored, diverged


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def _restored(
    state: TrainState, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> TrainState:
    """A fresh start's state with everything put where the checkpoint had it."""
    like = state.players["generator"].theta
    rows = [state.seeds.index(seed) for seed in about["seeds"]]

    def tensor(player: Player, part: str) -> Tensor:
        values, size = arrays[f"{player}.{part}"], state.players[player].theta.shape[1]
        if len(values) != len(rows) or (part != "epsilon" and values.shape[1:] != (size,)):
            raise ValueError(f"{player}.{part} is {[*values.shape]}, not {[len(rows), size]}")
        return torch.from_numpy(values).to(like)

    state.draws.before = [[] for _ in state.seeds]
    state.draws.keep(rows)
    state.draws.resume(about["draws"])
    directions = {p: [g[row] for row in rows] for p, g in state.directions.items()}
    for player, states in about["directions"].items():
        for stream, position in zip(directions[player], states, strict=True):
            stream.bit_generator.state = position
    average = tensor("generator", "average") if "generator.average" in arrays else None
    chosen = {p: tensor(p, "epsilon") for p in PLAYERS if f"{p}.epsilon" in arrays}
    refreshed = {p: tensor(p, "refreshed") for p in PLAYERS if f"{p}.refreshed" in arrays}
    return replace(
        state,
        step=about["step"],
        players={p: AdamState(*(tensor(p, part) for part in PARTS)) for p in state.players},
        seeds=tuple(about["seeds"]),
        directions=directions,
        chosen=chosen,
        counts=Counter(about["counts"]),
        refreshed=refreshed,
        average=average,
    )
