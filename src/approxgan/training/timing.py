"""What a training step takes: everything compiled before, timed once on a machine, kept there."""

import copy
import json
import math
import os
import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from approxgan.core.errors import InputError
from approxgan.design import cost, specs
from approxgan.objective.game import Game
from approxgan.objective.game import warm as warm_sweeps
from approxgan.storage import files, provenance
from approxgan.training.checkpoint import digest, program_of
from approxgan.training.loop import Methods, TrainState, cycle, healthy, init, payable, step, train
from approxgan.training.setup import DTYPES, Settings, game_of, methods

MOST, FEWEST, LONGEST, STRETCHES = 1000, 10, 2.0, 5
"""Steps that are timed, at most and at least; seconds after which no further one is; and in how
many stretches."""
RATE = 1e-3
"""Adam's while steps are timed: they may take longer where parameters move."""


def warm(state: TrainState, game: Game, chosen: Methods, s: Settings) -> None:
    """Make one step and discard it, so that no clock counts compilation.

    Also compile what sweeps of later steps may call, where this one called compiled code.
    """
    train(copy.deepcopy(state), game, chosen, replace(s, steps=1), lambda *_: None)
    if game.sweeps & {"compiled", "direct"}:
        warm_sweeps(game, DTYPES[s.dtype])


def affordable(spec: Mapping[str, Any], data: np.ndarray, threads: int) -> int:
    """Steps that a budget in seconds pays for; ``data`` [n, dim] is the training set.

    The seconds are of one core and one seed, in a full block of the study's seeds. What a step
    takes is timed when nothing is kept of it. From then on the kept figure decides, so that a run
    made again has as many steps. Whoever is first to keep one decides for all.
    Raises ``InputError`` if it cannot be kept, or the kept one cannot be read.
    """
    budget = spec["training"]["seconds"]
    path = kept_at(spec, data.shape, threads)
    if not path.exists():
        _keep(path, timed(spec, data, threads))
    first, each = _read(path)
    count = payable(budget, first, each, cycle(methods(spec)))
    print(
        f"{budget:g} seconds a seed pay for {count} steps of {1e3 * each:.4g} ms, kept in {path}",
        file=sys.stderr,
    )
    return count


def kept_at(spec: Mapping[str, Any], shape: tuple[int, ...], threads: int) -> Path:
    """Named by all that decides what a step takes, this machine included."""
    training, defined = spec["training"], spec["definitions"]
    on_gpu = training["device"] == "cuda"
    decides = [
        program_of(spec),
        [*shape, threads, provenance.processor(), torch.cuda.get_device_name() if on_gpu else ""],
        [spec["generator"], spec["discriminator"]],
        [defined[key] for key in ("model", "loss", "rules")],
        [training[key] for key in ("batch", "dtype", "device", "stacked")],
        [bool(training[key]) for key in ("average", "instance_noise")],
    ]
    try:
        return cost.cache_folder() / f"step-{digest(decides)[:16]}.json"
    except RuntimeError as error:  # no home
        raise _unkept(error) from error


def timed(spec: Mapping[str, Any], data: np.ndarray, threads: int) -> tuple[float, float]:
    """Seconds a seed of a step at which a rule chooses ε, or of the first; and of any other.

    Each is the lowest mean of a few stretches of the steps: a mean, since some steps draw batches
    for others; the lowest one, since other jobs only make it longer. Processor seconds, or wall
    seconds where a GPU or another program does the work.
    """
    s = replace(Settings.of(spec["training"]), learning_rate=RATE)
    game, chosen = game_of(spec, data.shape[1], threads), methods(spec)
    count, every = spec["training"]["stacked"], cycle(chosen)
    state = init(game, data, range(count), s, chosen)
    warm(state, game, chosen, s)
    elsewhere = s.device == "cuda" or specs.programs(spec["definitions"]["model"])
    clock = time.perf_counter if elsewhere else time.process_time
    taken: dict[bool, list[float]] = {True: [], False: []}
    end = time.monotonic() + LONGEST
    for number in range(MOST):
        if number >= FEWEST and time.monotonic() > end:
            break
        started = clock()
        state, info = step(state, game, chosen, s)
        if s.device == "cuda":
            torch.cuda.synchronize()
        taken[number % every == 0].append((clock() - started) / count)
        if not healthy(info, s).all():
            break
    first = _lowest(taken[True])
    return first, _lowest(taken[False]) if taken[False] else first


def _lowest(taken: list[float]) -> float:
    parts = np.array_split(np.array(taken), min(STRETCHES, len(taken)))
    return min(float(part.mean()) for part in parts)


def _keep(path: Path, price: tuple[float, float]) -> None:
    """Write a whole file, or none where another process was first."""
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        files.write_json(own, dict(zip(("first", "each"), price, strict=True)))
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    except OSError as error:
        raise _unkept(error) from error


def _unkept(error: Exception) -> InputError:
    return InputError(
        f"budget: what a step takes cannot be kept ({error}); accepted: a folder that can be "
        "written to, as XDG_CACHE_HOME, or a budget in other units"
    )


def _read(path: Path) -> tuple[float, float]:
    """Raises ``InputError`` for a file that does not hold seconds."""
    try:
        found = json.loads(path.read_bytes())
        first, each = float(found["first"]), float(found["each"])
        if 0 < min(first, each) <= max(first, each) < math.inf:
            return first, each
    except (ValueError, TypeError, LookupError):
        pass
    raise InputError(
        f"{path}: does not hold the seconds of a step; remove it to have them timed again"
    )
