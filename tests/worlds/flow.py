"""A small study whose results are made up, and what of it rests on what."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import yaml

from approxgan.config import load, registry
from approxgan.design import cells, check
from approxgan.storage import files
from worlds import ROOT

COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies", "src", "README.md")
UNUSED = "tests/cli/test_cli.py"
"""A test, copied beside."""
SMALL = yaml.safe_load("""
datasets:
  moons: {kind: moons, points: 500, noise: 0.1}
  mine: {kind: file, points: 900, path: studies/points.csv, held_out: 0.2}
seeds: {first: 0, count: 2, block: 2}
training: {steps: 60}
studies:
  - name: small
    datasets: [ring]
    models: [compact]
    losses: [nonsaturating]
    modes:
      - {mode: exact}
      - {mode: forward_difference, epsilon: [1.0e-5, adaptive]}
      - {mode: spsa, epsilon: dtype, directions: 2}
      - {mode: masked_exact, which: random, match: {mode: forward_difference, epsilon: 1.0e-5}}
  - name: more
    datasets: [moons, mine]
    models: [compact]
    losses: [hinge]
    modes: [{mode: exact}]
  - name: best
    datasets: [ring]
    models: [compact]
    losses: [hinge]
    tune: {beta1: [0.5, 0.8], seeds: {first: 9, count: 1}}
    modes: [{mode: exact}]
probes:
  - datasets: [ring]
    models: [compact]
    losses: [nonsaturating]
    seeds: [0]
    steps: [0, 20]
    dtypes: [float32]
    draws: 3
    curvature: 1.0e-4
    modes:
      - {mode: exact}
      - {mode: forward_difference, epsilon: [1.0e-5, adaptive]}
      - {mode: spsa, epsilon: 1.0e-3, directions: 2}
dirac:
  modes:
    - {mode: exact}
    - {mode: spsa, epsilon: 1.0e-3, directions: 1}
figures:
  names: [cosine, dirac, effects, samples, training_curves]
""")
TRACES, QUALITIES = "runs/*/trace.npz", "runs/*/quality.parquet"
TUNINGS = "tuning/*"
MODES = "probe/*[!s].parquet"
"""A mode's file of a probe; ``points.parquet`` is none."""
NEEDS = {
    "null/*": ["data/{dataset}.npz"],
    "runs/*": ["data/{dataset}.npz"],
    QUALITIES: ["{folder}/trace.npz"],
    "runs/best/*": [TUNINGS],
    "tuning/*": ["data/{dataset}.npz"],
    "tables/tuning.*": [TUNINGS],
    "probe/*/points.npz": ["data/{dataset}.npz"],
    "probe/*.parquet": ["probe/*/points.npz"],
    "tables/training.*": [TRACES],
    "tables/outcomes.*": [TRACES],
    "tables/cost.*": [TRACES],
    "tables/samples.*": [TRACES],
    "tables/evolution.*": [TRACES],
    "tables/images.*": [TRACES, "data/*"],
    "tables/quality.*": [QUALITIES],
    "tables/quality_null.*": ["null/*"],
    "tables/gradient_error.*": [MODES],
    "tables/layer_error.*": [MODES],
    "tables/probe_points.*": ["probe/*/points.parquet"],
    "tables/data.*": ["data/*"],
    "tables/dirac.*": ["dirac/*"],
    "tables/comparisons.*": [f"tables/{n}.*" for n in ("outcomes", "quality", "quality_null")],
    "tables/claims.*": [
        f"tables/{n}.*" for n in ("outcomes", "quality", "gradient_error", "cost", "comparisons")
    ],
    "report.html": ["tables/*", "figures/*"],
    "manifest.json": ["report.html"],
}
"""Jobs, by the first file they make -> what they read of other jobs."""


def any_of(job: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(job, pattern) for pattern in patterns)


def needs(job: str) -> list[str]:
    """Patterns of the jobs whose files a job reads."""
    place = Path(job)
    if place.parts[0] == "figures":
        stated = registry.describe("figures", place.stem).constants["needs"]
        return [f"tables/{table}.*" for table in stated]
    dataset = place.parts[2 if place.parts[0] in ("runs", "tuning") else 1 : 3][:1]
    known = {"name": place.stem, "folder": place.parent, "dataset": "".join(dataset)}
    found = [own for pattern, own in NEEDS.items() if fnmatch(job, pattern)]
    return [pattern.format(**known) for own in found for pattern in own]


def resting(jobs: set[str], every: set[str]) -> set[str]:
    """These jobs and, of ``every`` job, those that rest on them."""
    while True:
        more = {
            job
            for job in every - jobs
            for pattern in needs(job)
            if any(fnmatch(other, pattern) for other in jobs)
        }
        if not more:
            return jobs
        jobs = jobs | more


@contextmanager
def calling(folder: Path) -> Iterator[Callable[..., str]]:
    """Call Snakemake in the folder, with the code of the folder; gives what it prints."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("planner.py")],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
    )
    assert process.stdin
    assert process.stdout
    to, answers = process.stdin, process.stdout

    def call(*arguments: str) -> str:
        to.write(json.dumps(["--cores", "1", *arguments]) + "\n")
        to.flush()
        status, said = json.loads(answers.readline())
        assert status == 0, said[-2000:]
        return said

    with process:
        yield call
        to.close()


def planned(said: str) -> list[list[str]]:
    """Every job of a dry run as the files it would make, below results."""
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("output: ")]
    made = [line.removeprefix("output: ").split(", ") for line in lines]
    return [[name.removeprefix("results/") for name in names] for names in made]


def copied(folder: Path) -> None:
    """The workflow and its code."""
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / UNUSED).parent.mkdir(parents=True)
    shutil.copy(ROOT / UNUSED, folder / UNUSED)
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))


def whole(path: Path) -> bytes:
    """Bytes that end as a file of that kind does."""
    end = files.ENDS[path.suffix]
    return end.ljust(files.TAIL, b"\0") if path.suffix == ".npz" else b"x" * files.TAIL + end


def made_up(folder: Path, call: Callable[..., str]) -> set[str]:
    """Make up all results of ``small.yaml``; its jobs, by the first file they make."""
    jobs = planned(call("-n", "--configfile", "small.yaml"))
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
    for path in [folder / "results" / name for names in jobs for name in names]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole(path))
    config = check.checked(load.config([folder / "config.yaml", folder / "small.yaml"]))
    for name, cell in cells.cells(config).items():
        files.write_json(folder / "results" / "runs" / name / "spec.json", cells.spec(config, cell))
    # Writes down the parameters and inputs that each file was made with, and makes nothing.
    call("--touch", "--forceall", "--configfile", "small.yaml")
    return {names[0] for names in jobs}
