"""The tune stage: a tuning's tries -> their run folders, and which of them is best."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.core.errors import InputError
from approxgan.design import specs
from approxgan.design.paths import Results
from approxgan.evaluate.stage import scores
from approxgan.storage import code_inputs, files
from approxgan.training.checkpoint import is_trained, key_of
from approxgan.training.ownership import PAUSE
from approxgan.training.stage import run_or_wait
from approxgan.tune import choice


def run(
    spec: Mapping[str, Any],
    at: Results,
    out: Path,
    threads: int = 1,
    checkpoint_seconds: float = 60.0,
) -> None:
    """Train the tries that are not there, one after another, and write into ``out`` which is best.

    A try stays in its run folder. It is trained again where its spec, data, code or a library is no
    longer the one that it was trained with. Raises ``InputError`` that names the try.
    """
    train(spec, at, threads, checkpoint_seconds)
    decide(spec, at, out)


def train(spec: Mapping[str, Any], at: Results, threads: int, checkpoint_seconds: float) -> None:
    """Train the tries that are not there."""
    data = at.data(spec["dataset"])
    tries = {name: cell for one in spec["tries"] for name, cell in one["cells"].items()}
    keys = {name: key_of(cell, data) for name, cell in tries.items()}
    due = [name for name in tries if not is_trained(at.run(name), keys[name])]
    print(f"{len(tries) - len(due)} of {len(tries)} tries are there", file=sys.stderr)
    # Where a later job of this tuning has taken over, that one trains, and this one follows it.
    follows = False
    for number, name in enumerate(due, 1):
        if follows:
            time.sleep(PAUSE)  # until it has begun its next try
            if is_trained(at.run(name), keys[name]):
                continue
        told = f"try {number} of {len(due)}"
        print(f"{told}: {name}", file=sys.stderr, flush=True)
        with _named(name):
            follows = run_or_wait(
                tries[name],
                at.root,
                at.run(name),
                threads,
                checkpoint_seconds,
                code=code_inputs.digest("training", **specs.variants(tries[name])),
                follows=follows,
                within=f"{told}, ",
            )


@contextmanager
def _named(cell: str) -> Iterator[None]:
    """What goes wrong in a try names it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{cell}: {error}") from error
    except Exception as error:
        error.add_note(f"in the try {cell}")
        raise


def decide(spec: Mapping[str, Any], at: Results, out: Path) -> None:
    """Score every try by the median over its seeds at the end, and write which is best."""
    found = []
    for one in spec["tries"]:
        values: list[float] = []
        for cell in one["cells"]:
            rows = scores(at.run(cell), at.data(spec["dataset"]), spec["quality"])
            rows = rows[(rows["metric"] == spec["number"]) & (rows["step"] == rows["step"].max())]
            values += rows["value"].tolist()
        found.append((one["values"], np.array(values, dtype=float)))
    files.write_json(out, choice.choose(found, spec["better"]))
