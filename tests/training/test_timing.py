"""Budgets in seconds: a step is timed once, and the kept figure decides from then on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.design import specs
from approxgan.design.cells import build_dataset
from approxgan.storage import arrays, files, provenance
from approxgan.training import stage as run
from approxgan.training import timing
from approxgan.training.loop import init
from approxgan.training.setup import Settings, game_of, methods

SMOKE = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
RING = "smoke/ring/compact/nonsaturating"
BLIND = "smoke_blind/counted/counter/nonsaturating"
EXACT, SPSA = f"{RING}/exact/none/seeds0-2", f"{RING}/spsa/dtype_directions2/seeds0-2"
ADAPTIVE = f"{RING}/forward_difference/adaptive/seeds0-2"
STALE = f"{RING}/stale_coordinates/epsilon1e-3_coordinates20/seeds0-2"
MADE = ("trace.npz", "samples.npz", "parameters.npz", "spec.json")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    os.chdir(ROOT)
    assert main(["data", "ring", "--results", str(folder)]) == 0
    return folder


@pytest.fixture
def data(results):
    return arrays.data(results / "data" / "ring.npz")["training"]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty one."""
    monkeypatch.setattr(timing, "LONGEST", 0.2)
    monkeypatch.setattr(timing.cost, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def spec_of(cell, seconds=1.0, **training):
    spec = json.loads(json.dumps(specs.train(SMOKE, cell)))
    del spec["training"]["steps"]
    spec["training"] |= {"seconds": seconds, "stacked": 3, **training}
    return spec


def keep(spec, data, first, each):
    path = timing.kept_at(spec, data.shape, 1)
    files.write_json(path, {"first": first, "each": each})
    return path


def never(*_):
    raise AssertionError("timed again")


def digests(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in MADE}


def test_a_run_made_again_reads_what_was_kept_and_has_the_same_bytes(
    results, data, tmp_path, monkeypatch, capsys
):
    spec = spec_of(EXACT, 0.05)
    run.run(spec, results, tmp_path / "first")
    kept = files.read_json(timing.kept_at(spec, data.shape, 1))
    steps = files.read_json(tmp_path / "first" / "spec.json")["chosen"]["steps"]
    assert steps == int(0.05 / kept["each"])
    assert f"0.05 seconds a seed pay for {steps} steps of " in capsys.readouterr().err
    monkeypatch.setattr(timing, "timed", never)
    run.run(spec, results, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(tmp_path / "first")


@pytest.mark.parametrize("cell", [EXACT, SPSA, ADAPTIVE, STALE])
def test_steps_are_in_inverse_proportion_to_what_a_step_takes(cell, data):
    """A step at which ε is chosen, or the first, takes what ten others do."""
    every, counts = timing.cycle(methods(spec_of(cell))), []
    for each in (1e-3, 2e-3):
        spec = spec_of(cell, 60.0)
        first = each if every == 1 else 10 * each
        keep(spec, data, first, each)
        count = timing.affordable(spec, data, 1)
        dear = -(-count // every) if every > 1 else 0
        spent = each * (count + 9 * dear)
        assert spent <= 60.0 + first + each
        assert spent >= 60.0 - first - each
        counts.append(count)
    assert counts[0] == pytest.approx(2 * counts[1], rel=1e-3)


def test_what_decides_the_time_of_a_step_has_a_figure_of_its_own(data, monkeypatch):
    def at(cell=EXACT, threads=1, points=data.shape, **changes):
        return timing.kept_at({**spec_of(cell), **changes}, points, threads)

    def trained(**changes):
        return timing.kept_at(spec_of(EXACT, **changes), data.shape, 1)

    own = at()
    alike = [at(seeds=[7, 8]), at(dataset="other"), at(study="other"), trained(learning_rate=0.5)]
    assert {*alike, trained(seconds=9.0)} == {own}
    loss = {**spec_of(EXACT)["definitions"], "loss": {"kind": "hinge"}}
    apart = [at(SPSA), at(threads=2), at(points=(9, 2)), at(definitions=loss), trained(stacked=4),
             trained(batch=8), trained(dtype="float64"), trained(instance_noise=0.1)]  # fmt: skip
    monkeypatch.setattr(provenance, "processor", lambda: "another")
    assert len({own, *apart, at()}) == len(apart) + 2


@pytest.mark.parametrize(("cell", "expected"), [(EXACT, (1.0, 1.0)), (ADAPTIVE, (5.0, 1.0))])
def test_the_lowest_mean_of_stretches_counts_for_each_seed(cell, expected, data, monkeypatch):
    clock, made, every = [0.0], timing.step, timing.cycle(methods(spec_of(cell)))

    def step(state, *rest):
        chooses = every > 1 and state.step % every == 0
        clock[0] += 900.0 if state.step == 37 else 15.0 if chooses else 2.0 + 2 * (state.step % 2)
        return made(state, *rest)

    monkeypatch.setattr(timing, "MOST", 100)
    monkeypatch.setattr(timing, "LONGEST", 100.0)
    monkeypatch.setattr(timing, "step", step)
    monkeypatch.setattr(timing.time, "process_time", lambda: clock[0])
    assert timing.timed(spec_of(cell), data, 1) == pytest.approx(expected, rel=0.05)


def test_of_two_jobs_that_time_at_once_the_first_one_decides_for_both(data, monkeypatch, cache):
    spec = spec_of(EXACT, 10.0)

    def timed(*_):
        keep(spec, data, 0.1, 0.1)  # the other job is done
        return 0.5, 0.5

    monkeypatch.setattr(timing, "timed", timed)
    assert timing.affordable(spec, data, 1) == 100
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("held", ['{"first": 0, "each": 0}\n', '{"each": 1}\n', "[1]\n", "{"])
def test_a_kept_file_without_seconds_is_one_line(held, data):
    spec = spec_of(EXACT)
    path = keep(spec, data, 1.0, 1.0)
    path.write_text(held)
    with pytest.raises(InputError, match=r"^\S*step-\S*json: [^\n]*remove [^\n]*$"):
        timing.affordable(spec, data, 1)


def homeless():
    raise RuntimeError("no home")


@pytest.mark.parametrize("folder", [lambda: Path("/dev/null/cache"), homeless])
def test_what_cannot_be_kept_is_one_line_with_what_is_accepted(folder, data, monkeypatch):
    monkeypatch.setattr(timing, "timed", lambda *_: (1.0, 1.0))
    monkeypatch.setattr(timing.cost, "cache_folder", folder)
    with pytest.raises(InputError, match=r"^budget: [^\n]*cannot be kept[^\n]*accepted: [^\n]*$"):
        timing.affordable(spec_of(EXACT), data, 1)


def test_too_few_seconds_are_one_line(results, data, tmp_path):
    spec = spec_of(EXACT, 0.5)
    keep(spec, data, 1.0, 1.0)
    with pytest.raises(InputError, match=r"^budget: 0\.5 seconds pay for 0 steps; accepted: "):
        run.run(spec, results, tmp_path / "run")


def test_a_run_that_goes_on_keeps_its_number_of_steps(results, data, tmp_path, monkeypatch):
    spec, write = spec_of(EXACT), run.Checkpoint.write
    keep(spec, data, 0.02, 0.02)
    run.run(spec, results, tmp_path / "whole")

    def stopped(self, state, diverged):
        write(self, state, diverged)
        if state.step == 20:
            raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(run.Checkpoint, "write", stopped)
        with pytest.raises(InterruptedError):
            run.run(spec, results, tmp_path / "parts", checkpoint_seconds=0.0)
    keep(spec, data, 0.01, 0.01)
    run.run(spec, results, tmp_path / "parts")
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")


@pytest.mark.parametrize(
    ("cell", "compiled"),
    [
        (f"{RING}/forward_difference/epsilon1e-3/seeds0-2", True),
        (EXACT, False),
        (f"{BLIND}/forward_difference+exact/epsilon1e0_fresh+none/seeds0-2", False),
    ],
)
def test_code_is_compiled_where_a_sweep_calls_it(cell, compiled, monkeypatch):
    spec, asked = specs.train(SMOKE, cell), []
    chosen = methods(spec)
    points = build_dataset(spec["definitions"]["dataset"]).training(50, np.random.default_rng(0))
    game, settings = game_of(spec, points.shape[1], 1), Settings.of(spec["training"])
    monkeypatch.setattr(timing, "warm_sweeps", lambda *given: asked.append(given))
    timing.warm(init(game, points, spec["seeds"], settings, chosen), game, chosen, settings)
    assert bool(asked) == compiled
