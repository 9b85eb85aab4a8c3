"""A whole study through the slurm executor makes the results that this machine makes alone."""

from __future__ import annotations

import io
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from worlds.workflow import MINIATURE, SLURM, copied, finish, made, start

from approxgan.cli import progress
from approxgan.core.errors import InputError
from approxgan.design.paths import Results

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


def watched(run: subprocess.Popen[bytes], folder: Path) -> list[str]:
    """What another shell sees of the run until it ends."""
    seen = []
    while run.poll() is None:
        with suppress(InputError):  # before the run has begun
            progress.watch(Results(folder / "results"), said := io.StringIO())
            seen.append(said.getvalue())
        time.sleep(0.5)
    progress.watch(Results(folder / "results"), said := io.StringIO())
    return [*seen, said.getvalue()]


def test_slurm_makes_the_results_of_a_local_run(slurm, miniature, tmp_path):
    run = start(
        copied(tmp_path, MINIATURE),
        *("--configfile", MINIATURE.name, *SLURM),
        environment=slurm.environment,
    )
    seen = watched(run, tmp_path)
    said = finish(run, tmp_path)
    assert made(tmp_path) == made(miniature)
    jobs = said.count("has been submitted with SLURM jobid")
    assert jobs >= 3
    # What Slurm lets wait is told apart from what it has started, steps and losses included.
    whole = "".join(seen)
    assert re.search(r"\nwaiting   \d+ jobs?: .*\d+ train", whole)
    assert re.search(
        r"\ntrain     small/.*\n          step \d+ of 1000; .*\n          losses ", whole
    )
    assert re.search(r"about \S+ \S+ left\n", whole)
    assert ", done after " in seen[-1]
    ended = list(slurm.states().values())
    assert ended.count("COMPLETED") >= jobs
