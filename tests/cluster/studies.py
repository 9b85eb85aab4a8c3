"""A copy of the workflow, and Snakemake in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
NEEDED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies")
SLURM = (
    *("--profile", "profiles/slurm"),
    # No accounting here; and the first look at a job after seconds, not most of a minute.
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"),
)
PATIENCE = 1500
"""Seconds after which a run of Snakemake is ended: a fault that nothing mends hangs."""


def copied(folder: Path, *overlays: Path) -> Path:
    for source in (*(ROOT / name for name in NEEDED), *overlays):
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / source.name)
    return folder


def start(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Snakemake in ``folder``; what it says goes to snakemake.log there."""
    command = Path(sys.executable).parent / "snakemake"
    with (folder / "snakemake.log").open("ab") as log:
        return subprocess.Popen(
            [command, *arguments],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment or dict(os.environ),
        )


def finish(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait for its end, which must be a good one; returns all that was said so far."""
    try:
        code = process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()
        code = process.wait()
    said = (folder / "snakemake.log").read_text()
    assert code == 0, said[-4000:]
    return said
