"""What a run shows: on a terminal a picture, elsewhere a line a job; failures with their logs."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import terminal
from worlds.workflow import MINIATURE, copied, trained_by

from approxgan.cli import progress
from approxgan.design.paths import Results

pytestmark = pytest.mark.slow
CELL = "small/ring/tiny/nonsaturating/exact/none/seeds0-1"
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
CALL = [SNAKEMAKE, f"results/runs/{CELL}/trace.npz", "--cores", "2"]
CALL += ["--configfile", MINIATURE.name]
STEP = "ring exact: step 5 of 10, 2 seeds training"
MADE_UP = "echo '{step}' > {{log}}; sleep {seconds}; echo 'no {what}' >> {{log}}; (exit 3); "
"""Bash goes on after such a failure, unless Snakemake's strict mode holds."""


def training(folder: Path, seconds: int, what: str = "memory") -> None:
    """Instead of training: half of the steps, and a failure."""
    rules = folder / "workflow" / "rules" / "train.smk"
    rules.write_bytes((Path(__file__).parents[2] / "workflow/rules/train.smk").read_bytes())
    done = MADE_UP.format(step=STEP, seconds=seconds, what=what)
    trained_by(folder, f"{done}python -m approxgan train")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("watched"), MINIATURE)


def test_off_a_terminal_a_job_is_a_line_and_a_failure_shows_its_log(folder):
    training(folder, 0)
    done = subprocess.run(CALL, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = done.stderr.split("\n")
    (ring,) = (line for line in lines if "data ring" in line)
    assert ring.startswith("1 of 2 jobs, about "), ring
    assert f"failed: train {CELL}" in lines
    assert {STEP, "no memory", "Command returned non-zero exit status 3."} <= set(lines)
    assert "\x1b[J" not in done.stderr
    assert "python -m" not in done.stderr
    assert "--spec" not in done.stderr
    assert len(lines) < 30
    (log,) = (folder / ".snakemake" / "log").glob("*.log")
    assert "python -m approxgan data ring --spec" in log.read_text()


def test_on_a_terminal_there_is_a_picture_that_another_terminal_shows_too(folder):
    training(folder, 4)
    beside = []

    def look(screen, process):
        if not beside and "step 5 of 10" in screen:
            progress.watch(Results(folder / "results"), said := io.StringIO())
            beside.append(said.getvalue())

    status, screens = terminal.call(CALL, folder, look)
    assert status == 1
    assert re.match(r"\[#+\.+\] \d+ %  \d of \d jobs, ", beside[0])
    assert beside[0].split("\n")[1] == f"train     {CELL}"
    pictures = [screen for screen in screens if "step 5 of 10" in screen]
    assert any(f"\ntrain     {CELL}\n          step 5 of 10; " in screen for screen in pictures)
    assert all(screen.count("jobs, ") <= 2 for screen in screens)  # drawn in the same place
    last = screens[-1].split("\n")
    assert f"failed: train {CELL}" in last
    assert "no memory" in last
    assert " jobs, 1 failed, stopped after " in last[-3]
    assert last[-2] == f"failed    train {CELL}: no memory"
    assert "--spec" not in "".join(screens)


def test_ctrl_c_ends_a_run_on_a_terminal_and_leaves_no_lock(folder):
    training(folder, 600)
    sent = []

    def interrupt(screen, process):
        if not sent and "step 5 of 10" in screen:
            sent.append(os.killpg(process.pid, signal.SIGINT))

    status, screens = terminal.call(CALL, folder, interrupt)
    assert sent
    assert status == 1
    assert ", stopped after " in screens[-1]
    assert not any((folder / ".snakemake" / "locks").glob("*"))
