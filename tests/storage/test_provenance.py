"""Each job records what it was made with, and what differs is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.cli.status import of, text
from approxgan.config import load
from approxgan.storage import files, provenance

CELL = "main/ring/compact/nonsaturating/exact/none/seeds0-9"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A data set that was made, and a run of another numba and another commit."""
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "results"
    assert main(["data", "ring", "--results", str(folder)]) == 0
    older = {**provenance.record("training abc"), "numba": "0.1", "commit": "other"}
    files.write_json(folder / "runs" / CELL / "cost.json", {provenance.MADE_WITH: older})
    return folder


def test_a_job_records_versions_commit_and_machine(results):
    (made,) = (about for about in provenance.found(results) if about["numba"] != "0.1")
    here = provenance.versions()
    assert {name: made[name] for name in here} == here
    assert made["commit"] == provenance.commit()
    assert made["processor"] == provenance.processor()


def test_what_differs_is_counted(results):
    differing = provenance.differing(provenance.found(results))
    assert set(differing) == {"numba", "commit"}
    assert set(differing["numba"].values()) == {1}


def test_status_and_doctor_say_that_numba_has_changed(results, capsys):
    said = text(of(load.config([Path("config.yaml")]), results))
    wanted = f"numba is {provenance.versions()['numba']}; 1 of 2 jobs were made with 0.1"
    assert wanted in said.splitlines()
    main(["doctor", "--results", str(results)])
    assert wanted in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_left_out(results):
    (results / "runs" / CELL / "cost.json").write_text("[1")
    (results / "provenance" / "data" / "ring.json").write_text("")
    assert provenance.found(results) == []
