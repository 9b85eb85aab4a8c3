"""A stopped training job goes on where it was, and ends in the same bytes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from worlds import ROOT
from worlds.kills import SIGNALS, kills

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import specs
from approxgan.storage import files
from approxgan.training import stage as run

SMOKE = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
RING = "smoke/ring/compact/nonsaturating"
CELLS = [
    f"{RING}/exact/none/seeds0-2",
    f"{RING}/spsa/dtype_directions2/seeds0-2",
    f"{RING}/forward_difference/adaptive/seeds0-2",
    f"{RING}/stale_coordinates/epsilon1e-3_coordinates20/seeds0-2",
    f"{RING}/exact+forward_difference/none+epsilon1e-3/seeds0-2",
    f"{RING}/spsa+exact/epsilon1e-1_output_directions2_fresh+none/seeds0-2",
    f"{RING}/gradient_sampling/epsilon1e-3_minimum_norm_points3/seeds0-2",
    "smoke_best.tune/ring/compact/nonsaturating/spsa/epsilon1e-3_directions4/seeds1000-1001",
    "smoke_bfloat16/ring/relu/nonsaturating/subgradient/alpha0/seeds0-2",
]
MADE = ("trace.npz", "samples.npz", "parameters.npz", "spec.json")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    os.chdir(ROOT)
    assert main(["data", "ring", "--results", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def whole(results, tmp_path_factory):
    """What the first cell ends in when nothing stops it."""
    folder = tmp_path_factory.mktemp("whole")
    run.run(specs.train(SMOKE, CELLS[0]), results, folder)
    return digests(folder)


def digests(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in MADE}


class Stopped(Exception):
    pass


def stopping(monkeypatch, at):
    """Training stops like a killed process after the checkpoint of step ``at``."""
    write = run.Checkpoint.write

    def wrapped(self, state, diverged):
        write(self, state, diverged)
        if state.step == at:
            raise Stopped

    monkeypatch.setattr(run.Checkpoint, "write", wrapped)


@pytest.mark.parametrize("cell", CELLS)
def test_a_job_goes_on_bit_for_bit(cell, results, tmp_path, monkeypatch, capsys):
    spec = specs.train(SMOKE, cell)
    run.run(spec, results, tmp_path / "whole")
    for at in (1, 20, 37):
        with monkeypatch.context() as patch:
            stopping(patch, at)
            with pytest.raises(Stopped):
                run.run(spec, results, tmp_path / "parts", checkpoint_seconds=0.0)
        assert not (tmp_path / "parts" / "trace.npz").exists()
    run.run(spec, results, tmp_path / "parts")
    assert "going on from the checkpoint at step 37" in capsys.readouterr().err
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")
    assert not (tmp_path / "parts" / "checkpoint.npz").exists()


def cut(arrays):
    arrays["discriminator.first"] = arrays["discriminator.first"][:, :-1]


def fewer_seeds(arrays):
    arrays["generator.theta"] = arrays["generator.theta"][:1]


def a_text(arrays):
    arrays["generator.second"] = np.array(["what", "is", "this"])


def no_draws(arrays):
    about = json.loads(str(arrays["about"]))
    del about["draws"]
    arrays["about"] = np.array(json.dumps(about))


def fewer_rows(arrays):
    arrays["trace.step"] = arrays["trace.step"][:-1]


TAMPERED = {
    "no θ": lambda arrays: arrays.pop("generator.theta"),
    "a shorter moment": cut,
    "fewer seeds": fewer_seeds,
    "a text": a_text,
    "no draws": no_draws,
    "fewer rows of the trace": fewer_rows,
    "no samples": lambda arrays: arrays.pop("shots.samples"),
}


@pytest.mark.parametrize("tamper", TAMPERED)
def test_a_checkpoint_of_another_form_is_said_and_not_used(
    tamper, results, whole, tmp_path, monkeypatch, capsys
):
    spec, out = specs.train(SMOKE, CELLS[0]), tmp_path / "parts"
    with monkeypatch.context() as patch:
        stopping(patch, 20)
        with pytest.raises(Stopped):
            run.run(spec, results, out, checkpoint_seconds=0.0)
    arrays = dict(files.read_arrays(out / "checkpoint.npz"))
    TAMPERED[tamper](arrays)
    files.write_arrays(out / "checkpoint.npz", arrays)
    capsys.readouterr()
    run.run(spec, results, out)
    said = capsys.readouterr().err
    assert re.search(r"^checkpoint not used: \S*checkpoint\.npz: ", said, re.MULTILINE), said
    assert "going on" not in said
    assert digests(out) == whole


def test_a_seed_that_diverged_before_the_stop_stays_diverged(results, tmp_path, monkeypatch):
    spec = json.loads(json.dumps(specs.train(SMOKE, CELLS[0])))
    # A threshold that one seed's loss passes early and the others' do not.
    trace = tmp_path / "look"
    run.run(spec, results, trace)
    losses = np.sort(files.read_arrays(trace / "trace.npz")["discriminator_loss"][:3].max(0))
    spec["training"]["divergence_threshold"] = float(losses[-2:].mean())
    run.run(spec, results, tmp_path / "whole")
    ended = files.read_arrays(tmp_path / "whole" / "trace.npz")["diverged_step"]
    assert (ended >= 0).any()
    assert (ended < 0).any()
    with monkeypatch.context() as patch:
        stopping(patch, 45)
        with pytest.raises(Stopped):
            run.run(spec, results, tmp_path / "parts", checkpoint_seconds=0.0)
    run.run(spec, results, tmp_path / "parts")
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")


def test_a_checkpoint_of_other_data_is_said_and_not_used(results, tmp_path, monkeypatch, capsys):
    """Also where the data were replaced while the job ran."""
    spec, place = specs.train(SMOKE, CELLS[0]), tmp_path / "data" / "ring.npz"
    shutil.copytree(results / "data", tmp_path / "data")
    arrays = dict(files.read_arrays(place))
    with monkeypatch.context() as patch:
        stopping(patch, 20)
        started = run.Checkpoint.between

        def replaced(self, state, diverged):
            files.write_arrays(place, {**arrays, "training": arrays["training"] + 1})
            started(self, state, diverged)

        patch.setattr(run.Checkpoint, "between", replaced)
        with pytest.raises(Stopped):
            run.run(spec, tmp_path, tmp_path / "parts", checkpoint_seconds=0.0)
    run.run(spec, tmp_path, tmp_path / "parts")
    assert "is of another config, input, code or library" in capsys.readouterr().err
    run.run(spec, tmp_path, tmp_path / "whole")
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["config", "truncated", "empty", "not ours"])
def test_a_checkpoint_that_does_not_fit_is_left_out_and_said(
    damage, results, whole, tmp_path, monkeypatch, capsys
):
    spec = json.loads(json.dumps(specs.train(SMOKE, CELLS[0])))
    with monkeypatch.context() as patch:
        stopping(patch, 30)
        with pytest.raises(Stopped):
            run.run(spec, results, tmp_path / "parts", checkpoint_seconds=0.0)
    path = tmp_path / "parts" / "checkpoint.npz"
    if damage == "config":
        spec["training"]["learning_rate"] *= 2
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        files.write_arrays(path, {"other": np.zeros(3)})
    run.run(spec, results, tmp_path / "parts")
    assert "checkpoint not used" in capsys.readouterr().err
    if damage == "config":
        run.run(spec, results, tmp_path / "whole")
        whole = digests(tmp_path / "whole")
    assert digests(tmp_path / "parts") == whole


@pytest.mark.slow
def test_a_job_killed_at_random_moments_ends_in_the_same_bytes(results, tmp_path):
    """SIGINT, SIGTERM and SIGKILL in turn, each between the first steps and the end."""
    cell = f"{RING}/forward_difference/epsilon1e-3/seeds0-2"
    spec = json.loads(json.dumps(specs.train(SMOKE, cell)))
    spec["training"]["steps"] = 1000
    handed = json.dumps(spec)
    chance, killed, wanted_kills = random.Random(0), 0, kills(3)
    for name in ("whole", "parts"):
        shutil.copytree(results / "data", tmp_path / name / "data")

    def started(name, *more):
        command = [sys.executable, "-m", "approxgan", "train", cell, "--spec", handed]
        return subprocess.Popen(
            [*command, "--results", str(tmp_path / name), *more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def folder(name):
        return tmp_path / name / "runs" / cell

    begun = time.monotonic()
    assert started("whole").wait() == 0
    seconds = time.monotonic() - begun
    wanted = digests(folder("whole"))
    while killed < wanted_kills:
        job = started("parts", "--checkpoint-seconds", "0.05")
        try:
            assert job.wait(timeout=chance.uniform(0.2, 1.0) * seconds) == 0
        except subprocess.TimeoutExpired:
            job.send_signal(SIGNALS[killed % len(SIGNALS)])
            job.wait()
            killed += 1
        else:
            assert digests(folder("parts")) == wanted
            shutil.rmtree(folder("parts"))
    assert started("parts").wait() == 0
    assert digests(folder("parts")) == wanted
    assert {p.name for p in folder("parts").iterdir()} == {*MADE, "cost.json"}
