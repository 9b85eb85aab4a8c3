"""A reproduction is accepted where chance alone differs, and a doctored one is not."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
from worlds import ROOT
from worlds.runs import claims, written

from approxgan.cli.parser import main
from approxgan.reference import beside, chance, readme, sides
from approxgan.storage import files, provenance

PAGE = f"# Title\n\n{readme.BEGIN}\nold\n{readme.END}\n\n## More\n"


def shown(page):
    """What a README has between its marks."""
    return page.read_text().partition(f"{readme.BEGIN}\n")[2].partition(readme.END)[0]


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


def compared(known, change):
    """What is told of the run beside its own reference, changed."""
    reference = copy.deepcopy(json.loads(known[1].read_text()))
    change(reference["cells"])
    here, there = sides.read(known[0]), sides.of_reference(reference, "changed")
    return beside.compare(here, there).told("the reference")


def test_a_mean_that_is_far_off_is_a_difference(known):
    def change(cells):
        cells[3]["mean"] += 100 * cells[3]["error"]

    (line,), allowed = compared(known, change)
    assert "reference has" in line
    assert not allowed


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_another_experiment_is_one_line_that_says_what_was_compared(known, change):
    whole = len(json.loads(known[1].read_text())["cells"])
    where = {"missing": "in this run", "extra": "in the reference"}[change]
    common = whole - (change == "missing")

    def changed(cells):
        if change == "missing":
            del cells[3]
        else:
            cells.append({**cells[3], "dataset": "nowhere"})

    (line,), _ = compared(known, changed)
    assert line.startswith(
        f"this is another experiment: cells only {where}: 1 (main); the {common} cells of both"
    )


@pytest.mark.parametrize("shape", [0.0, 0.5])
def test_honest_reruns_are_called_different_as_rarely_as_stated(shape):
    """Normal and log-normal scores of 117 cells of 3 to 20 seeds, as the reference has them.

    By Welch's test; the seeds of a pair have half of their variance in common.
    """
    trials, counts = 75, np.resize([3, 5, 10, 10, 20], 117)
    random = np.random.default_rng(0)
    alarms = np.zeros(2)
    for _ in range(trials):
        p = []
        for n in counts:
            drawn = random.normal(size=(2, n)) + random.normal(size=n)
            scores = np.exp(shape * drawn) if shape else drawn
            errors = scores.std(1, ddof=1) / np.sqrt(n)
            welch = chance.apart(scores.mean(1), errors, np.full(2, n - 1.0))
            p.append([welch.p, chance.paired(*map(pd.Series, scores)).p])
        alarms += np.min(p, axis=0) * len(p) < beside.ERROR
    # The stated rate, within three binomial standard errors.
    allowed = beside.ERROR + 3 * np.sqrt(beside.ERROR * 0.99 / trials)
    assert (alarms / trials < allowed).all()


@pytest.mark.parametrize("text", ["{}", '{"cells": []}', "[1]", "no JSON"])
def test_what_is_not_a_reference_is_refused_in_one_line(known, tmp_path, text, capsys):
    path = tmp_path / "other.json"
    assert verified((known[0], path), known[0]) == 2
    path.write_text(text)
    assert verified((known[0], path), known[0]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    assert said.count(str(path)) == 2


def test_the_readme_shows_the_reference_and_keeps_its_own_words(known, tmp_path):
    page, path = tmp_path / "README.md", tmp_path / "kept" / "full.json"
    page.write_text(PAGE)
    asked = ["--reference", str(path), "--results", str(known[0]), "--readme", str(page)]
    assert main(["reference", *asked]) == 0
    assert page.read_text().startswith(f"# Title\n\n{readme.BEGIN}\n**")
    assert page.read_text().endswith(f"{readme.END}\n\n## More\n")
    told = shown(page)
    assert told == readme.block(files.read_json(path), "kept/full.json")
    assert "| the article says | | what came out | where |" in told
    line = "| **C1.** Training needs fewer steps | yes | 1.00 × as many steps [0.5 to 1.5] |"
    assert f"{line} nudging each weight, on other data and networks" in told
    assert (
        "| **C5.** A training step needs fewer evaluations of the loss | yes | 2.00 × as many "
        "evaluations |" in told
    )
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
