"""The command line as a person types it, in a folder of its own."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load, registry
from approxgan.storage import files
from approxgan.training.ownership import Writer
from approxgan.training.trace import Progress

CELL = "smoke/ring/compact/nonsaturating/spsa/dtype_directions2/seeds0-2"
TUNING = "smoke_best/ring/compact/nonsaturating/spsa/epsilon1e-3_tuned"
SMOKE = ["--configfile", "studies/smoke.yaml"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the configs and nothing made yet."""
    shutil.copy(ROOT / "config.yaml", tmp_path)
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_variant_is_listed(capsys):
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    for family in registry.FAMILIES:
        for name in registry.names(family):
            assert name in printed


def test_an_unknown_family_is_one_line(capsys):
    assert main(["list", "optimisers"]) == 2
    text = capsys.readouterr().err
    assert "optimisers" in text
    assert "modes" in text
    assert text.count("\n") == 1


def test_a_cell_is_made_by_typing_its_stages(folder, capsys):
    assert main(["data", "ring", *SMOKE]) == 0
    assert main(["train", CELL, *SMOKE]) == 0
    assert main(["evaluate", CELL, *SMOKE]) == 0
    log = capsys.readouterr().err
    assert "step 60 of 60" in log
    run = folder / "results" / "runs" / CELL
    scores = files.read_table(run / "quality.parquet")
    assert set(scores["step"]) == {0, 30, 60}
    assert json.loads((run / "spec.json").read_text())["generator"]["mode"] == "spsa"
    cost = json.loads((run / "cost.json").read_text())
    marks = cost["seconds_at_steps"]
    assert [step for step, _, _ in marks] == [0, 10, 20, 30, 40, 50]
    for place, name in ((1, "seconds"), (2, "cpu_seconds")):
        assert 0 < marks[1][place] <= marks[-1][place] <= cost[name]


def test_the_same_cell_has_the_same_bytes_again(folder):
    main(["data", "ring", *SMOKE])
    kept = {}
    for results in ("results", "again"):
        if results == "again":
            main(["data", "ring", *SMOKE, "--results", "again"])
        main(["train", CELL, *SMOKE, "--results", results])
        for path in sorted((folder / results / "runs" / CELL).iterdir()):
            if path.name != "cost.json":
                kept.setdefault(path.name, set()).add(path.read_bytes())
    assert set(kept) == {"trace.npz", "samples.npz", "parameters.npz", "spec.json"}
    assert all(len(versions) == 1 for versions in kept.values())


BAD = [
    (["train", CELL, *SMOKE], "results/data/ring.npz"),
    (["train", "no/such/cell"], "no/such/cell"),
    (["data", "torus"], "torus"),
    (["figure", "pie"], "pie"),
    (["figure", "data"], "results/tables"),
    (["evaluate", CELL, *SMOKE], "spec.json"),
    (["cells", "--configfile", "none.yaml"], "none.yaml"),
    (["collect", "training", *SMOKE], "spec.json"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD, ids=lambda v: " ".join(v)[:40])
def test_what_is_missing_is_one_line(folder, capsys, arguments, named):
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert named in text
    assert text.startswith("approxgan: ")
    assert text.count("\n") == 1
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["train"], ["train", CELL, "--threads", "0"], ["data", "x", "--spec", "{"]],
)
def test_a_wrong_command_line_is_refused_by_the_parser(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_an_author_s_error_shows_that_file_s_lines_and_the_call(folder, monkeypatch, capsys):
    """Of all that is called on the way there, nothing."""
    assert main(["data", "ring", *SMOKE]) == 0
    monkeypatch.setattr("approxgan.estimators._directions.shared", None)
    assert main(["train", CELL, *SMOKE]) == 1
    *lines, last = capsys.readouterr().err.splitlines()
    assert "estimators/" in next(line for line in lines if line.startswith("  File "))
    assert not any("Traceback" in line or "/training/" in line for line in lines)
    said = r"approxgan: .*/estimators/_directions\.py: line \d+: TypeError\(.*, in approxgan train "
    assert re.fullmatch(said + re.escape(CELL), last)


def test_a_data_file_without_points_is_refused(folder, capsys):
    files.write_arrays(Path("results/data/ring.npz"), {"other": np.zeros((5, 2))})
    assert main(["train", CELL, *SMOKE]) == 2
    assert "training" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, "10/10"), (io.StringIO, "step 10 of 10")])
def test_a_person_gets_a_bar_and_a_log_gets_lines(monkeypatch, stream, shown):
    written = stream()
    monkeypatch.setattr("sys.stderr", written)
    progress = Progress(10, "work")
    for step in range(11):
        progress.see(step, 3)
    progress.close()
    assert shown in written.getvalue()


def test_status_lists_what_is_not_in_the_config_and_removes_it_when_told(
    folder, capsys, monkeypatch
):
    runs = folder / "results" / "runs"
    gone = runs / CELL.replace("smoke", "older", 1)
    for cell, made in ((CELL, "spec.json"), (CELL.replace("spsa/", "spsa_/"), "checkpoint.npz")):
        (runs / cell).mkdir(parents=True)
        (runs / cell / made).write_text("{}")
    gone.mkdir(parents=True)
    (gone / "spec.json").write_text("{}")
    assert main(["status", *SMOKE]) == 0
    printed = capsys.readouterr().out
    assert "1 of " in printed
    assert str(gone.relative_to(runs)) in printed
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["status", "--remove", *SMOKE]) == 2
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert main(["status", "--remove", *SMOKE]) == 0
    assert gone.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["status", "--remove", *SMOKE]) == 0
    assert not (runs / "older").exists()
    assert (runs / CELL / "spec.json").exists()
    assert "removed 2 folders" in capsys.readouterr().out


def test_of_a_tuning_that_has_chosen_no_try_is_missing(folder, capsys):
    """Its tries may have been removed: nothing trains them again."""
    assert main(["status", *SMOKE]) == 0
    before = capsys.readouterr().out
    chosen = folder / "results" / "tuning" / f"{TUNING}.json"
    chosen.parent.mkdir(parents=True)
    chosen.write_text("{}")
    assert main(["status", *SMOKE]) == 0
    total, missing = map(int, re.findall(r"\d+", before)[1:3])
    assert total == missing
    after = capsys.readouterr().out
    assert after == f"2 of {total} cells are trained, {missing - 2} are not\n"


def test_a_cell_that_is_being_trained_is_not_removed(folder, capsys):
    training = folder / "results" / "runs" / CELL.replace("smoke", "older", 1)
    Writer(training)
    (training / "checkpoint.npz").touch()
    assert main(["status", "--remove", "--yes", *SMOKE]) == 0
    assert f"being trained: {CELL.replace('smoke', 'older', 1)}" in capsys.readouterr().out
    assert training.exists()


def test_results_are_judged_by_the_config_they_were_made_with(folder, capsys):
    """Here config.yaml and an overlay, as the workflow writes them down."""
    names = ["config.yaml", "studies/smoke.yaml"]
    config = load.config([Path(name) for name in names])
    files.write_json(Path("results/config.json"), {"files": names, "config": config})
    run = folder / "results" / "runs" / CELL
    run.mkdir(parents=True)
    (run / "spec.json").write_text("{}")
    assert main(["status", "--remove", "--yes"]) == 0
    caught = capsys.readouterr()
    assert caught.out.startswith("1 of ")
    assert caught.err == "config: results/config.json, from config.yaml + studies/smoke.yaml\n"
    assert run.exists()
    (folder / "studies" / "smoke.yaml").write_text("training: {steps: 70}\n")
    assert main(["cells"]) == 0
    caught = capsys.readouterr()
    assert CELL in caught.out.splitlines()
    assert "differs from these files now" in caught.err
    assert main(["cells", "--configfile", "config.yaml"]) == 0
    assert CELL not in capsys.readouterr().out.splitlines()


def test_the_doctor_finds_this_environment_as_it_should_be(folder, capsys, monkeypatch):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "ok  torch: " in printed
    assert "compiled code" in printed
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    assert main(["doctor"]) == 2
    caught = capsys.readouterr()
    assert "!! " in caught.out
    assert "torch" in caught.err


@pytest.mark.parametrize("given", ["null", "[1]", "3", "'a'", "{", "@none.json", "@.", ""])
def test_a_spec_that_is_no_map_is_refused(folder, capsys, given):
    with pytest.raises(SystemExit) as ended:
        main(["dirac", "exact", "--spec", given])
    assert ended.value.code == 2
    assert "error: argument --spec" in capsys.readouterr().err


STAGES = {
    "data": ["ring"], "train": [CELL], "tune": [TUNING], "points": ["ring/compact/nonsaturating"],
    "describe": ["ring/compact/nonsaturating"], "probe": ["ring/compact/nonsaturating", "exact"],
    "dirac": ["exact"], "collect": ["data"], "comparisons": [], "figure": ["dirac"],
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_a_spec_that_lacks_what_a_stage_needs_is_one_line(folder, capsys, stage):
    assert main([stage, *STAGES[stage], "--spec", "{}"]) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("approxgan: ")
    assert said.count("\n") == 1


def test_a_long_spec_is_read_from_a_file(folder, capsys):
    points = {"kind": "ring", "points": 30, "count": 8, "radius": 2, "sigma": 0.1, "extra": "x"}
    (folder / "spec.json").write_text(json.dumps(points | {"extra": "ε" * 200_000}), "utf-8")
    assert main(["data", "ring", "--spec", "@spec.json"]) == 2
    assert "unknown setting 'extra'" in capsys.readouterr().err
    points.pop("extra")
    (folder / "spec.json").write_text(json.dumps(points))
    assert main(["data", "ring", "--spec", "@spec.json"]) == 0


def test_words_that_are_no_numbers_or_folders_are_refused(folder):
    for wrong in (["--threads", "٣"], ["--results", ""]):
        with pytest.raises(SystemExit):
            main(["data", "ring", *wrong])


def test_an_ascii_locale_reads_and_says_everything(folder):
    """The default config holds ε and ∛."""
    (folder / "ü.yaml").write_text("studies: {ε: 1}\n", "utf-8")
    ascii_only = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for arguments, status in (["list"], 0), (["cells", "--configfile", "ü.yaml"], 2):
        done = subprocess.run(
            [sys.executable, "-m", "approxgan", *arguments],
            env=ascii_only, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        assert b"Traceback" not in done.stderr


def test_a_data_file_may_have_any_name(folder):
    """The workflow hands paths to jobs inside their quoted specs."""
    name = "pts {a} 'b\" $(c) é.csv"
    np.savetxt(folder / name, np.random.default_rng(0).normal(size=(60, 2)), delimiter=",")
    mine = {"kind": "file", "points": 40, "path": name, "held_out": 0.3}
    (folder / "mine.yaml").write_text(json.dumps({"datasets": {"mine": mine}}), "utf-8")
    assert main(["data", "mine", "--configfile", "mine.yaml"]) == 0
    assert (folder / "results" / "data" / "mine.npz").is_file()


@pytest.mark.parametrize("asked", [None, "2"])
def test_a_command_has_one_thread_unless_the_user_says_more(asked):
    told = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    told |= {"OMP_NUM_THREADS": asked} if asked else {}
    code = "from approxgan.cli.parser import main; main(['list', 'losses']); import torch; "
    code += "print(torch.get_num_threads())"
    told = subprocess.check_output([sys.executable, "-c", code], env=told, text=True)
    assert told.splitlines()[-1] == (asked or "1")


@pytest.mark.parametrize(("overlay", "said"), [(None, "no such file"), ("a: [", "line 2")])
def test_make_says_in_one_line_what_is_wrong_with_an_overlay(tmp_path, overlay, said):
    """Snakemake would say it with a traceback, or without the line."""
    path = tmp_path / "mine.yaml"
    if overlay:
        path.write_text(overlay)
    asked = ["READY=", f"BIN={Path(sys.executable).parent}", f"CONFIG={path}"]
    done = subprocess.run(
        ["make", "reproduce", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make"))
    assert done.returncode != 0
    assert line.startswith(f"approxgan: {path}: ")
    assert said in line
