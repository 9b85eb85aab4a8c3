"""A reproduction is accepted where chance alone differs, and a doctored one is not."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
import synthetic

from approxgan import record, verify
from approxgan.__main__ import main
from approxgan.core import InputError
from approxgan.tables import COLUMNS


def claims(verdict="supported"):
    rows = [
        {"claim": "C1", "measure": "a: steps", "verdict": verdict, "effect": 1.0, "low": 0.5},
        {"claim": "C1", "measure": "a: seconds", "verdict": "supported", "effect": np.inf},
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["claims"]))


def written(folder, seed=0, **changes):
    """Tables of a made-up run; another seed is another run of the same experiment."""
    record.write_table(folder / "tables" / "claims", claims(**changes))
    made = synthetic.make(synthetic.SMALL, seed=seed)
    record.write_table(folder / "tables" / "quality", made["quality"])
    return folder


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = written(tmp_path_factory.mktemp("known"))
    path = folder / "reference.json"
    arguments = ["--reference", str(path), "--results", str(folder), "--made-by", "a test"]
    assert main(["reference", *arguments]) == 0
    return folder, path


def verified(known, folder):
    return main(["verify", "--reference", str(known[1]), "--results", str(folder)])


def test_a_run_agrees_with_itself(known, capsys):
    assert verified(known, known[0]) == 0
    assert "2 verdicts" in capsys.readouterr().out
    made = json.loads(known[1].read_text())["made"]
    assert made["command"] == "a test"


def test_another_run_of_the_same_experiment_agrees(known, tmp_path):
    assert verified(known, written(tmp_path, seed=1)) == 0


def test_another_verdict_is_a_difference_unless_the_machine_decides(known, tmp_path, capsys):
    folder = written(tmp_path, verdict="contradicted")
    assert verified(known, folder) == 2
    assert "C1 a: steps: contradicted, the reference says supported" in capsys.readouterr().out
    other = claims().assign(verdict=["supported", "undecided"])
    record.write_table(folder / "tables" / "claims", other)
    assert verified(known, folder) == 0
    assert "may differ: C1 a: seconds" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["mean", "missing", "extra"])
def test_doctored_numbers_are_differences(known, change):
    reference = copy.deepcopy(json.loads(known[1].read_text()))
    cell = reference["cells"][3]
    if change == "mean":
        cell["mean"] += 10 * cell["error"]
    elif change == "missing":
        del reference["cells"][3]
    else:
        reference["cells"].append({**cell, "dataset": "nowhere"})
    wrong, allowed = verify.compare(reference, known[0] / "tables")
    assert len(wrong) == 1
    assert not allowed


def test_what_is_not_a_reference_is_refused(known, tmp_path):
    with pytest.raises(InputError, match="metric"):
        verify.compare({}, known[0] / "tables")
    assert main(["verify", "--reference", str(tmp_path / "none.json")]) == 2
