"""What the workflow itself costs: parsing, finding nothing to do at 1,000 cells, a job's start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from approxgan import config as configuration
from approxgan import grid, tables
from benchmarks.measure import Row, row, timed

ROOT = Path(__file__).parents[1]
COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies")
SNAKEMAKE = str(Path(sys.executable).parent / "snakemake")
RUN_FILES = ("trace.npz", "samples.npz", "parameters.npz", "spec.json", "cost.json")


def call(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def grown(folder: Path, cells: int) -> Path:
    """An overlay with one mode and ``cells`` values of ε."""
    text = yaml.safe_load((ROOT / "studies" / "smoke.yaml").read_text())
    epsilon = [round(1e-3 + 1e-6 * k, 9) for k in range(cells)]
    study = {**text["studies"][0], "modes": [{"mode": "uniform_shift", "epsilon": epsilon}]}
    path = folder / f"{cells}.yaml"
    path.write_text(yaml.safe_dump({**text, "studies": [study]}))
    return path


def pretend(folder: Path, overlay: Path) -> None:
    """Make every result file, empty, older stages first."""
    config = configuration.read([ROOT / "config.yaml", overlay])
    results = folder / "results"
    runs, probes = grid.cells(config), grid.probes(config)
    gathered = [f"tables/{t}.{e}" for t in TABLES for e in ("parquet", "csv")]
    stages = [
        [f"data/{d}.npz" for d in grid.used_datasets(config)],
        [f"runs/{cell}/{file}" for cell in runs for file in RUN_FILES],
        [f"null/{d}.parquet" for d in grid.used_datasets(config)],
        [f"probe/{p}/points.npz" for p in probes],
        [
            f"probe/{p}/{m}.parquet"
            for p in probes
            for m in ("points", *grid.probe_modes(probes[p]))
        ],
        [f"dirac/{m}.parquet" for m in grid.probe_modes(config["dirac"])],
        [f"runs/{cell}/quality.parquet" for cell in runs],
        gathered,
        [f"tables/claims.{e}" for e in ("parquet", "csv")],
        [f"figures/{f}.{e}" for f in config["figures"]["names"] for e in ("svg", "png")],
        ["report.html"],
    ]
    start = time.time()
    for number, paths in enumerate(stages):
        for path in paths:
            file = results / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            os.utime(file, (start + number, start + number))


TABLES = [name for name in tables.COLUMNS if name != "claims"]


def measured(case: str, folder: Path, *command: str, repeats: int = 3) -> Row:
    seconds = timed(lambda: call(folder, *command), 0.0, repeats)
    part = {"seconds": seconds, "peak_memory_mb": 0.0, "share": 1.0, "threads": 1}
    return row("workflow", case, "approxgan", [part])


def run(quick: bool) -> list[Row]:
    """Each in a temporary folder; nothing is trained."""
    cells = 100 if quick else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for item in COPIED:
            source = ROOT / item
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / item)
        parse = measured("parse and dry run, default", folder, SNAKEMAKE, "-n", "--cores", "1")
        overlay = grown(folder, cells)
        planning = (SNAKEMAKE, "-n", "--cores", "1", "--configfile", overlay.name)
        plan = measured(f"plan {cells} cells", folder, *planning)
        pretend(folder, overlay)
        idle = measured(f"nothing to do at {cells} cells", folder, *planning)
    start = measured("start of a training job", ROOT, sys.executable, "-c", "import approxgan.run")
    light = measured(
        "start of an evaluating job", ROOT, sys.executable, "-c", "import approxgan.quality"
    )
    return [parse, plan, idle, start, light]
