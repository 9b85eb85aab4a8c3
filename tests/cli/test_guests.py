"""Someone else's samples: scored as a run is, marked, and refused in one line where bad."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import ROOT
from worlds.workflow import MINIATURE

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import cells, check, specs
from approxgan.design.paths import Results
from approxgan.storage import files

CONFIG = ["--configfile", MINIATURE.name]
ABOUT = {"name": "theirs", "dataset": "ring", "loss": "hinge", "cost": 5000}
CELL = "small/ring/tiny/nonsaturating/exact/none/seeds0-1"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with the config, the data and the null of ring."""
    folder = tmp_path_factory.mktemp("world")
    for path in (ROOT / "config.yaml", MINIATURE):
        shutil.copy(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["data", "ring", *CONFIG]) == 0
        assert main(["null", "ring", "200", *CONFIG]) == 0
    return folder


@pytest.fixture
def here(world, tmp_path, monkeypatch):
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(folder, samples, about=ABOUT):
    """A folder as someone hands it in."""
    place = folder / "given"
    place.mkdir(exist_ok=True)
    np.save(place / "samples.npy", samples)
    (place / "guest.yaml").write_text(yaml.safe_dump(about))
    return str(place)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_a_guest_scores_what_a_run_with_the_same_samples_scores(here):
    at, shot = Results(here / "results"), drawn(2, 200, 2)
    config = check.checked(load.config([here / "config.yaml", here / MINIATURE.name]))
    files.write_json(at.run(CELL, "spec.json"), cells.spec(config, cells.cells(config)[CELL]))
    kept = {"steps": np.array([7]), "seeds": np.arange(2), "samples": shot[:, None]}
    files.write_arrays(at.run(CELL, "samples.npz"), kept)
    assert main(["evaluate", CELL, *CONFIG]) == 0
    run = pd.read_parquet(at.quality(CELL))
    # More samples than a run has: as many as a run has are scored.
    more = np.concatenate([shot, drawn(2, 50, 2, seed=1)], axis=1)
    assert main(["add-run", given(here, more), *CONFIG]) == 0
    assert main(["guest", "theirs", *CONFIG]) == 0
    found = pd.read_parquet(at.guest_scores("theirs"))
    by, columns = ["seed", "metric"], ["seed", "samples", "metric", "value"]
    run, found = (rows.sort_values(by, ignore_index=True)[columns] for rows in (run, found))
    pd.testing.assert_frame_equal(run, found)
    for table in ("guests", "guest_samples"):
        assert main(["collect", table, *CONFIG]) == 0
    scores = pd.read_parquet(at.table("guests"))
    assert set(scores["guest"]) == {"theirs"}
    assert set(scores[["loss", "cost"]].itertuples(index=False, name=None)) == {("hinge", 5000.0)}
    assert set(scores.loc[scores["is_primary"], "metric"]) == {config["claims"]["metric"]}
    points = pd.read_parquet(at.table("guest_samples"))
    assert points[["x", "y"]].to_numpy() == pytest.approx(more[0][: len(points)])


def test_samples_of_one_training_are_one_seed_and_a_value_that_is_not_finite_has_no_score(
    here, capsys
):
    bad = drawn(200, 2)
    bad[3, 1] = np.inf
    assert main(["add-run", given(here, bad, {"name": "theirs", "dataset": "ring"}), *CONFIG]) == 0
    said = capsys.readouterr().out
    assert "1 seed of 200 samples beside ring, 1 without scores: not all finite; snakemake" in said
    assert main(["guest", "theirs", *CONFIG]) == 0
    scores = pd.read_parquet(Results(here / "results").guest_scores("theirs"))
    assert set(scores["seed"]) == {0}
    assert scores["value"].isna().all()
    for table in ("guests", "guest_samples"):
        assert main(["collect", table, *CONFIG]) == 0


def test_a_guest_is_in_no_table_that_verdicts_read():
    """Those of guests are tables of their own; claims and comparisons name what they read."""
    rules = (ROOT / "workflow" / "rules" / "tables.smk").read_text()
    judged = rules[rules.index("rule comparisons") :]
    assert "guest" not in judged
    assert set(specs.OF_GUESTS) == {"guests", "guest_samples"}


OBJECTS = np.array([{"a": 1}], dtype=object)
BAD = {
    "objects": (OBJECTS, ABOUT, "not a .npy file of numbers"),
    "texts": (np.array([["a", "b"]]), ABOUT, "accepted: numbers [n, 2]"),
    "another dimension": (drawn(200, 3), ABOUT, "has shape [200, 3]"),
    "a vector": (drawn(200), ABOUT, "has shape [200]"),
    "too few": (drawn(199, 2), ABOUT, "199 samples a seed; accepted: 200"),
    "no data set": (drawn(200, 2), {"name": "theirs"}, "dataset is missing"),
    "another data set": (drawn(200, 2), {**ABOUT, "dataset": "moons"}, "'moons' is not scored"),
    "a path": (drawn(200, 2), {**ABOUT, "name": "../theirs"}, "is not a word"),
    "an unknown key": (drawn(200, 2), {**ABOUT, "epsilon": 1}, "'epsilon' is unknown"),
    "a cost in words": (drawn(200, 2), {**ABOUT, "cost": "much"}, "'much' is not a number"),
    "a cost below 0": (drawn(200, 2), {**ABOUT, "cost": -1}, "cost: -1 is not a number above 0"),
    "a cost of 0": (drawn(200, 2), {**ABOUT, "cost": 0.0}, "cost: 0 is not a number above 0"),
    "a mistyped key": (drawn(200, 2), {**ABOUT, "losss": "x"}, "did you mean 'loss'?"),
    "a mistyped data set": (drawn(200, 2), {**ABOUT, "dataset": "rign"}, "did you mean 'ring'?"),
    "a cost that is none": (drawn(200, 2), {**ABOUT, "cost": np.nan}, "guest.yaml: cost: nan is"),
    "a long loss": (drawn(200, 2), {**ABOUT, "loss": "x" * 61}, "x' is too long; accepted: at mo"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_bad_is_one_line_and_nothing_is_written(here, case, capsys):
    samples, about, said = BAD[case]
    assert main(["add-run", given(here, samples, about), *CONFIG]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert said in told
    assert not (here / "results" / "guests").exists()


def test_status_lists_a_guest_that_no_run_of_the_config_is_like(here, capsys):
    assert main(["add-run", given(here, drawn(200, 2)), *CONFIG]) == 0
    assert main(["status", *CONFIG]) == 0
    assert "guest" not in capsys.readouterr().out.partition("\n")[2]
    assert main(["status"]) == 0  # whose runs have more samples
    assert "no run of the config has: theirs" in capsys.readouterr().out


def test_missing_files_are_named(here, capsys):
    assert main(["add-run", "nowhere", *CONFIG]) == 2
    assert "guest.yaml: no such file" in capsys.readouterr().err
    place = given(here, drawn(200, 2))
    (here / "given" / "samples.npy").write_bytes(b"PK\3\4 no array")
    assert main(["add-run", place, *CONFIG]) == 2
    assert "samples.npy" in capsys.readouterr().err
