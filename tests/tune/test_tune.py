"""A tuning trains its tries, once each, and chooses among them by scores on selection seeds."""

from __future__ import annotations

import copy
import json
import shutil
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from worlds import ROOT
from worlds.snapshots import RING, SEEDS, STEPS, training, true_snapshots

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import specs
from approxgan.design.paths import (
    CHECKPOINT,
    COST,
    PARAMETERS,
    SAMPLES,
    SPEC,
    TRACE,
    WRITER,
    Results,
)
from approxgan.evaluate import score
from approxgan.metrics.energy_distance import EnergyDistance
from approxgan.storage import files
from approxgan.training import ownership
from approxgan.training import stage as training_stage
from approxgan.tune import choice, stage

NAN = np.nan


def tries(**scores):
    """Tries of rates 1, 2, 3, ... by their scores, in this order."""
    return [({"rate": n}, np.array(found)) for n, found in enumerate(scores.values(), 1)]


@pytest.mark.parametrize(
    ("scores", "better", "chosen", "at_end"),
    [
        ({"a": [3.0, 3.0], "b": [1.0, 2.0], "c": [2.0, 2.0]}, "lower", 2, []),
        ({"a": [3.0, 3.0], "b": [1.0, 2.0], "c": [2.0, 2.0]}, "higher", 1, ["rate"]),
        # The median: one bad seed of three does not decide.
        ({"a": [1.0, 1.0, 90.0], "b": [2.0, 2.0, 2.0]}, "lower", 1, ["rate"]),
        # Runs that diverged are worse than any other.
        ({"a": [NAN, NAN, 0.0], "b": [9.0, 9.0, 9.0], "c": [9.5, 9.5, 9.5]}, "lower", 2, []),
        ({"a": [NAN, NAN, 9.0], "b": [0.0, 0.0, 0.0], "c": [-1.0, -1.0, -1.0]}, "higher", 2, []),
        # Of equal ones, and where all failed, the first.
        ({"a": [1.0], "b": [1.0]}, "lower", 1, ["rate"]),
        ({"a": [NAN], "b": [NAN]}, "lower", 1, ["rate"]),
    ],
)
def test_the_try_of_best_median_is_chosen(scores, better, chosen, at_end):
    found = choice.choose(tries(**scores), better)
    assert found["chosen"] == {"rate": chosen}
    assert found["at_end"] == at_end
    assert [one["failed"] for one in found["tries"]] == [
        int(np.isnan(each).sum()) for each in scores.values()
    ]


def test_tries_are_scored_at_their_ends_over_all_blocks(tmp_path):
    at, snapshots = Results(tmp_path), true_snapshots()
    made = {"points": 1000, **vars(RING)}
    defined = {"dataset": {"kind": "ring", **made}, "model": {"kind": "dense"}}
    files.write_arrays(at.data("ring"), {"training": training(), "true": training()})
    moved = {"a": (0.0, 3.0), "b": (0.0, 4.0), "c": (5.0, 1.0)}
    for cell, (first, last) in moved.items():
        shift = np.array([first, first, last], np.float32)[:, None, None]
        files.write_json(at.run(cell, SPEC), {"definitions": defined})
        drawn = {"steps": np.array(STEPS), "seeds": np.array(SEEDS), "samples": snapshots + shift}
        files.write_arrays(at.run(cell, SAMPLES), drawn)
    metrics = {"energy_distance": {}, "frechet": {}}
    spec = {
        "tries": [{"values": {"rate": 1}, "cells": {"a": {}, "b": {}}},
                  {"values": {"rate": 2}, "cells": {"c": {}}}],
        "dataset": "ring", "number": "energy_distance", "better": "lower",
        "quality": {"seed": 4, "metrics": metrics, "every_snapshot": []},
    }  # fmt: skip
    stage.decide(spec, at, at.tuning("t"))
    found = files.read_json(at.tuning("t"))
    assert found["chosen"] == {"rate": 2}
    own = {"energy_distance": EnergyDistance()}
    scores = {
        cell: score.run(snapshots[:, 2:] + np.float32(moved[cell][1]), STEPS[2:], SEEDS, RING, own,
                        training=training(), seed=4)["value"].to_numpy()
        for cell in moved
    }  # fmt: skip
    wanted = [np.median(np.concatenate([scores["a"], scores["b"]])), np.median(scores["c"])]
    assert [one["score"] for one in found["tries"]] == pytest.approx(wanted, rel=1e-12)
    assert [one["seeds"] for one in found["tries"]] == [4, 2]


SMOKE = ("--configfile", str(ROOT / "studies" / "smoke.yaml"))
TUNING = "smoke_best/ring/compact/nonsaturating/spsa/epsilon1e-3_tuned"
BYTES = (TRACE, SAMPLES, PARAMETERS, SPEC)


def told(*values, **training):
    """The tuning's spec with these directions tried; of the first, other keys of ``training``."""
    config = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
    (study,) = (one for one in config["studies"] if one["name"] == "smoke_best")
    study["modes"][1]["tune"]["directions"] = list(values)
    spec = copy.deepcopy(specs.tune(config, TUNING))
    for run in spec["tries"][0]["cells"].values():
        run["training"] |= training
    return spec


def names(spec):
    return [name for one in spec["tries"] for name in one["cells"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results with the tuning of 1 and 4 directions."""
    at = Results(tmp_path_factory.mktemp("results"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["data", "ring", *SMOKE, "--results", str(at.root)]) == 0
        assert main(["tune", TUNING, *SMOKE, "--results", str(at.root)]) == 0
    return at


@pytest.fixture
def at(made, tmp_path):
    """A copy of them."""
    shutil.copytree(made.root, tmp_path / "results")
    return Results(tmp_path / "results")


def trained(at, spec, monkeypatch):
    """The tries that a job of the tuning trains, in order."""
    found = []
    train = training_stage.run

    def run(cell, results, out, *given, **more):
        found.append(str(out.relative_to(at.runs)))
        train(cell, results, out, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(training_stage, "run", run)
        stage.run(spec, at, at.tuning(TUNING))
    return found


def test_tries_are_trained_as_by_jobs_of_their_own(made, tmp_path):
    spec = told(1, 4)
    shutil.copytree(made.root / "data", tmp_path / "data")
    for one in spec["tries"]:
        ((name, run),) = one["cells"].items()
        training_stage.run(run, tmp_path, tmp_path / "alone")
        for file in BYTES:
            assert made.run(name, file).read_bytes() == (tmp_path / "alone" / file).read_bytes()
        assert files.read_json(made.run(name, COST))["made_with"]["code"].startswith("training ")
    assert [one["values"] for one in files.read_json(made.tuning(TUNING))["tries"]] == [
        {"directions": 1}, {"directions": 4}
    ]  # fmt: skip


def test_a_value_added_trains_its_try_alone_and_a_value_removed_none(at, monkeypatch):
    more = told(2, 1, 4)
    assert trained(at, more, monkeypatch) == names(more)[:1]
    assert [one["values"]["directions"] for one in files.read_json(at.tuning(TUNING))["tries"]] == [
        2, 1, 4
    ]  # fmt: skip
    assert trained(at, told(1, 4), monkeypatch) == []
    assert at.run(names(more)[0], SPEC).exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def other_code(path):
    files.write_json(path, {**files.read_json(path), "key": "of other code"})


SPOILT = {
    "a file removed": (SAMPLES, lambda path: path.unlink()),
    "a file cut": (TRACE, cut),
    "other code": (COST, other_code),
    "no note of the code": (COST, lambda path: path.write_text("{}")),
    "killed before the spec was written": (SPEC, lambda path: path.unlink()),
    "killed before its checkpoint was removed": (CHECKPOINT, lambda path: path.write_text("x")),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_try_that_is_spoilt_is_trained_again_alone(case, at, made, monkeypatch):
    spec, (file, spoil) = told(1, 4), SPOILT[case]
    name = names(spec)[1]
    spoil(at.run(name, file))
    assert trained(at, spec, monkeypatch) == [name]
    assert not at.run(name, CHECKPOINT).exists()
    for file in BYTES:
        assert at.run(name, file).read_bytes() == made.run(name, file).read_bytes()


def test_other_training_trains_its_tries_and_other_data_all(at, monkeypatch):
    spec = told(1, 4, beta1=0.7)
    assert trained(at, spec, monkeypatch) == names(spec)[:1]
    files.write_arrays(at.data("ring"), files.read_arrays(at.data("ring")) | {"more": np.zeros(1)})
    assert trained(at, spec, monkeypatch) == names(spec)


class Stopped(Exception):
    pass


@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_tuning_goes_on_in_the_try_that_it_was_at(number, at, made, monkeypatch, capsys):
    spec = told(1, 4)
    shutil.rmtree(at.runs)
    write = training_stage.Checkpoint.write

    def stopping(self, state, diverged):
        write(self, state, diverged)
        if state.step == 20 and self.path == at.run(names(spec)[number], CHECKPOINT):
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(training_stage.Checkpoint, "write", stopping)
        with pytest.raises(Stopped) as caught:
            stage.run(spec, at, at.tuning(TUNING), checkpoint_seconds=0.0)
    assert caught.value.__notes__ == [f"in the try {names(spec)[number]}"]
    capsys.readouterr()
    assert trained(at, spec, monkeypatch) == names(spec)[number:]
    said = capsys.readouterr().err
    assert f"{number} of 2 tries are there\ntry 1 of {2 - number}: {names(spec)[number]}\n" in said
    assert said.count("going on from the checkpoint at step 20") == 1
    for name in names(spec):
        for file in BYTES:
            assert at.run(name, file).read_bytes() == made.run(name, file).read_bytes()
    assert at.tuning(TUNING).read_bytes() == made.tuning(TUNING).read_bytes()


def test_a_job_whose_successor_has_begun_trains_no_try_of_its_own_any_more(at, made, monkeypatch):
    """Else they would take the tries from each other in turn."""
    spec, begun, successors = told(1, 4), [], []
    first, second = (at.run(name) for name in names(spec))
    shutil.rmtree(at.runs)
    train, step = training_stage.run, training_stage.Checkpoint.between
    followed = threading.Event()

    def run(cell, results, out, *given, **more):
        begun.append((threading.current_thread() is threading.main_thread(), out))
        train(cell, results, out, *given, **more)

    def between(self, state, diverged):
        if state.step == 20 and not successors:
            job, mark = (spec, at, at.root / "other.json"), (first / WRITER).read_text()
            successors.append(threading.Thread(target=stage.run, args=job))
            successors[0].start()
            while (first / WRITER).read_text() == mark:
                time.sleep(0.01)
        if state.step == 20 and self.path.parent == second:
            followed.wait(10)
        step(self, state, diverged)

    def wait(folder, asked):
        if folder == second:
            followed.set()
        ownership.wait_for_successor(folder, asked, pause=0.01)

    def pause(seconds):
        end = time.monotonic() + 60.0
        while not (second / WRITER).exists() and time.monotonic() < end:
            time.sleep(0.01)

    monkeypatch.setattr(training_stage, "run", run)
    monkeypatch.setattr(training_stage.Checkpoint, "between", between)
    monkeypatch.setattr(training_stage, "wait_for_successor", wait)
    monkeypatch.setattr(stage, "time", SimpleNamespace(sleep=pause))
    stage.run(spec, at, at.tuning(TUNING), checkpoint_seconds=0.0)
    successors[0].join()
    assert begun == [(True, first), (False, first), (False, second)]
    assert at.tuning(TUNING).read_bytes() == made.tuning(TUNING).read_bytes()


def test_what_fails_in_a_try_is_one_line_that_names_it(at, capsys, monkeypatch):
    spec = told(1, 2, forward_equivalents=1.0)
    call = ["tune", TUNING, "--spec", json.dumps(spec), "--results", str(at.root)]
    assert main(call) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"approxgan: {names(spec)[0]}: budget: 1 forward-equivalents pay for")
    call[3] = json.dumps(told(1, 2))
    monkeypatch.setattr("approxgan.estimators._directions.shared", None)
    assert main(call) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(f", in approxgan tune {TUNING}, in the try {names(told(1, 2))[1]}")
