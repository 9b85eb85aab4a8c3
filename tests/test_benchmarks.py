"""The stub that stands for jobs when the workflow itself is timed makes what they make."""

from __future__ import annotations

import subprocess

from worlds import ROOT

from approxgan.storage.tables import JUDGED


def test_the_stub_leaves_every_table_that_is_made_from_others(tmp_path):
    made, results = tmp_path / "made" / "tables", tmp_path / "results" / "tables"
    results.mkdir(parents=True)
    made.mkdir(parents=True)
    wanted = {f"{name}.{kind}" for name in JUDGED for kind in ("parquet", "csv")}
    for name in wanted:
        (made / name).touch()
    for stage in ("comparisons", "claims"):
        command = ["sh", ROOT / "benchmarks" / "stub.sh", "-m", "approxgan", stage]
        subprocess.run(command, cwd=tmp_path, check=True)
    assert {path.name for path in results.iterdir()} == wanted
