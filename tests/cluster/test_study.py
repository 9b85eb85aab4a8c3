"""A whole study through the slurm executor makes the results that this machine makes alone."""

from __future__ import annotations

import pytest
from worlds.workflow import MINIATURE, SLURM, copied, finish, made, start

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


def test_slurm_makes_the_results_of_a_local_run(slurm, miniature, tmp_path):
    run = start(
        copied(tmp_path, MINIATURE),
        *("--configfile", MINIATURE.name, *SLURM),
        environment=slurm.environment,
    )
    said = finish(run, tmp_path)
    assert made(tmp_path) == made(miniature)
    jobs = said.count("has been submitted with SLURM jobid")
    assert jobs >= 3
    ended = list(slurm.states().values())
    assert ended.count("COMPLETED") >= jobs
