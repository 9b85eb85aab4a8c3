"""A reproduction is accepted where chance alone differs, and a doctored one is not."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
from worlds import ROOT, synthetic

from approxgan.cli.parser import main
from approxgan.core.errors import InputError
from approxgan.reference import readme, verify
from approxgan.storage import files, provenance
from approxgan.storage.tables import COLUMNS

MODE = "forward_difference"
PAGE = f"# Title\n\n{readme.BEGIN}\nold\n{readme.END}\n\n## More\n"


def claims(verdict="supported", effect=1.0):
    rows = [
        {"claim": "C1", "measure": f"{MODE}: steps", "verdict": verdict, "effect": effect,
         "low": effect - 0.5, "high": effect + 0.5},
        {"claim": "C1", "measure": f"{MODE}: seconds", "verdict": "supported", "effect": np.inf},
        {"claim": "C1", "measure": "b: steps", "verdict": "undecided"},
        {"claim": "C1", "measure": f"{MODE}: steps ÷ its matched c's", "verdict": "contradicted"},
        {"claim": "C5", "measure": f"{MODE}: passes", "verdict": "supported", "effect": 2.0,
         "low": 2.0, "high": 2.0},
    ]  # fmt: skip
    texts = {"statement": "It is|so.", "rule": "", "cells": ""}
    return pd.DataFrame([texts | row for row in rows], columns=list(COLUMNS["claims"]))


def written(folder, seed=0, **changes):
    """Tables of a made-up run; another seed is another run of the same experiment."""
    files.write_table(folder / "tables" / "claims", claims(**changes))
    made = synthetic.make(synthetic.SMALL, seed=seed)
    for name in ("quality", "quality_null"):
        files.write_table(folder / "tables" / name, made[name])
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
    assert "5 verdicts" in capsys.readouterr().out
    made = json.loads(known[1].read_text())["made"]
    assert made["command"] == "a test"
    assert made["commit"] == provenance.commit()
    assert made["machine"]["cores"] == str(provenance.cores())
    assert {"Python", "torch"} <= set(made["versions"])


def test_another_run_of_the_same_experiment_agrees(known, tmp_path):
    assert verified(known, written(tmp_path, seed=1)) == 0


def test_another_verdict_is_a_difference_unless_the_machine_decides(known, tmp_path, capsys):
    folder = written(tmp_path, verdict="contradicted")
    assert verified(known, folder) == 2
    assert (
        "C1 forward_difference: steps: contradicted, the reference says supported"
        in capsys.readouterr().out
    )
    other = claims()
    other.loc[1, "verdict"] = "undecided"
    files.write_table(folder / "tables" / "claims", other)
    assert verified(known, folder) == 0
    assert "may differ: C1 forward_difference: seconds" in capsys.readouterr().out


def test_a_verdict_beside_its_margin_may_be_left_open(known, tmp_path, capsys):
    assert verified(known, written(tmp_path, verdict="undecided", effect=1.2)) == 0
    said = "may differ: C1 forward_difference: steps: undecided, the reference says supported"
    assert said in capsys.readouterr().out
    assert verified(known, written(tmp_path, verdict="undecided", effect=2.5)) == 2
    assert verified(known, written(tmp_path, verdict="contradicted", effect=1.2)) == 2


def test_an_effect_may_move_by_four_standard_errors_of_the_difference(known, tmp_path, capsys):
    """Two intervals of ±0.5: a standard error of 0.5 · √2 / 1.96 = 0.36."""
    assert verified(known, written(tmp_path, effect=2.4)) == 0
    assert verified(known, written(tmp_path, effect=2.5)) == 2
    assert (
        "differs: C1 forward_difference: steps: effect 2.5, the reference has 1"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("effect", [2.000001, np.nan, np.inf])
def test_a_count_is_the_same_anywhere(known, tmp_path, effect):
    folder = written(tmp_path)
    other = claims()
    other.loc[4, ["effect", "low", "high"]] = effect
    files.write_table(folder / "tables" / "claims", other)
    assert verified(known, folder) == 2


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


def test_the_readme_shows_the_reference_and_keeps_its_own_words(known, tmp_path):
    page, path = tmp_path / "README.md", tmp_path / "kept" / "full.json"
    page.write_text(PAGE)
    asked = ["--reference", str(path), "--results", str(known[0]), "--readme", str(page)]
    assert main(["reference", *asked]) == 0
    assert page.read_text().startswith(f"# Title\n\n{readme.BEGIN}\n**")
    assert page.read_text().endswith(f"{readme.END}\n\n## More\n")
    told = readme.shown(page)
    assert told == readme.block(files.read_json(path), "kept/full.json")
    assert "| claim | measured | forward difference: the formula for each coordinate | b |" in told
    assert "| **C1.** It is\\|so. | steps | supported 1 [0.5 to 1.5] | undecided |" in told
    assert "| what of it matched controls do not share | contradicted | not judged |" in told
    assert "| passes | supported 2 | not judged |" in told
    assert "|  | seconds | supported ∞ | not judged |" in told
    assert "![Sample quality against ε](kept/full.png)" in told
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["no marks", PAGE + readme.END])
def test_a_readme_without_its_two_marks_is_refused_and_nothing_is_written(known, tmp_path, text):
    page, path = tmp_path / "README.md", tmp_path / "full.json"
    page.write_text(text)
    asked = ["--reference", str(path), "--results", str(known[0]), "--readme", str(page)]
    assert main(["reference", *asked]) == 2
    assert page.read_text() == text
    assert list(tmp_path.iterdir()) == [page]


def test_the_projects_readme_shows_the_reference_that_is_committed():
    told, path = readme.shown(ROOT / "README.md"), ROOT / "reference" / "default.json"
    assert told == readme.block(files.read_json(path), "reference/default.json")
    assert 0 < path.with_suffix(".png").stat().st_size < 200_000
