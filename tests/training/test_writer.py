"""Two processes that train one cell: the one that began last writes, the other one ends."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path

import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.design import specs
from approxgan.design.paths import SPEC, WRITER
from approxgan.storage import files
from approxgan.training import stage as run
from approxgan.training.ownership import (
    Superseded,
    Writer,
    is_training,
    wait_for_successor,
)

SMOKE = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
CELL = "smoke/ring/compact/nonsaturating/exact/none/seeds0-2"
MADE = ("trace.npz", "samples.npz", "parameters.npz", "spec.json")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["data", "ring", "--results", str(folder)]) == 0
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_successor_ends_the_right_to_write(tmp_path):
    first = Writer(tmp_path)
    first.check()
    second = Writer(tmp_path)
    with pytest.raises(Superseded):
        first.check()
    second.check()
    second.end()
    with pytest.raises(Superseded):
        first.check()


def test_what_a_successor_writes_is_not_swept_away(tmp_path):
    first, second = Writer(tmp_path), Writer(tmp_path)
    (tmp_path / ".trace.npz.abc.part").touch()
    first.end()
    assert names(tmp_path) == {".writer", ".trace.npz.abc.part"}
    second.end()
    assert not names(tmp_path)


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_training_stops_at_its_next_checkpoint_or_before_it_writes(
    seconds, results, tmp_path, monkeypatch
):
    spec, out = specs.train(SMOKE, CELL), tmp_path / "cell"
    step = run.Checkpoint.between
    reached = []

    def between(self, state, diverged):
        reached.append(state.step)
        if state.step == 20:
            Writer(out)
        step(self, state, diverged)

    with monkeypatch.context() as patch:
        patch.setattr(run.Checkpoint, "between", between)
        with pytest.raises(Superseded):
            run.run(spec, results, out, checkpoint_seconds=seconds)
    assert reached[-1] == (20 if seconds == 0 else spec["training"]["steps"])
    assert names(out) == {".writer"} | ({"checkpoint.npz"} if seconds == 0 else set())
    run.run(spec, results, out)
    run.run(spec, results, tmp_path / "alone")
    assert names(out) == {*MADE, "cost.json"}
    for name in MADE:
        assert (out / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_a_predecessor_waits_for_the_whole_run(results, tmp_path, monkeypatch, capsys):
    """It must not fail: its Snakemake would remove what the successor has made."""
    monkeypatch.chdir(ROOT)
    arguments = ["train", CELL, "--results", str(results), "--configfile", "studies/smoke.yaml"]
    out = results / "runs" / CELL
    spec = specs.train(SMOKE, CELL)
    step = run.Checkpoint.between
    successors = []

    def between(self, state, diverged):
        if state.step == 20 and not successors:
            successors.append(threading.Thread(target=run.run, args=(spec, results, out)))
            Writer(out)
            successors[0].start()
        step(self, state, diverged)

    monkeypatch.setattr(run.Checkpoint, "between", between)
    assert main([*arguments, "--checkpoint-seconds", "0"]) == 0
    successors[0].join()
    assert "another process has begun to train this cell" in capsys.readouterr().out
    assert names(out) == {*MADE, "cost.json"}


@pytest.mark.parametrize("host", [socket.gethostname(), "another machine"])
def test_a_successor_that_died_is_not_waited_for(tmp_path, host):
    """Here its process is gone; of another machine nothing is heard."""
    (tmp_path / WRITER).write_text(f"{host} {2**22 + 1} abc\n")
    with pytest.raises(InputError, match="died, or wrote nothing for 0 s; train it"):
        wait_for_successor(tmp_path, {}, patience=0.0, pause=0.01)
    assert not is_training(tmp_path, patience=0.0)


def test_a_folder_that_was_removed_is_said_at_once(tmp_path):
    writer = Writer(tmp_path / "cell")
    assert is_training(tmp_path / "cell")
    shutil.rmtree(tmp_path / "cell")
    with pytest.raises(Superseded):
        writer.check()
    with pytest.raises(InputError, match="was removed while this cell was trained"):
        wait_for_successor(tmp_path / "cell", {})


def test_a_successor_of_another_config_has_not_made_this_cell(tmp_path):
    told = {"seeds": (0, 1), "training": {"steps": 6000}, "chosen": {}}
    # It has counted the steps of a budget.
    files.write_json(tmp_path / SPEC, {**told, "filled": {}, "chosen": {"steps": 50}})
    wait_for_successor(tmp_path, told)
    with pytest.raises(InputError, match="with another config"):
        wait_for_successor(tmp_path, {**told, "training": {"steps": 3000}})
