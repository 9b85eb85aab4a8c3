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
BASE = {
    "scope": "other", "reading": "same_steps", "dtype": "float32", "mode": MODE,
    "unit": "ratio", "against": "exact", "is_control": False, "bound": 0.9,
    "side": "below", "verdict": "supported", "reason_code": "ok", "interval_kind": "jackknife",
    "error": 0.25, "freedom": 30.0, "is_timed": False, "runs": 24, "censored": 0,
    "capped": 0, "effect": 1.0, "low": 0.5, "high": 1.5,
}  # fmt: skip


def claims(verdict="supported", effect=1.0):
    rows = [
        {"claim": "C1", "measure": "steps_to_target", "verdict": verdict, "effect": effect},
        {"claim": "C1", "measure": "seconds_to_target", "effect": np.inf, "is_timed": True},
        {"claim": "C1", "measure": "steps_to_target", "mode": "b", "verdict": "undecided",
         "effect": np.nan, "error": np.nan, "reason_code": "lack_of_data"},
        {"claim": "C1", "measure": "steps_to_target", "verdict": "contradicted",
         "against": "c", "is_control": True},
        {"claim": "C5", "measure": "forward_equivalents_per_step", "effect": 2.0, "low": 2.0,
         "high": 2.0, "error": 0.0, "interval_kind": "count"},
    ]  # fmt: skip
    texts = {"datasets": "", "cells": "", "note": ""}
    return pd.DataFrame([texts | BASE | row for row in rows], columns=list(COLUMNS["claims"]))


def shown(page):
    """What a README has between its marks."""
    return page.read_text().partition(f"{readme.BEGIN}\n")[2].partition(readme.END)[0]


def written(folder, seed=0, made=None, **changes):
    """Tables of a made-up run; another seed is another run of the same experiment."""
    files.write_table(folder / "tables" / "claims", claims(**changes) if made is None else made)
    tables = synthetic.make(synthetic.SMALL, seed=seed)
    for name in ("quality", "quality_null"):
        files.write_table(folder / "tables" / name, tables[name])
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
    assert "all agree" in capsys.readouterr().out
    made = json.loads(known[1].read_text())["made"]
    assert made["command"] == "a test"
    assert made["commit"] == provenance.commit()
    assert made["machine"]["cores"] == str(provenance.cores())
    assert {"Python", "torch"} <= set(made["versions"])


def test_another_run_of_the_same_experiment_agrees(known, tmp_path):
    assert verified(known, written(tmp_path, seed=1)) == 0


def test_another_verdict_is_a_difference_unless_the_machine_decides(known, tmp_path, capsys):
    assert verified(known, written(tmp_path, verdict="contradicted")) == 2
    row = "other/C1/same_steps/forward_difference/steps_to_target/float32/exact"
    told = f"{row}: contradicted, the reference says supported"
    assert f"differs: {told}" in capsys.readouterr().out
    timed = claims()
    timed.loc[1, ["verdict", "effect"]] = ["undecided", 9.0]
    assert verified(known, written(tmp_path, made=timed)) == 0
    assert (
        "may differ: other/C1/same_steps/forward_difference/seconds_to_target"
        in capsys.readouterr().out
    )


def test_a_verdict_beside_its_bound_may_be_left_open(known, tmp_path, capsys):
    assert verified(known, written(tmp_path, verdict="undecided", effect=1.2)) == 0
    assert "undecided, the reference says supported; the effects agree" in capsys.readouterr().out
    assert verified(known, written(tmp_path, verdict="undecided", effect=9.0)) == 2
    assert verified(known, written(tmp_path, verdict="contradicted", effect=1.2)) == 2


@pytest.mark.parametrize("effect", [2.000001, np.nan, np.inf])
def test_a_count_is_the_same_anywhere(known, tmp_path, effect):
    other = claims()
    other.loc[4, ["effect", "low", "high"]] = effect
    assert verified(known, written(tmp_path, made=other)) == 2


def test_a_mean_that_is_far_off_is_a_difference(known):
    reference = copy.deepcopy(json.loads(known[1].read_text()))
    cell = reference["cells"][3]
    cell["mean"] += 100 * cell["error"]
    found = verify.compare(reference, known[0] / "tables")
    assert len(found.wrong) == 1
    assert cell["mode"] in found.wrong[0]
    assert not found.allowed


@pytest.mark.parametrize("change", ["missing", "extra", "all"])
def test_another_experiment_is_one_line_that_says_what_was_compared(known, change):
    reference = copy.deepcopy(json.loads(known[1].read_text()))
    whole = len(reference["cells"])
    if change == "missing":
        del reference["cells"][3]
    for cell in reference["cells"] if change == "all" else ():
        cell["study"] = "elsewhere"
    if change == "extra":
        reference["cells"].append({**reference["cells"][3], "dataset": "nowhere"})
    (line,) = verify.compare(reference, known[0] / "tables").wrong
    assert line.startswith("this is another experiment: ")
    lacking, new, common = {
        "missing": (0, 1, whole - 1), "extra": (1, 0, whole), "all": (whole, whole, 0),
    }[change]  # fmt: skip
    assert f"{lacking} cells are only in the reference (studies " in line
    assert f"{new} only in this run (studies losses and main)" in line
    told = f"the {common} cells of both were compared" if common else "nothing can be compared"
    assert line.endswith(f"{told}, no verdicts")


@pytest.mark.parametrize("shape", [0.0, 0.5])
def test_honest_reruns_are_called_different_as_rarely_as_stated(shape):
    """Normal and log-normal scores of 117 cells of 3 to 20 seeds, as the reference has them."""
    trials, counts = 400, np.resize([3, 5, 10, 10, 20], 117)
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(trials):
        p = []
        for n in counts:
            drawn = random.normal(size=(2, n))
            scores = np.exp(shape * drawn) if shape else drawn
            errors = scores.std(1, ddof=1) / np.sqrt(n)
            p.append(verify.welch(scores.mean(1), errors, np.full(2, n - 1.0)))
        alarms += min(p) * len(p) < verify.ERROR
    # The stated rate, within three binomial standard errors.
    assert alarms / trials < verify.ERROR + 3 * np.sqrt(verify.ERROR * 0.99 / trials)


def test_what_is_not_a_reference_is_refused(known, tmp_path):
    with pytest.raises(InputError, match="are not rows with"):
        verify.compare({}, known[0] / "tables")
    old = {"verdicts": [{"claim": "C1", "measure": "a: b"}], "cells": []}
    with pytest.raises(InputError, match="make one with"):
        verify.compare(old, known[0] / "tables")
    assert main(["verify", "--reference", str(tmp_path / "none.json")]) == 2


def test_the_readme_shows_the_reference_and_keeps_its_own_words(known, tmp_path):
    page, path = tmp_path / "README.md", tmp_path / "kept" / "full.json"
    page.write_text(PAGE)
    asked = ["--reference", str(path), "--results", str(known[0]), "--readme", str(page)]
    assert main(["reference", *asked]) == 0
    assert page.read_text().startswith(f"# Title\n\n{readme.BEGIN}\n**")
    assert page.read_text().endswith(f"{readme.END}\n\n## More\n")
    told = shown(page)
    assert told == readme.block(files.read_json(path), "kept/full.json")
    assert "| claim | measured | forward difference: the formula for each coordinate | b |" in told
    assert "| training steps to the target ÷ exact's | supported 1 [0.5 to 1.5] |" in told
    assert "| undecided (no data) |" in told
    assert "| effect beyond the matched controls | contradicted | – |" in told
    assert "| forward-equivalents per step ÷ exact's | supported 2 | – |" in told
    assert "|  | processor seconds to the target ÷ exact's | supported ∞ [0.5 to 1.5] | – |" in told
    assert "**Other data and networks, with the same optimiser and number of steps**" in told
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
    told, path = shown(ROOT / "README.md"), ROOT / "reference" / "default.json"
    assert told == readme.block(files.read_json(path), "reference/default.json")
    assert 0 < path.with_suffix(".png").stat().st_size < 200_000
