"""What tests of several files share: one thread each, made-up tables, a finished study."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

# Several processes run side by side.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: what is left for the end is short, and no process idles."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Everything that a figure draws, made up once: what a test alters it copies before."""
    from worlds import blind, synthetic

    made = synthetic.make(synthetic.WIDE)
    reached = blind.tables()["no_gradient"]
    compared = synthetic.comparisons(made["quality"])
    return synthetic.invited({**made, "comparisons": compared, "no_gradient": reached})


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study, made once for all processes; what a test alters it copies before."""
    from worlds import workflow

    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "miniature"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "Snakefile").exists():
            workflow.copied(folder, workflow.MINIATURE)
            arguments = ("--cores", "2", "--configfile", workflow.MINIATURE.name)
            workflow.finish(workflow.start(folder, *arguments), folder)
    assert (folder / "results" / "report.html").exists(), "the process that made it failed"
    return folder
