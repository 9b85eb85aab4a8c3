"""The same results for any cores, any order, and whatever killed the workflow on its way."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from worlds import ROOT
from worlds.kills import LEVELS, SIGNALS, Run, Runs, kills

from approxgan.config.load import merged

TINY = yaml.safe_load("""
datasets: {ring: {points: 200}}
models:
  tiny: {kind: dense, latent: 2, generator: [4], discriminator: [4], activation: tanh}
seeds: {first: 0, count: 2, block: 2}
training: {steps: 1000, batch: 16, trace_every: 100, snapshots: 2, samples: 200}
studies:
  - name: tiny
    datasets: [ring]
    models: [tiny]
    losses: [nonsaturating]
    modes:
      - {mode: exact}
      - {mode: spsa, epsilon: 1.0e-3, directions: 1}
probes:
  - datasets: [ring]
    models: [tiny]
    losses: [nonsaturating]
    seeds: [0]
    steps: [0, 20]
    dtypes: [float32]
    draws: 2
    curvature: 1.0e-4
    modes: [{mode: exact}]
""")
CELL = "results/runs/tiny/ring/tiny/nonsaturating/spsa/epsilon1e-3_directions1/seeds0-1"
TARGETS = [
    "results/tables/outcomes.parquet",
    "results/tables/quality.parquet",
    "results/figures/cosine.svg",
]
PATIENCE = 600.0
"""Seconds after which something hangs."""


def written(folder: Path) -> None:
    """A copy of the workflow with the tiny study alone, and checkpoints many times a second."""
    for name in ("Snakefile", "workflow", "profiles"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    config = merged(yaml.safe_load((ROOT / "config.yaml").read_text()), TINY)
    config["quality"] |= {"metrics": {"energy_distance": {}}, "every_snapshot": ["energy_distance"]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    rule = folder / "workflow" / "rules" / "train.smk"
    often = rule.read_text().replace("approxgan train", "approxgan train --checkpoint-seconds 0.05")
    assert "seconds 0.05" in often
    rule.write_text(often)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def made(folder: Path) -> dict[str, bytes]:
    """Every result but seconds and logs."""
    results = folder / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix != ".log" and path.name != "cost.json"
    }


@pytest.fixture
def runs(tmp_path):
    written(tmp_path)
    begun = Runs(tmp_path)
    yield begun
    begun.end()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Results of a run that nothing stopped, and its seconds."""
    folder = tmp_path_factory.mktemp("whole")
    written(folder)
    begun = time.monotonic()
    Runs(folder).finish(*TARGETS)
    return made(folder), time.monotonic() - begun


@pytest.mark.slow
def test_cores_and_the_order_of_jobs_change_no_byte(whole, runs):
    """On one core, and what comes late on two of them first."""
    runs.finish(f"{CELL}/quality.parquet", "--cores", "1")
    runs.finish(*TARGETS[::-1], "--cores", "1")
    assert made(runs.folder) == whole[0]


@pytest.mark.slow
def test_the_workflow_killed_at_random_moments_ends_in_the_same_bytes(whole, runs):
    """SIGINT, SIGTERM and SIGKILL to all of it, to Snakemake alone and to single jobs.

    Jobs that outlive their Snakemake work on beside the next call's.
    """
    wanted, seconds = whole
    chance = random.Random(0)
    plan = [(sent, level) for sent in SIGNALS for level in LEVELS]
    killed, wanted_kills = 0, kills(len(plan))
    while killed < wanted_kills:
        sent, level = plan[killed % len(plan)]
        run = runs.start(*TARGETS)
        moment = time.monotonic() + chance.uniform(0.1, 0.8) * seconds
        if struck(run, moment, level, sent, chance):
            killed += 1
            print(f"{sent.name} to {level}: exit status {run.process.wait(PATIENCE)}")
            if runs.locked():
                runs.finish("--unlock")
        else:
            assert run.process.poll() == 0, run.said()[-3000:]
            assert settled(runs) == wanted
            shutil.rmtree(runs.folder / "results")
    runs.finish(*TARGETS)
    assert settled(runs) == wanted


def struck(run: Run, moment: float, *how: Any) -> bool:
    """Whether the run was still there to be killed."""
    while run.process.poll() is None:
        if time.monotonic() > moment and run.kill(*how):
            return True
        assert time.monotonic() < moment + PATIENCE
        time.sleep(0.02)
    return False


def settled(runs: Runs) -> dict[str, bytes]:
    """The results when what outlived its Snakemake has ended, too."""
    until(lambda: not any(any(run.living()) for run in runs.begun))
    runs.begun.clear()
    return made(runs.folder)


@pytest.mark.slow
def test_a_lock_left_behind_has_its_way_out_and_the_orphan_does_no_harm(whole, runs):
    """The job that outlived its Snakemake is held until the next one has made what it makes."""
    target = f"{CELL}/trace.npz"
    first = runs.start(target)
    until(runs.locked)
    second = runs.start(target)
    assert second.process.wait() != 0
    assert "--unlock" in second.said()
    until(lambda: any("train" in job.cmdline() for job in first.jobs()))
    (orphan,) = first.jobs()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    orphan.suspend()
    refused = runs.start(target)
    assert refused.process.wait() != 0
    assert "--unlock" in refused.said()
    runs.finish("--unlock")
    runs.finish(target)
    orphan.resume()
    results = settled(runs)
    assert results == {name: whole[0][name] for name in results}
    assert f"{CELL}/trace.npz".removeprefix("results/") in results
