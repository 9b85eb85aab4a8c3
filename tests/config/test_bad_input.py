"""Wrong command lines and result files: one line that names them, nothing written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import cells, specs
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS, OF_A_SEED, OF_A_STEP

CELL = "smoke/ring/compact/nonsaturating/exact/none/seeds0-2"
SMOKE = ["--configfile", "studies/smoke.yaml"]
NAMES = ("../x", "/etc/passwd", "<b>x</b>", 'a"b', "a'b", "a;b", "$(x)", "a\nb", "ünder", "", "A B")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(ROOT / "config.yaml", tmp_path)
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(arguments, capsys):
    """The line that a refused call says."""
    assert main(arguments) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("approxgan: ")
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("stage", "before", "after"),
    [
        (["data"], "", ""),
        (["dirac"], "", ""),
        (["figure"], "", ""),
        (["collect"], "", ""),
        (["evaluate"], "", "/ring/compact/nonsaturating/exact/none/seeds0-2"),
        (["probe", "ring/compact/nonsaturating"], "", ""),
        (["points"], "ring/", "/compact"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else v[:6],
)
def test_a_name_is_no_path(folder, capsys, stage, before, after, name):
    """Even where the spec is handed over, and the config does not tell the names."""
    said = one_line([*stage, before + name + after, "--spec", "{}"], capsys)
    assert "not a name" in said
    assert not (folder / "results").exists()


COMMANDS = {
    "a cell of too few parts": ["evaluate", "ring"],
    "a cell that the config lacks": ["train", CELL.replace("exact", "exactly"), *SMOKE],
    "a configuration that is a folder": ["cells", "--configfile", "studies"],
    "a configuration that is missing": ["plan", "--configfile", "none.yaml"],
    "results that are a file": ["train", CELL, *SMOKE, "--results", "config.yaml"],
    "results of a run that are a file": ["verify", "--results", "config.yaml"],
    "a reference that is a folder": ["verify", "--reference", "studies"],
    "a reference that is no reference": ["verify", "--reference", "config.yaml"],
    "results of a config that are a file": ["cells", *SMOKE, "--results", "config.yaml"],
    "a pack in place of a folder": ["pack", "--to", "studies"],
    "a data set that is mistyped": ["data", "rign", *SMOKE],
    "a table that is none": ["collect", "tables", *SMOKE],
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_wrong_command_is_one_line(folder, capsys, case):
    before = sorted(folder.rglob("*"))
    one_line(COMMANDS[case], capsys)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("files_read", [3, [], ["config.yaml", 4], "config.yaml"])
def test_a_record_of_the_config_that_is_none_is_one_line(folder, capsys, files_read):
    path = folder / "results" / "config.json"
    files.write_json(path, {"files": files_read, "config": load.config([Path("config.yaml")])})
    assert "results/config.json: files is " in one_line(["cells"], capsys)


FED = {
    "evaluate": (["evaluate", CELL, *SMOKE], f"runs/{CELL}/spec.json"),
    "train": (["train", CELL, *SMOKE], "data/ring.npz"),
    "figure": (["figure", "dirac", *SMOKE], "tables/dirac.parquet"),
    "comparisons": (["comparisons", *SMOKE], "tables/outcomes.parquet"),
    "claims": (["claims", *SMOKE], "tables/outcomes.parquet"),
    "report": (["report", *SMOKE], "tables/outcomes.parquet"),
    "collect": (["collect", "dirac", *SMOKE], "dirac/exact.parquet"),
    "cost": (["collect", "cost", *SMOKE], f"runs/{CELL}/spec.json"),
}


@pytest.mark.parametrize("stage", FED)
def test_a_stage_fed_a_text_says_so_and_leaves_it(folder, capsys, stage):
    arguments, name = FED[stage]
    path = folder / "results" / name
    path.parent.mkdir(parents=True)
    path.write_text("no result")
    before = sorted(folder.rglob("*"))
    said = one_line(arguments, capsys)
    assert ".parquet" in said or Path(name).name in said
    assert path.read_text() == "no result"
    assert sorted(folder.rglob("*")) == before


RING = {"training": np.zeros((20, 2)), "true": np.zeros((20, 2))}
SHOTS = {"steps": np.arange(2), "seeds": np.arange(3), "samples": np.zeros((3, 2, 9, 2))}
TRACE = {name: np.arange(4) for name in OF_A_STEP}
TRACE |= {"seeds": np.arange(3), "diverged_step": np.full(3, -1)}
TRACE |= {name: np.zeros((4, 3)) for name in OF_A_SEED}
FORMS = {
    "points in a row": ("train", "data", RING, {"training": np.zeros(20)}),
    "no points": ("train", "data", RING, {"training": np.zeros((0, 2))}),
    "whole numbers": ("train", "data", RING, {"true": np.zeros((20, 2), int)}),
    "texts": ("train", "data", RING, {"true": np.array([["a", "b"]])}),
    "two dimensions": ("train", "data", RING, {"true": np.zeros((20, 3))}),
    "not finite": ("train", "data", RING, {"true": np.full((20, 2), np.nan)}),
    "no snapshots": ("samples", "samples", SHOTS, {"samples": np.zeros((3, 9, 2))}),
    "fewer snapshots": ("samples", "samples", SHOTS, {"steps": np.arange(1)}),
    "other seeds": ("samples", "samples", SHOTS, {"seeds": np.arange(3) + 5}),
    "steps that are none": ("training", "trace", TRACE, {"step": np.linspace(0, 1, 4)}),
    "fewer rows": ("training", "trace", TRACE, {"generator_loss": np.zeros((2, 3))}),
    "fewer seeds": ("outcomes", "trace", TRACE, {"diverged_step": np.full(2, -1)}),
    "a trace of other seeds": ("outcomes", "trace", TRACE, {"seeds": np.arange(3) + 5}),
}


@pytest.mark.parametrize("case", FORMS)
def test_arrays_of_another_form_are_one_line(folder, capsys, case):
    """What another version, or another program, may have left under a result's name."""
    what, kind, whole, wrong = FORMS[case]
    config = load.config([Path("config.yaml"), Path("studies/smoke.yaml")])
    made = cells.cells(config)
    cell = next(iter(made))
    if what != "train":
        for run, found in made.items():
            files.write_json(
                folder / "results" / "runs" / run / "spec.json", cells.spec(config, found)
            )
    name = "data/ring.npz" if kind == "data" else f"runs/{cell}/{kind}.npz"
    path = folder / "results" / name
    files.write_arrays(path, {**whole, **wrong})
    before = path.read_bytes()
    arguments = ["train", cell] if what == "train" else ["collect", what]
    said = one_line([*arguments, *SMOKE], capsys)
    assert path.name in said
    assert "remove it and make it again" in said
    assert path.read_bytes() == before
    assert not (folder / "results" / "tables").exists()


NUMBERS = {
    ("figure", "stability"): "outcomes",
    ("comparisons",): "outcomes",
    ("claims",): "comparisons",
    ("report",): "quality",
}


@pytest.mark.parametrize("stage", NUMBERS, ids=" ".join)
def test_a_text_in_place_of_a_number_is_one_line(folder, capsys, stage):
    table = NUMBERS[stage]
    for name, columns in COLUMNS.items():
        files.write_table(folder / "results" / "tables" / name, pd.DataFrame(columns=list(columns)))
    strange = pd.DataFrame([dict.fromkeys(COLUMNS[table], "<b>1</b>")])
    files.write_table(folder / "results" / "tables" / table, strange)
    said = one_line([*stage, *SMOKE], capsys)
    assert f"{table}.parquet: column " in said
    assert "numbers are accepted" in said


def test_samples_that_a_metric_cannot_score_are_one_line(folder, capsys):
    """classifier_test asks for at least k points: nothing is made, nor scored from a bare spec."""
    (folder / "few.yaml").write_text("training: {steps: 1, snapshots: 1, samples: 10}\n")
    few = [*SMOKE, "few.yaml"]
    for stage in (["data", "ring"], ["train", CELL], ["check"]):
        assert "classifier_test: 10 training points" in one_line([*stage, *few], capsys)
    assert not (folder / "results").exists()
    assert main(["data", "ring", *SMOKE]) == 0
    config = load.config([ROOT / "config.yaml"])
    spec = json.dumps(specs.null(config, "ring", 10))
    said = one_line(["null", "ring", "10", "--spec", spec], capsys)
    assert "ring.npz: cannot be scored: 10 training points" in said
    assert not (folder / "results" / "null").exists()
    spec = json.dumps({**config["datasets"]["article"], "points": 999})
    assert "accepted: 1000" in one_line(["data", "article", "--spec", spec], capsys)
