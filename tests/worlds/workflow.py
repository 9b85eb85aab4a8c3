"""A copy of the workflow, Snakemake in it, and what it made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd

from worlds import ROOT

MINIATURE = Path(__file__).with_name("miniature.yaml")
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


def trained_by(folder: Path, command: str, stage: str = "train") -> None:
    """Let the copy's rule of a stage call this in place of ``exec python -m approxgan STAGE``."""
    rule = folder / "workflow" / "rules" / f"{stage}.smk"
    before, usual, after = rule.read_text().partition(f"exec python -m approxgan {stage}")
    assert usual
    rule.write_text(before + command + after)


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it by its full path, with no environment activated."""
    return subprocess.run(
        [Path(sys.executable).parent / "snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
    )


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


def made(folder: Path) -> dict[str, bytes]:
    """Every result but seconds and what rests on them, and logs: file -> bytes."""
    results = folder / "results"
    found = {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix != ".log" and path.name not in TIMED
    }
    if (results / "tables" / "claims.csv").exists():
        claims = pd.read_csv(results / "tables" / "claims.csv")
        timed = claims["measure"].str.contains("seconds")
        assert 0 < timed.sum() < len(claims)
        found["tables/claims.csv"] = claims[~timed].to_csv().encode()
    return found


TIMED = (
    *("cost.json", "cost.csv", "cost.parquet", "claims.csv", "claims.parquet"),
    *("report.html", "summary.md", "manifest.json", "ro-crate-metadata.json"),
)
