"""What of a config is made, what is missing, and what is there that it no longer has."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxgan.design import cells as grid

DONE, CHECKPOINT = "spec.json", "checkpoint.npz"
"""The last file of a finished run, and the one of a run that was stopped."""


@dataclass(frozen=True)
class Status:
    """Folders below results/runs."""

    trained: list[str]
    stopped: list[str]
    """Not finished, with a checkpoint to go on from."""
    missing: list[str]
    stale: list[str]
    """Of cells that are not in the config."""


def of(config: Mapping[str, Any], results: Path) -> Status:
    """Compare the config's cells with the run folders there are."""
    runs, cells = results / "runs", grid.cells(config)
    there = {
        str(path.parent.relative_to(runs))
        for name in (DONE, CHECKPOINT)
        for path in runs.glob(f"*/*/*/*/*/*/*/{name}")
    }
    trained = [cell for cell in cells if (runs / cell / DONE).exists()]
    rest = [cell for cell in cells if cell not in set(trained)]
    stopped = [cell for cell in rest if (runs / cell / CHECKPOINT).exists()]
    missing = [cell for cell in rest if cell not in set(stopped)]
    return Status(trained, stopped, missing, sorted(there - set(cells)))


def text(status: Status) -> str:
    """Counts, and the names of what is not simply there or missing."""
    total = len(status.trained) + len(status.stopped) + len(status.missing)
    lines = [f"{len(status.trained)} of {total} cells are trained, {len(status.missing)} are not"]
    lines += [f"stopped, with a checkpoint to go on from: {cell}" for cell in status.stopped]
    lines += [f"not in the config: {cell}" for cell in status.stale]
    if status.stale:
        lines.append("approxgan status --remove removes what is not in the config")
    return "\n".join(lines)


def remove(status: Status, results: Path) -> None:
    """Remove the folders of cells that are not in the config, and folders that are empty then."""
    runs = results / "runs"
    for cell in status.stale:
        folder = runs / cell
        shutil.rmtree(folder)
        for parent in folder.parents:
            if parent == runs or any(parent.iterdir()):
                break
            parent.rmdir()
