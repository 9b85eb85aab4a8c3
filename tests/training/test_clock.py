"""The clock counts training alone: no first compilation, and no time asleep as processor time."""

from __future__ import annotations

import json
import time

from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.core.protocols import PLAYERS
from approxgan.design import check, specs
from approxgan.storage import files
from approxgan.training import loop, stage
from approxgan.training.trace import Clock

SMOKE = check.checked(load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"]))
CELL = "smoke/ring/compact/nonsaturating/exact/none/seeds0-2"
FIRST = 0.5
"""Processor seconds that the first step compiles for."""


def test_the_log_tells_the_newest_losses_traced_or_not(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["data", "ring", "--results", str(tmp_path)]) == 0
    spec = json.loads(json.dumps(specs.train(SMOKE, CELL)))
    spec["training"] |= {"steps": 20, "trace_every": 4}
    stage.run(spec, tmp_path, tmp_path / "cell")
    lines = [line for line in capsys.readouterr().err.split("\n") if ": step " in line]
    assert len(lines) == 11
    kept = files.read_arrays(tmp_path / "cell" / "trace.npz")
    assert kept["step"].tolist() == [0, 4, 8, 12, 16]
    for line, row, step in ((lines[0], 0, 0), (lines[4], 2, 8)):
        means = [f"{who} {kept[f'{who}_loss'][row].mean():.4g}" for who in PLAYERS]
        assert line.endswith(f", 3 seeds training; losses at step {step}: {', '.join(means)}")
    told = [line.partition("losses at step ")[2].partition(":")[0] for line in lines]
    assert told == [str(step) for step in (*range(0, 20, 2), 19)]


def test_what_the_first_step_compiles_is_not_in_the_clock(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["data", "ring", "--results", str(tmp_path)]) == 0
    spec = json.loads(json.dumps(specs.train(SMOKE, CELL)))
    spec["training"]["steps"] = 3
    made = []

    def compiling(*arguments, step=loop.step):
        end = time.process_time() + (0.0 if made else FIRST)
        while time.process_time() < end:
            pass
        made.append(arguments[0].step)
        return step(*arguments)

    monkeypatch.setattr(loop, "step", compiling)
    stage.run(spec, tmp_path, tmp_path / "cell")
    cost = json.loads((tmp_path / "cell" / "cost.json").read_text())
    assert made == [0, 0, 1, 2]
    assert 0.0 < cost["cpu_seconds"] < FIRST
    assert cost["seconds"] > 0.0


def test_time_for_which_nothing_runs_is_wall_time_alone():
    clock = Clock()
    clock.start()
    time.sleep(0.3)
    clock.stop()
    assert clock.seconds >= 0.3
    assert clock.cpu_seconds < 0.1
