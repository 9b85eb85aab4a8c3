"""Simulators of other authors: their answers, their faults, and going on after one."""

from __future__ import annotations

import re
import sys
import time

import numpy as np
import pytest
import torch
import yaml
from worlds import ROOT

from approxgan.core.errors import InputError
from approxgan.datasets.simulated import Simulated
from approxgan.design import specs
from approxgan.generators.program import Program
from approxgan.storage import files
from approxgan.training import stage

FAKE = str(ROOT / "tests" / "worlds" / "program.py")
SETTINGS = {
    "format": "json", "start": [0.3, -0.2], "spread": 0.1, "draws": 2, "rows": 7, "workers": 2,
    "seconds": 20.0,
}  # fmt: skip
THETA = torch.tensor([[0.3, -0.2], [1.0, 0.5]], dtype=torch.float64)


def program(how="good", **changes):
    words = how.split()
    return Program(**{**SETTINGS, "command": [sys.executable, FAKE, *words], **changes})


def made(how="good", **changes):
    one = program(how, **changes)
    draws = torch.from_numpy(one.draw(np.random.default_rng(0), (2, 10), np.float64))
    return one.run(2, THETA, draws), draws


@pytest.mark.parametrize("form", ["json", "npy"])
def test_samples_are_the_programs_whatever_the_calls_and_copies(form):
    x, draws = made(format=form)
    u = draws[..., 0]
    logistic = THETA[:, :1] + THETA[:, 1:].exp() * ((u + 1e-9) / (1 - u + 1e-9)).log()
    torch.testing.assert_close(x[..., 0], logistic, rtol=1e-12, atol=1e-12)
    assert torch.equal(x[..., 1], (2 * x[..., 0]).floor() / 2)
    assert torch.equal(made(format=form, rows=100, workers=1)[0], x)


FAULTS = {
    "late": "it ended with status [13]: the tank is empty",
    "hang": r"no answer in 1 s; it was stopped",
    "nonsense": r"no JSON map with samples|no readable samples.npy",
    "text": r"no JSON map with samples, but 'ready!'|no readable samples.npy",
    "shape": r"its samples are float64 \[(1|7), 1\]; accepted: numbers \[7, 2\]",
    "nan": "1 of its numbers are not finite",
}


@pytest.mark.parametrize("form", ["json", "npy"])
@pytest.mark.parametrize("how", FAULTS)
def test_a_program_that_fails_hangs_or_talks_nonsense_is_one_line_that_names_the_call(how, form):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        made(how, format=form, seconds=1.0 if how == "hang" else 20.0)
    assert time.monotonic() - started < 15.0
    said = str(caught.value)
    assert "\n" not in said
    place = rf"program .*program.py {how}: call 1 of 3, of 7 samples, the first at parameters \[0.3"
    assert re.search(f"{place}.*: .*({FAULTS[how]})", said), said


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": []}, {"command": ["no-such-program"]}, {"command": "python"}, {"start": []},
        {"seconds": 0.0}, {"format": "csv"}, {"truth_at": [1.0]}, {"workers": 0},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match="accepted"):
        program(**wrong)


def test_a_run_goes_on_after_the_programs_fault(tmp_path, capsys, monkeypatch):
    flag = tmp_path / "filled"
    one = {
        "kind": "program", "command": [sys.executable, FAKE, "later", str(tmp_path)], **SETTINGS,
        "truth_at": [0.0, 0.0], "rows": 1000, "workers": 1,
    }  # fmt: skip
    spec = specs_of(one)
    data = Simulated(program(truth_at=[0.0, 0.0], rows=1000), 2)
    points = data.sample(50, np.random.default_rng(0))
    files.write_arrays(tmp_path / "data" / "mine.npz", {"training": points, "true": points})
    monkeypatch.setattr(stage, "warm", lambda *_: None)
    with pytest.raises(InputError, match="the tank is empty"):
        stage.run(spec, tmp_path, tmp_path / "run", checkpoint_seconds=0.0)
    flag.touch()
    stage.run(spec, tmp_path, tmp_path / "run", checkpoint_seconds=0.0)
    said = capsys.readouterr().err
    assert "going on from the checkpoint at step" in said, said
    stage.run(spec, tmp_path, tmp_path / "whole")
    for name in ("trace.npz", "samples.npz", "parameters.npz"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def specs_of(generator):
    """Of a training with that generator."""
    config = specs_config()
    config["datasets"] = {"mine": {"kind": "simulated", "points": 50, "columns": 2,
                                   "generator": generator}}  # fmt: skip
    config["models"] = {"own": {"kind": "dense", "generator": generator, "discriminator": [4],
                                "activation": "tanh"}}  # fmt: skip
    entry = {"generator": {"mode": "spsa", "epsilon": 0.1, "directions": 1},
             "discriminator": {"mode": "exact"}}  # fmt: skip
    place = {"datasets": ["mine"], "models": ["own"], "losses": ["nonsaturating"]}
    config["studies"] = [{"name": "s", **place, "modes": [entry]}]
    return specs.train(config, "s/mine/own/nonsaturating/spsa+exact/"
                       "epsilon1e-1_directions1+none/seeds0-1")  # fmt: skip


def specs_config():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["seeds"] = {"first": 0, "count": 2, "block": 2}
    config["training"] |= {"steps": 6, "batch": 8, "samples": 10, "snapshots": 1, "trace_every": 3}
    return config
