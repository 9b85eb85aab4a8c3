"""What the workflow itself costs, and how it grows: planning, jobs, tables, figures, the report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from approxgan.design import cost, specs
from approxgan.storage import tables
from benchmarks import madeup
from benchmarks.madeup import ROOT, SNAKEMAKE, Config, Size
from benchmarks.measure import Row

SMALL, LARGE, PLANNED = Size(1, 1, 17), Size(2, 2, 83), Size(5, 8, 83)
"""52, 1,000 and 10,000 cells; of the last the jobs are planned alone."""
NOTHING = "Nothing to be done"
GATHERED = [name for name in tables.COLUMNS if name not in tables.JUDGED]


def measured(
    case: str, folder: Path, command: Sequence[str], made: Sequence[Path] = (), says: str = ""
) -> Row:
    """Time and peak memory of a command, which says ``says``, and the size of what it makes."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.usage", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or says not in done.stdout:
        sys.exit(f"{' '.join(command)[:500]} failed:\n{done.stdout[-5000:]}")
    used = json.loads(done.stdout.splitlines()[-1])
    seconds, cpu = used["seconds"], used["cpu_seconds"]
    written = sum(path.stat().st_size for path in made) / 1e6
    print(f"{case}: {seconds:.1f} s, {cpu:.1f} s of CPU", file=sys.stderr)
    times = (seconds, seconds, used["megabytes"], 1, 1, 1.0, cpu, written)
    return Row("workflow", case, "approxgan", *times)


def planning(overlay: str) -> list[str]:
    return [SNAKEMAKE, "-n", "--cores", "1", "--configfile", overlay]


def stages(cells: int, folder: Path, config: Config) -> list[Row]:
    """Everything that is made from all cells, by the calls that the workflow makes."""
    made = folder / "made"

    def call(case: str, arguments: Sequence[str], spec: Any, *files: str) -> Row:
        said = ["--spec", json.dumps(spec), "--results", "made"]
        command = [sys.executable, "-m", "approxgan", *arguments, *said]
        return measured(f"{case}, {cells} cells", folder, command, [made / f for f in files])

    def pair(name: str) -> list[str]:
        return [f"tables/{name}.parquet", f"tables/{name}.csv"]

    rows = [
        call(f"table {name}", ["collect", name], specs.collect(config, name), *pair(name))
        for name in GATHERED
    ]
    both = [*pair("comparisons"), *pair("aggregates")]
    rows.append(call("comparisons", ["comparisons"], specs.comparisons(config), *both))
    rows.append(call("claims", ["claims"], specs.claims(config), *pair("claims")))
    rows += [
        call(f"figure {name}", ["figure", name], specs.figure(config), f"figures/{name}.svg")
        for name in config["figures"]["names"]
    ]
    rows.append(call("report", ["report"], specs.report(config), "report.html"))
    return [*rows, call("manifest", ["manifest"], specs.report(config), "manifest.json")]


def stubbed(cells: int, folder: Path, config: Config) -> list[Row]:
    """A real run of all jobs, each a copy of files, and what is then left to do: nothing."""
    stub = folder / "stub"
    stub.mkdir()
    shutil.copy(ROOT / "benchmarks" / "stub.sh", stub / "python")
    (stub / "python").chmod(0o755)
    prefix = f'shell.prefix("export PATH={stub}:$PATH; ")'
    (folder / "stubbed.smk").write_text(f'include: "Snakefile"\n\n\n{prefix}\n')
    overlay, jobs = f"{cells}.yaml", len(list(cost.jobs(config)))
    run = [SNAKEMAKE, "all", "-s", "stubbed.smk", "--cores", "2", "--configfile", overlay]
    case, says = f"run of {jobs} jobs that copy", f"{jobs} of {jobs} jobs"
    whole = measured(case, folder, run, says=says)
    idle = measured(f"nothing to do, {cells} cells", folder, [*run, "-n"], says=NOTHING)
    return [whole, idle]


def run(quick: bool) -> list[Row]:
    """In temporary folders; one cell is trained."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        parsed = madeup.folder(place / "default")
        dry = [SNAKEMAKE, "-n", "--cores", "1"]
        rows.append(measured("parse and dry run, default", parsed, dry))
        one = madeup.template(place / "one")
        for size in (SMALL,) if quick else (SMALL, LARGE, PLANNED):
            cells = size.cells
            folder = madeup.folder(place / str(cells))
            config = madeup.overlay(folder / f"{cells}.yaml", size)
            rows.append(measured(f"plan {cells} cells", folder, planning(f"{cells}.yaml")))
            if size != PLANNED:
                madeup.results(one, config, folder / "made")
                rows += [*stages(cells, folder, config), *stubbed(cells, folder, config)]
            shutil.rmtree(folder)
    for what, module in (("a training", "training.stage"), ("an evaluating", "evaluate.stage")):
        load = [sys.executable, "-c", f"import approxgan.{module}"]
        rows.append(measured(f"start of {what} job", ROOT, load))
    return rows
