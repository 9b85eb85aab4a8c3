"""What a config will take: evaluations as the estimators count them, and all jobs counted."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from worlds import ROOT
from worlds.estimates import BUILT, MODES, epsilon_of, linear
from worlds.variants import EXAMPLE

from approxgan.cli import plan
from approxgan.config import load, registry
from approxgan.design import cells, cost, specs
from approxgan.objective.black_box import objective
from approxgan.storage import tables
from approxgan.training.streams import SeedStreams, generator

DEFAULT = load.config([ROOT / "config.yaml"])
SPEC = cells.spec(DEFAULT, next(iter(cells.cells(DEFAULT).values())))
DIFFERENCE = {"mode": "forward_difference", "epsilon": 1e-3, "settings": {}, "match": None}


@pytest.fixture(autouse=True)
def stated(monkeypatch):
    """The stated speeds, whatever this machine has measured."""
    monkeypatch.setattr(cost, "speeds", lambda: cost.SPEEDS)


def changed(choice=None, definitions=None, **training):
    """The spec of the default's first cell, with other values."""
    spec = copy.deepcopy(SPEC)
    spec["training"] |= training
    spec["definitions"]["rules"] = DEFAULT["epsilon_rules"]
    for family, settings in (definitions or {}).items():
        spec["definitions"][family] |= settings
    for player in ("generator", "discriminator") if choice else ():
        spec[player] = choice
    return spec


def directions(count):
    settings = {"directions": count, "distribution": "gaussian", "sides": 1}
    return {"mode": "random_direction", "epsilon": 1e-3, "settings": settings, "match": None}


# A plain callable does not show its kinks to subgradient, which differentiates once like exact.
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "subgradient"])
def test_evaluations_are_those_that_the_estimators_count(mode):
    """Within what one value, or the second half of a Jacobian-vector product, makes out."""
    dimension, built = 20, BUILT[mode]
    f = objective(linear, how="batched")
    theta = torch.zeros((1, dimension), dtype=torch.float64)
    rng = SeedStreams([generator(0, "direction")], torch.float64)
    made = built.estimate(f, theta, eps=epsilon_of(built), rng=rng)
    if hasattr(built, "refresh"):  # its first estimate is made once
        made = built.refresh(made.grad, f, theta, eps=epsilon_of(built), rng=rng)
    found = cost.work({"mode": mode, "settings": EXAMPLE["modes"].get(mode, {})})
    counted = found.values + found.sweeps * dimension + 2 * found.gradients
    spent = made.forwards + made.backwards
    assert counted == pytest.approx(spent, abs=3, rel=0.35), (found, made.forwards, made.backwards)
    assert bool(found.gradients) == built.differentiates


def test_a_matched_control_takes_what_it_is_matched_with_too():
    alone = cost.work({"mode": "noisy_exact", "settings": {}, "match": None})
    both = cost.work({"mode": "noisy_exact", "settings": {}, "match": DIFFERENCE})
    assert both == (*alone[:2], alone.sweeps + 1)


def test_an_estimator_that_states_nothing_is_taken_for_the_dearest(monkeypatch):
    silent = registry.Description("Silent.", (), (), (), {"takes_epsilon": True})
    monkeypatch.setattr(registry, "describe", lambda family, name: silent)
    assert cost.work({"mode": "mine", "settings": {}}).sweeps == 2.0


def test_sizes_are_those_of_the_model():
    networks = {
        n: one for n, one in DEFAULT["models"].items() if isinstance(one["generator"], list)
    }
    for name, definition in networks.items():
        model = cells.build_model(definition)
        found = cost.places(changed(definitions={"model": definition}))
        for place, player in zip(found, ("discriminator", "generator"), strict=True):
            assert place.parameters == place.seeds * model.size(player, 2), name


GROWS = {
    "steps": ({"steps": 1000}, {"steps": 2000}),
    "batch": ({"batch": 64}, {"batch": 512}),
    "precision": ({"dtype": "float32"}, {"dtype": "float64"}),
    "directions": ({"choice": directions(8)}, {"choice": directions(64)}),
    "trace": ({"trace_every": 50}, {"trace_every": 1}),
    "differences": ({}, {"choice": DIFFERENCE}),
    "chosen steps": ({"choice": DIFFERENCE}, {"choice": {**DIFFERENCE, "epsilon": "adaptive"}}),
    "smooth activations": (
        {"choice": DIFFERENCE},
        {"choice": DIFFERENCE, "definitions": {"model": {"activation": "tanh"}}},
    ),
    "width": ({}, {"definitions": {"model": {"generator": [512, 512]}}}),
    "data columns": ({}, {"definitions": {"dataset": {"kind": "digits"}}}),
}
HELD = {
    "samples": ({"samples": 1000}, {"samples": 100_000}),
    "snapshots": ({"snapshots": 1}, {"snapshots": 100}),
    "trace": ({"trace_every": 50}, {"trace_every": 1}),
    "batch": ({"batch": 64}, {"batch": 1000}),
    "data": ({}, {"definitions": {"dataset": {"points": 10_000_000}}}),
    "width": ({}, {"definitions": {"model": {"discriminator": [4096, 4096]}}}),
    "copies": ({"choice": directions(8)}, {"choice": directions(32)}),
}


@pytest.mark.parametrize("case", GROWS)
def test_more_work_takes_longer(case):
    less, more = (cost.train(changed(**change)) for change in GROWS[case])
    assert more.seconds > less.seconds


@pytest.mark.parametrize("case", HELD)
def test_what_is_kept_takes_memory(case):
    less, more = (cost.train(changed(**change)) for change in HELD[case])
    assert more.memory_mb > less.memory_mb


def test_samples_take_the_memory_of_their_numbers():
    """[S, T, n, dim] float32 is held at least once, and lies on the disk once."""
    less, more = (cost.train(changed(samples=n)) for n in (1000, 2000))
    own = 4.0 * len(SPEC["seeds"]) * (SPEC["training"]["snapshots"] + 1) * 1000 * 2 / 2**20
    assert more.memory_mb - less.memory_mb >= own
    assert more.disk_mb - less.disk_mb == pytest.approx(own)


def test_absurd_sizes_are_estimated_at_once():
    for change in (
        {"steps": 10**12, "samples": 10**10},
        {"definitions": {"model": {"generator": [10**6] * 3, "latent": 10**18}}},
        {"definitions": {"dataset": {"points": 10**12}}},
        {"choice": directions(10**18)},
    ):
        found = cost.train(changed(**change))
        assert found.seconds > 1e6 or found.memory_mb > 1e6


def test_estimates_load_neither_torch_nor_pandas():
    code = (
        "import sys, approxgan.design.cost, approxgan.cli.plan\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_tables_are_those_that_are_collected():
    assert set(specs.GATHERED) == set(tables.COLUMNS) - set(tables.JUDGED)


@pytest.mark.parametrize("overlay", [None, "studies/smoke.yaml"])
def test_jobs_are_those_that_snakemake_plans(tmp_path, overlay):
    for name in ("Snakefile", "config.yaml", "workflow", "profiles", "studies"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    extra = ["--configfile", overlay] if overlay else []
    snakemake = Path(sys.executable).parent / "snakemake"
    done = subprocess.run(
        [snakemake, "-n", "--quiet", "rules", "--cores", "1", *extra],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    planned = dict(re.findall(r"^([a-z_]+) +(\d+)$", done.stdout + done.stderr, re.M))
    config = load.config([ROOT / name for name in ("config.yaml", *extra[1:])])
    counted: dict[str, int] = {"all": 1}
    for job in cost.jobs(config):
        counted[job.rule] = counted.get(job.rule, 0) + 1
    assert {k: int(v) for k, v in planned.items() if k != "total"} == counted


@pytest.mark.parametrize("kind", plan.TRIALS)
def test_speeds_are_found_again_from_steps_that_take_as_long(kind, monkeypatch):
    """Trials whose steps last what known speeds make of their evaluations."""
    monkeypatch.setattr(cost, "speeds", lambda: dict.fromkeys(cost.SPEEDS, (3e-4, 7e-11)))
    trials = plan.trials(DEFAULT, kind)
    found = plan._fitted(*((cost.stepping(one), *plan.counted(one, kind)) for one in trials))
    assert found == pytest.approx([3e-4, 7e-11])


def test_a_machine_is_measured_once(tmp_path, monkeypatch):
    """Trials of few steps; other speeds than the stated ones are used from then on."""
    monkeypatch.undo()
    path = tmp_path / "speeds.json"
    monkeypatch.setattr(cost, "kept_at", lambda: path)
    monkeypatch.setattr(
        plan, "TRIALS", {k: (m, s, 2, w) for k, (m, s, _, w) in plan.TRIALS.items()}
    )
    cost.speeds.cache_clear()
    try:
        assert str(path) in plan.prepare(DEFAULT)
        made = path.read_bytes()
        assert cost.speeds() == {k: tuple(v) for k, v in json.loads(made).items()}
        assert all(sum(speed) > 0 for speed in cost.speeds().values())
        monkeypatch.setattr(plan, "measure", lambda config: pytest.fail("measured again"))
        plan.prepare(DEFAULT)
        assert path.read_bytes() == made
        for damaged in (b"", b"{", b"[]", b'{"value": 3}', made.replace(b"0", b"-1"), b"\xff"):
            path.write_bytes(damaged)
            cost.speeds.cache_clear()
            assert cost.speeds() is cost.SPEEDS
    finally:
        cost.speeds.cache_clear()


def test_speeds_that_cannot_be_kept_are_said_to_be_stated_ones(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    monkeypatch.setattr(plan, "measure", lambda config: {})
    assert plan.prepare(DEFAULT).startswith("speeds: stated ones")


def test_what_is_trained_already_is_compared(tmp_path):
    assert plan.measured(DEFAULT, tmp_path) == ""
    for name, cell in list(cells.cells(DEFAULT).items())[:3]:
        path = tmp_path / "runs" / name / "cost.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"cpu_seconds": 2 * cost.stepping(cells.spec(DEFAULT, cell))}))
    assert "3 cells, whose steps took 2.00 times" in plan.measured(DEFAULT, tmp_path)


def test_the_table_adds_up():
    found = list(cost.jobs(DEFAULT))
    lines = plan.text(found).splitlines()
    counts = {
        line.split()[0]: int(line.split()[1])
        for line in lines[1:]
        if line[:1].isalpha() and ":" not in line
    }
    assert counts.pop("total") == sum(counts.values()) == len(found)


def test_durations_and_sizes_have_a_unit_that_suits():
    shown = [plan.scaled(s, plan.SECONDS) for s in (3, 600, 9000, 1e6)]
    assert shown == ["3 s", "10 min", "2.5 h", "11.6 days"]
    assert [plan.scaled(mb, plan.MEGABYTES) for mb in (350, 2048, 2**21)] == [
        "350 MB",
        "2 GB",
        "2 TB",
    ]
