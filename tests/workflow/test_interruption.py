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
from worlds.kills import LEVELS, SIGNALS, Run, Runs, kills
from worlds.workflow import MINIATURE, copied, made, trained_by

RING = "ring/tiny/nonsaturating"
CELLS = [
    f"results/runs/small/{RING}/exact/none/seeds0-1",
    f"results/runs/small/{RING}/spsa/adaptive_directions1/seeds0-1",
]
TARGETS = [
    *(f"{cell}/{name}" for cell in CELLS for name in ("trace.npz", "quality.parquet")),
    f"results/tuning/best/{RING}/exact/learning_rate_tuned.json",
    f"results/probe/{RING}/spsa.parquet",
    "results/tables/outcomes.parquet",
    "results/tables/quality.parquet",
]
PATIENCE = 600.0
"""Seconds after which something hangs."""


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def unmade(folder: Path) -> None:
    """Take the targets away, and what is made with them."""
    for name in (*CELLS, "results/runs/best.tune"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for target in TARGETS[2 * len(CELLS) :]:
        for path in (folder / target).parent.glob(f"{Path(target).stem}.*"):
            path.unlink()


@pytest.fixture
def runs(miniature, tmp_path):
    """In a copy of the finished study without the targets, with checkpoints all the time."""
    folder = tmp_path / "copy"
    shutil.copytree(miniature, folder, ignore=shutil.ignore_patterns("locks"))
    for stage in ("train", "tune"):
        trained_by(folder, f"exec python -m approxgan {stage} --checkpoint-seconds 0.05", stage)
    unmade(folder)
    begun = Runs(folder, "--configfile", MINIATURE.name)
    yield begun
    begun.end()


@pytest.mark.slow
def test_the_workflow_killed_at_random_moments_ends_in_the_same_bytes(miniature, runs):
    """SIGINT, SIGTERM and SIGKILL to all of it, to Snakemake alone and to single jobs.

    Jobs that outlive their Snakemake work on beside the next call's.
    """
    wanted, chance = made(miniature), random.Random(0)
    plan = [(sent, LEVELS[(n + k) % 3]) for k in range(3) for n, sent in enumerate(SIGNALS)]
    killed, wanted_kills = 0, kills(3)
    while killed < wanted_kills:
        sent, level = plan[killed % len(plan)]
        run = runs.start(*TARGETS)
        if struck(run, chance.uniform(0, 6), level, sent, chance):
            killed += 1
            print(f"{sent.name} to {level}: exit status {run.process.wait(PATIENCE)}")
            assert "--spec" not in run.said()  # as Bash says of a job that is killed
            if runs.locked():
                runs.finish("--unlock")
        else:
            assert run.process.poll() == 0, run.said()[-3000:]
            assert settled(runs) == wanted
            unmade(runs.folder)
    runs.finish(*TARGETS[::-1])
    assert settled(runs) == wanted


def struck(run: Run, seconds: float, *how: Any) -> bool:
    """Whether the run was still there to be killed, so long after its first job began."""
    moment, end = None, time.monotonic() + PATIENCE
    while run.process.poll() is None:
        if moment is None and run.jobs():
            moment = time.monotonic() + seconds
        if moment is not None and time.monotonic() > moment and run.kill(*how):
            return True
        assert time.monotonic() < end
        time.sleep(0.1)
    return False


def settled(runs: Runs) -> dict[str, bytes]:
    """The results when what outlived its Snakemake has ended, too."""
    until(lambda: not any(any(run.living()) for run in runs.begun))
    runs.begun.clear()
    return made(runs.folder)


@pytest.mark.slow
@pytest.mark.long
def test_cores_and_the_order_of_jobs_change_no_byte(miniature, tmp_path):
    """All of it on one core, and what comes late on two of them first."""
    runs = Runs(copied(tmp_path, MINIATURE), "--configfile", MINIATURE.name, "--cores", "1")
    runs.finish(f"{CELLS[1]}/quality.parquet")
    runs.finish()
    assert made(tmp_path) == made(miniature)


@pytest.mark.slow
@pytest.mark.long
def test_a_lock_left_behind_has_its_way_out_and_the_orphan_does_no_harm(miniature, runs):
    """The job that outlived its Snakemake is held until the next one has made what it makes."""
    target = f"{CELLS[1]}/trace.npz"
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
    results, wanted = settled(runs), made(miniature)
    assert results == {name: wanted[name] for name in results}
    assert target.removeprefix("results/") in results
