"""Tables without rows, as an empty grid leaves them: a figure or one line, never a traceback."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import registry
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS

SMOKE = ["--configfile", "studies/smoke.yaml"]
STAGES = [
    *(["figure", name] for name in registry.names("figures")),
    ["comparisons"],
    ["claims"],
    ["report"],
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name, columns in COLUMNS.items():
        files.write_table(folder / name, pd.DataFrame(columns=list(columns)))
    return folder


@pytest.mark.parametrize("stage", STAGES, ids=" ".join)
def test_tables_without_rows(tables, tmp_path, monkeypatch, capsys, stage):
    shutil.copy(ROOT / "config.yaml", tmp_path)
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    shutil.copytree(tables, tmp_path / "results" / "tables")
    monkeypatch.chdir(tmp_path)
    code = main([*stage, *SMOKE])
    said = capsys.readouterr().err
    assert code == 0 or (said.startswith("approxgan: ") and said.count("\n") == 1), said
