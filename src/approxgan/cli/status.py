"""What of a config is made, what is missing, and what is there that it no longer has."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxgan.design import cells as grid
from approxgan.design.paths import CHECKPOINT, SPEC, Results
from approxgan.storage import guests, provenance
from approxgan.training.ownership import is_training


@dataclass(frozen=True)
class Status:
    """Folders below results/runs."""

    trained: list[str]
    stopped: list[str]
    """Not finished, with a checkpoint to go on from."""
    missing: list[str]
    stale: list[str]
    """Of cells that are not in the config, and that no process trains."""
    training: list[str]
    """Of any cells that a process trains now."""
    uninvited: list[str]
    """Guests that this config scores nothing like."""
    changed: list[str]
    """What is said of results that were made with other versions than these."""


def of(config: Mapping[str, Any], results: Path) -> Status:
    """Compare the config's cells with the run folders there are.

    A try that has been removed is not missing: its tuning's choice is there.
    """
    at, cells = Results(results), grid.trained(config)
    there = {*at.runs_with(SPEC), *at.runs_with(CHECKPOINT)}
    training = [cell for cell in sorted({*there, *cells}) if is_training(at.run(cell))]
    chosen = [tries for name, tries in grid.tunings(config).items() if at.tuning(name).exists()]
    decided = {cell for tries in chosen for one in tries for cell in one["cells"]}
    trained = [cell for cell in cells if cell in decided or at.run(cell, SPEC).exists()]
    rest = [cell for cell in cells if cell not in set(trained)]
    left = [cell for cell in rest if at.run(cell, CHECKPOINT).exists()]
    stopped = [cell for cell in left if cell not in set(training)]
    missing = [cell for cell in rest if cell not in set(stopped)]
    stale = sorted(there - {*cells, *training})
    changed = provenance.changed(provenance.found(results))
    left_out = sorted(set(at.guests()) - set(guests.scored(at, grid.scored(config))))
    return Status(trained, stopped, missing, stale, training, left_out, changed)


def text(status: Status) -> str:
    """Counts, and the names of what is not simply there or missing."""
    total = len(status.trained) + len(status.stopped) + len(status.missing)
    lines = [f"{len(status.trained)} of {total} cells are trained, {len(status.missing)} are not"]
    lines += [f"being trained: {cell}" for cell in status.training]
    lines += [f"stopped, with a checkpoint to go on from: {cell}" for cell in status.stopped]
    lines += [f"not in the config: {cell}" for cell in status.stale]
    lines += [
        f"guest whose data set or size no run of the config has: {g}" for g in status.uninvited
    ]
    if status.stale:
        lines.append("approxgan status --remove removes what is not in the config")
    return "\n".join([*lines, *status.changed])


def remove(status: Status, results: Path) -> int:
    """Remove the folders of cells that are not in the config, and folders that are empty then.

    Returns how many; one that a process has begun to train stays.
    """
    at, removed = Results(results), 0
    for cell in status.stale:
        folder = at.run(cell)
        if is_training(folder):
            continue
        shutil.rmtree(folder)
        removed += 1
        for parent in folder.parents:
            if parent == at.runs or any(parent.iterdir()):
                break
            parent.rmdir()
    return removed
