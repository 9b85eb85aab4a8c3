"""A whole study through the slurm executor makes the tables that this machine makes alone."""

from __future__ import annotations

import os
import time

import pytest
from worlds.unchanging import tables

from studies import HERE, ROOT, SLURM, copied, finish, start

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
STUDY = ROOT / os.environ.get("APPROXGAN_CLUSTER_STUDY", HERE / "small.yaml")
"""make test-cluster takes the smoke study."""


def test_slurm_makes_the_tables_of_a_local_run(slurm, tmp_path):
    made = {}
    for name, how in {"here": ("--cores", "2"), "slurm": SLURM}.items():
        folder = tmp_path / name
        folder.mkdir()
        begun = time.monotonic()
        run = start(
            copied(folder, STUDY),
            *("results/report.html", "--configfile", STUDY.name, *how),
            environment=slurm.environment,
        )
        said = finish(run, folder)
        print(f"{STUDY.name} {name}: {time.monotonic() - begun:.0f} s")
        made[name] = tables(folder)
    assert len(made["here"]) > 20
    assert made["slurm"] == made["here"]
    assert said.count("has been submitted with SLURM jobid") >= 3
    assert set(slurm.states().values()) == {"COMPLETED"}
