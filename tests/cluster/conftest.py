"""One cluster for all tests; without Slurm's programs they are skipped, and say so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from worlds.slurm import Slurm, lacking

REQUIRED = "APPROXGAN_CLUSTER"
"""Set by make test-cluster: then a machine without Slurm is a failure."""


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    if missing := lacking():
        (pytest.fail if REQUIRED in os.environ else pytest.skip)(f"not run on Slurm: {missing}")
    with Slurm() as cluster:
        yield cluster
