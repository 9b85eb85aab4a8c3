"""What goes wrong on a cluster, on a real Slurm: every cell ends in the bytes of a quiet run."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds import ROOT
from worlds.slurm import Slurm
from worlds.workflow import PATIENCE, SLURM, copied, finish, start, trained_by

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import cells as grid

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
HERE = Path(__file__).parent
CONFIG = [ROOT / "config.yaml", HERE / "faults.yaml"]
CELLS = {cell.split("/")[4]: cell for cell in grid.cells(load.config(CONFIG))}
MADE = ("trace.npz", "samples.npz", "parameters.npz", "spec.json")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """The same cells, trained here without a fault."""
    results = tmp_path_factory.mktemp("quiet")
    config = ["--configfile", str(CONFIG[1]), "--results", str(results)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["data", "ring", *config]) == 0
        for cell in CELLS.values():
            assert main(["train", cell, *config]) == 0
    return results


def faulty(folder: Path, faults: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """A copied workflow whose training has these faults; returns Snakemake's arguments."""
    copied(folder, CONFIG[1])
    trained_by(folder, f"python {HERE / 'faulty.py'} train")
    (folder / "faults.json").write_text(json.dumps(faults))
    cells = [f"results/runs/{CELLS[mode]}/trace.npz" for mode in faults]
    return (*cells, "--configfile", "faults.yaml", "--group-components", "cells=1")


def starts(folder: Path, mode: str) -> list[tuple[str, str]]:
    """(job, node) of every attempt at the mode's cell, in order."""
    path = folder / "starts.txt"
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [(job, node) for name, job, node in lines if name == mode]


def wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def wait_for_checkpoint(run: subprocess.Popen[bytes], folder: Path, mode: str) -> None:
    path = folder / "results" / "runs" / CELLS[mode] / "checkpoint.npz"
    wait(lambda: path.exists() or run.poll() is not None, "a checkpoint")
    assert run.poll() is None, (folder / "snakemake.log").read_text()[-4000:]


def assert_same(folder: Path, quiet: Path, modes: dict[str, dict[str, float]]) -> None:
    for mode in modes:
        made, wanted = folder / "results" / "runs" / CELLS[mode], quiet / "runs" / CELLS[mode]
        assert {p.name for p in made.iterdir()} == {*MADE, "cost.json"}
        for name in MADE:
            assert (made / name).read_bytes() == (wanted / name).read_bytes(), (mode, name)


def killed_node(slurm: Slurm, run: subprocess.Popen[bytes], folder: Path) -> str:
    """Kill the node that trains exact, once it has a checkpoint."""
    wait_for_checkpoint(run, folder, "exact")
    ((_, node),) = starts(folder, "exact")
    slurm.kill_node(node)
    return node


def assert_went_on(slurm: Slurm, folder: Path, node: str) -> None:
    """A second job, on another node, from the checkpoint of the first."""
    (first, _), (last, other) = starts(folder, "exact")
    states = slurm.states()
    assert (states[first], states[last]) == ("NODE_FAIL", "COMPLETED")
    assert other != node
    log = folder / "results" / "logs" / "train" / f"{CELLS['exact']}.log"
    assert "going on from the checkpoint" in log.read_text()


def test_a_job_of_a_node_that_dies_goes_on_at_another(slurm: Slurm, quiet, tmp_path):
    faults = {"exact": {"pause": 1.0}}
    arguments = (*faulty(tmp_path, faults), *SLURM)
    run = start(tmp_path, *arguments, environment=slurm.environment)
    node = killed_node(slurm, run, tmp_path)
    finish(run, tmp_path)
    assert_same(tmp_path, quiet, faults)
    assert_went_on(slurm, tmp_path, node)
    slurm.start_node(node)


@pytest.mark.long
def test_faults_of_jobs_nodes_and_the_controller_are_mended(slurm: Slurm, quiet, tmp_path):
    """A node dies, a job fails once, one takes too much memory, one too much time; and the
    controller is restarted while all of it goes on."""
    faults = {
        "exact": {"pause": 1.0},
        "subgradient": {"fail": True},
        # The pause leaves time for a sample of its memory.
        "spsa": {"hold_mb": 1000, "pause": 1.0},
        "forward_gradient": {"pause": 4.0},
    }
    minutes = "train:runtime=2 if attempt == 1 and 'forward_gradient' in wildcards.cell else 30"
    arguments = (*faulty(tmp_path, faults), "--set-resources", minutes)
    run = start(tmp_path, *arguments, *SLURM, environment=slurm.environment)
    node = killed_node(slurm, run, tmp_path)
    slurm.stop_controller()
    time.sleep(2)
    slurm.start_controller()
    finish(run, tmp_path)
    assert_same(tmp_path, quiet, faults)
    assert_went_on(slurm, tmp_path, node)
    states = slurm.states()
    for mode, state in {
        "subgradient": "FAILED",
        "spsa": "FAILED",
        "forward_gradient": "TIMEOUT",
    }.items():
        (first, _), *_, (last, _) = starts(tmp_path, mode)
        assert states[first] == state, mode
        assert states[last] == "COMPLETED", mode
    log = tmp_path / "results" / "logs" / "train" / f"{CELLS['forward_gradient']}.log"
    assert "going on from the checkpoint" in log.read_text()
    slurm.start_node(node)


@pytest.mark.long
@pytest.mark.parametrize("profile", ["slurm", "generic"])
def test_a_killed_snakemake_is_started_again_beside_its_job(slurm, quiet, tmp_path, profile):
    """The cell is trained in a second job, for which the first one stops and waits."""
    faults = {"exact": {"pause": 2.0}}
    chosen = SLURM if profile == "slurm" else ("--profile", "profiles/generic")
    arguments = (*faulty(tmp_path, faults), *chosen)
    run = start(tmp_path, *arguments, environment=slurm.environment)
    wait_for_checkpoint(run, tmp_path, "exact")
    run.kill()
    run.wait()
    finish(start(tmp_path, *arguments, "--unlock"), tmp_path)
    finish(start(tmp_path, *arguments, environment=slurm.environment), tmp_path)
    first, second = (job for job, _ in starts(tmp_path, "exact"))
    wait(lambda: slurm.states().get(first) not in (None, "RUNNING", "COMPLETING"), "its end")
    assert slurm.states()[first] == slurm.states()[second] == "COMPLETED"
    assert_same(tmp_path, quiet, faults)
