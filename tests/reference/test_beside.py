"""Two runs beside each other: intervals from theory, words, a page, and what is refused."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds.runs import written

from approxgan.cli.parser import main
from approxgan.reference import beside, chance, sides
from approxgan.storage import files

CELLS = ["study", "dataset", "model", "loss", "mode", "epsilon", "settings"]


def put(here, other):
    return main(["report", "--beside", str(other), "--results", str(here)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return written(tmp_path_factory.mktemp("here"))


def last(quality):
    """Rows that are compared: of the deciding number at the end."""
    return quality["is_primary"] & (quality["step"] == quality["step"].max())


def altered(run, folder, change):
    """A copy of the run whose table ``quality`` was changed in place."""
    shutil.copytree(run, folder, dirs_exist_ok=True)
    quality = pd.read_parquet(folder / "tables" / "quality.parquet")
    change(quality)
    files.write_table(folder / "tables" / "quality", quality)
    return folder


def test_means_of_other_seeds_differ_by_welch_and_of_the_same_seeds_in_pairs():
    random = np.random.default_rng(1)
    here, there = pd.Series(random.normal(1, 2, 9)), pd.Series(random.normal(size=9))
    welch = stats.ttest_ind(here, there, equal_var=False)
    found = chance.apart(
        *np.array([[one.mean(), one.sem(), 8.0] for one in (here, there)]).T
    )  # fmt: skip
    assert found.p == pytest.approx(welch.pvalue)
    assert found.ends[1:] == pytest.approx(welch.confidence_interval(0.95))
    pairs, found = stats.ttest_rel(here, there), chance.paired(here, there.sample(frac=1))
    assert found.p == pytest.approx(pairs.pvalue)
    assert found.ends[1:] == pytest.approx(pairs.confidence_interval(0.95))
    assert chance.paired(here, there.rename({8: 9})) is None
    assert chance.paired(here, there.replace({there[3]: np.nan})) is None


def test_a_shift_that_all_seeds_share_is_seen_in_pairs_alone(run, tmp_path):
    """Welch's test is blind to it: seeds differ by more. A reference has no seeds."""
    random = np.random.default_rng(0)

    def shift(quality):
        rows = last(quality) & quality["mode"].eq("exact")
        own = quality[rows].groupby(CELLS, dropna=False)["value"].transform("std")
        quality.loc[rows, "value"] += own * (0.3 + 0.002 * random.normal(size=len(own)))

    other = altered(run, tmp_path / "other", shift)
    found = beside.compare(sides.read(other), sides.read(run))
    apart = [one for one in found.differences if one.apart]
    assert apart
    assert {one.row["mode"] for one in apart} == {"exact"}
    assert {one.test.how for one in apart} == {chance.PAIRED}
    assert all(one.test.ends.low > 0 for one in apart)
    reference = tmp_path / "kept.json"
    assert main(["reference", "--reference", str(reference), "--results", str(run)]) == 0
    known = beside.compare(sides.read(other), sides.read(reference))
    assert not any(one.apart for one in known.differences)


@pytest.mark.parametrize("all_lost", [False, True])
def test_runs_without_a_score_are_tested_as_a_share(run, tmp_path, all_lost):
    """By Fisher's test, to which three of three against none of three is no difference."""

    def lose(quality):
        rows = last(quality) & quality["mode"].eq("exact")
        rows &= True if all_lost else quality["seed"].eq(0)
        quality.loc[rows, "value"] = np.nan

    other = altered(run, tmp_path, lose)
    found = beside.compare(sides.read(other), sides.read(run))
    (one, *rest) = found.of(beside.UNSCORED)
    assert {own.row["mode"] for own in (one, *rest)} == {"exact"}
    runs = int(one.row["runs_here"])
    lost = runs if all_lost else 1
    assert (one.here, one.there) == (lost / runs, 0.0)
    p = stats.fisher_exact([[lost, runs - lost], [0, runs]]).pvalue
    assert one.test.p == pytest.approx(p)
    assert p > beside.ERROR / 100
    assert not any(own.apart for own in found.differences)


def test_a_run_beside_itself_has_no_difference_and_the_page_says_so(run, capsys):
    assert put(run, run) == 0
    told = capsys.readouterr().out
    assert "none changed" in told
    assert "none of the effects" in told
    page = (run / "beside.html").read_text()
    assert "none changed" in page
    assert 'class="marked"' not in page
    assert not re.search(r"(?i)<script|https?:|url\(", page)


def test_what_changed_is_told_and_stands_first_and_marked(run, tmp_path, capsys):
    other = written(tmp_path / "other", verdict="contradicted", effect=9.0)
    files.write_json(other / "config.json", {"files": [], "config": {"training": {"steps": 60}}})
    files.write_json(run / "config.json", {"files": [], "config": {"training": {"steps": 80}}})
    assert put(run, other) == 0
    (run / "config.json").unlink()
    told = capsys.readouterr().out
    row = "other/C1/same_steps/forward_difference/steps_to_target/float32/exact"
    assert f"{row}: supported, the other says contradicted\n" in told
    assert f"{row}: effect 1, the other has 9; quotient 0.1111 [0.0548 to 0.225]; p " in told
    page = (run / "beside.html").read_text()
    rows = re.findall(r"<tr[^>]*>(?:<td>.*?</td>)+</tr>", page)
    assert rows[0].startswith('<tr class="marked"><td>C1. Approximate gradients speed')
    assert "contradicted 9" in rows[0]
    assert "× 0.111 [0.0548 to 0.225]" in rows[0]
    assert "changed; differs (p " in rows[0]
    assert page.count('class="marked"') == 1
    assert "<td>training.steps</td><td>60</td><td>80</td>" in page


def test_verdicts_that_rest_on_other_cells_are_shown_and_not_tested(run, tmp_path):
    other = written(tmp_path, verdict="contradicted", effect=9.0)
    quality = pd.read_parquet(other / "tables" / "quality.parquet")
    kept = quality[~(quality["mode"].eq("forward_difference") & quality["epsilon"].lt(1e-4))]
    assert 0 < len(kept) < len(quality)
    files.write_table(other / "tables" / "quality", kept)
    found = beside.compare(sides.read(run), sides.read(other))
    wrong, allowed = found.told("the other")
    assert len(wrong) == 1
    assert wrong[0].startswith("this is another experiment")
    assert any(line.endswith("contradicted; it rests on other cells") for line in allowed)
    rested = [one for one in found.of(beside.EFFECT) if one.row["mode"] == "forward_difference"]
    assert rested
    assert all(np.isnan(one.test.p) for one in rested)
    assert [one.row["mode"] for one in found.of(beside.EFFECT) if not np.isnan(one.test.p)] == ["b"]


def nothing(path):
    return path / "none"


def no_run(path):
    (path / "folder").mkdir()
    return path / "folder"


def text(path):
    (path / "other.txt").write_text("a run")
    return path / "other.txt"


def no_json(path):
    (path / "other.json").write_text("{")
    return path / "other.json"


def other_metric(path):
    made = written(path / "other")
    quality = pd.read_parquet(made / "tables" / "quality.parquet")
    files.write_table(
        made / "tables" / "quality", quality.assign(is_primary=quality["metric"].eq("mmd2"))
    )
    return made


def other_study(path):
    made = written(path / "other")
    quality = pd.read_parquet(made / "tables" / "quality.parquet")
    files.write_table(made / "tables" / "quality", quality.assign(study="elsewhere"))
    return made


def old(path):
    made = written(path / "other")
    table = pd.read_parquet(made / "tables" / "claims.parquet")
    files.write_table(made / "tables" / "claims", table.drop(columns="freedom"))
    return made


BAD = {
    nothing: "no such file", no_run: "not a folder of results", text: "not a run; accepted",
    no_json: "not a readable", other_metric: "is judged by mmd2", other_study: "has no cell of",
    old: "no column 'freedom'",
}  # fmt: skip


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_what_cannot_be_put_beside_is_one_line_and_overwrites_nothing(run, tmp_path, make, capsys):
    files.write_text(run / "beside.html", "of before")
    assert put(run, make(tmp_path)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert BAD[make] in said.err
    assert (run / "beside.html").read_text() == "of before"


def test_names_of_the_other_run_are_text_on_the_page(run, tmp_path):
    other = tmp_path / "<script>alert(1)</script>"
    shutil.copytree(run, other)
    assert put(run, other) == 0
    assert "<script>" not in (run / "beside.html").read_text()


def test_a_reference_names_its_deciding_number(run, tmp_path):
    path = tmp_path / "kept.json"
    assert main(["reference", "--reference", str(path), "--results", str(run)]) == 0
    assert json.loads(path.read_text())["metric"] == "energy_distance"
