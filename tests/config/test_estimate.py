"""What a config will take: how the estimates grow, and that all jobs are counted."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import ROOT

from approxgan.cli import plan
from approxgan.config import estimate, estimate_games, estimate_steps, load, registry
from approxgan.config.estimate_modes import AT_ONCE, of_mode
from approxgan.design import cells
from approxgan.design.choices import Choice, Step
from approxgan.estimators import _directions
from approxgan.objective.sweep import _plan, batched
from approxgan.training import batches

DEFAULT = load.config([ROOT / "config.yaml"])
SPEC = cells.spec(DEFAULT, next(iter(cells.cells(DEFAULT).values())))
DIFFERENCE = {"mode": "forward_difference", "epsilon": 1e-3, "settings": {}, "match": None}


def changed(choice=None, definitions=None, **training):
    """The spec of the default's first cell, with other values."""
    spec = copy.deepcopy(SPEC)
    spec["training"] |= training
    for family, settings in (definitions or {}).items():
        spec["definitions"][family] |= settings
    for player in ("generator", "discriminator") if choice else ():
        spec[player] = choice
    return spec


def directions(count):
    settings = {"directions": count, "distribution": "gaussian", "sides": 1}
    return {"mode": "random_direction", "epsilon": 1e-3, "settings": settings, "match": None}


def test_work_adds_to_the_start_in_proportion():
    """Twice the steps, traced as often a step, take twice the seconds beyond what comes once."""
    once, twice, thrice = (estimate.training(changed(steps=1000 * n)).seconds for n in (1, 2, 3))
    assert thrice - twice == pytest.approx(twice - once)
    assert twice - once > 0


GROWS = {
    "steps": ({"steps": 1000}, {"steps": 2000}),
    "batch": ({"batch": 64}, {"batch": 512}),
    "precision": ({}, {"dtype": "float64"}),
    "directions": ({"choice": directions(8)}, {"choice": directions(64)}),
    "trace": ({"trace_every": 50}, {"trace_every": 1}),
    "differences": ({}, {"choice": DIFFERENCE}),
    "chosen steps": (
        {"choice": DIFFERENCE},
        {"choice": {**DIFFERENCE, "epsilon": "adaptive"}},
    ),
    "no compiled sweep": (
        {"choice": DIFFERENCE},
        {"choice": DIFFERENCE, "definitions": {"model": {"activation": "tanh"}}},
    ),
    "width": ({}, {"definitions": {"model": {"generator": [512, 512]}}}),
    "data columns": ({}, {"definitions": {"dataset": {"kind": "digits"}}}),
}


@pytest.mark.parametrize("case", GROWS)
def test_more_work_takes_longer(case):
    less, more = (changed(**change) for change in GROWS[case])
    for spec in (less, more):
        spec["definitions"]["rules"] = DEFAULT["epsilon_rules"]
    assert estimate.training(more).seconds > estimate.training(less).seconds


HELD = {
    "samples": ({"samples": 1000}, {"samples": 100_000}),
    "snapshots": ({"snapshots": 1}, {"snapshots": 100}),
    "trace": ({"trace_every": 50}, {"trace_every": 1}),
    "batch": ({"batch": 64}, {"batch": 1000}),
    "data": ({}, {"definitions": {"dataset": {"points": 10_000_000}}}),
    "width": ({}, {"definitions": {"model": {"discriminator": [4096, 4096]}}}),
    "copies": ({"choice": directions(8)}, {"choice": directions(32)}),
}


@pytest.mark.parametrize("case", HELD)
def test_what_is_kept_takes_memory(case):
    less, more = (estimate.training(changed(**change)) for change in HELD[case])
    assert more.memory_mb > less.memory_mb


def test_samples_take_the_memory_of_their_numbers():
    """[S, T, n, dim] float32 is held at least once, and lies on the disk once."""
    less, more = (estimate.training(changed(samples=n)) for n in (1000, 2000))
    own = 4.0 * len(SPEC["seeds"]) * (SPEC["training"]["snapshots"] + 1) * 1000 * 2 / 2**20
    assert more.memory_mb - less.memory_mb >= own
    assert more.disk_mb - less.disk_mb == pytest.approx(own)


def test_seeds_share_the_start_of_their_job():
    whole, half = (estimate.training({**SPEC, "seeds": list(range(n))}) for n in (10, 5))
    assert whole.seconds < 2.0 * half.seconds
    assert whole.memory_mb < 2.0 * half.memory_mb


@pytest.mark.parametrize("mode", registry.names("modes"))
def test_every_mode_has_its_work_read_from_its_file(mode):
    about = registry.describe("modes", mode)
    known = {"sides": 2, "which": "random", "element": "mean", "distribution": "gaussian"}
    settings = {name: known.get(name, 3) for name in about.required}
    work = of_mode(Choice(mode, Step(), settings))
    assert work.assumed == ()
    assert work.values + work.gradients + work.sweeps > 0
    if not about.constants["differentiates"]:
        assert work.gradients == 0


def test_evaluations_are_those_that_the_modes_count():
    """Against ``forwards`` of the modes' own estimates, where these are plain evaluations."""
    assert of_mode(Choice("spsa", Step.of(1e-3), {"directions": 4})).values == 2 * 4 + 1
    assert of_mode(Choice("random_coordinates", Step.of(1e-3), {"coordinates": 8})).values == 8 + 1
    assert of_mode(Choice("uniform_shift", Step.of(1e-3), {})).values == 2
    assert of_mode(Choice("central_difference", Step.of(1e-3), {})).sweeps == 2
    assert of_mode(Choice("exact", Step(), {})).gradients == 1


def test_a_mode_that_states_nothing_is_taken_for_the_dearest(monkeypatch):
    silent = registry.Description("Silent.", (), (), (), {"takes_epsilon": True})
    monkeypatch.setattr(registry, "describe", lambda family, name: silent)
    work = of_mode(Choice("mine", Step.of(1e-3), {}))
    assert work.sweeps == 2.0
    assert "mine" in work.assumed[0]


def test_a_model_that_states_no_widths_is_said_to_be_assumed():
    found = estimate_games.game({**SPEC["definitions"], "model": {"kind": "mine", "depth": 3}})
    assert "mine" in found.assumed[0]
    assert not found.piecewise_linear


def test_sizes_are_those_of_the_model():
    for name, definition in DEFAULT["models"].items():
        model, dim = cells.build_model(definition), 2
        game = estimate_games.game({**SPEC["definitions"], "model": definition})
        for player in ("generator", "discriminator"):
            assert game.of(player).parameters == model.size(player, dim), name


def test_constants_are_those_of_the_code_they_describe():
    """Repeated, because importing them would load torch."""
    assert estimate_steps.CHUNK == batched.CHUNK
    assert estimate_steps.AHEAD == batches.BULK
    assert AT_ONCE == _directions.BLOCK + 1
    assert estimate_games.NARROW == _plan.NARROWEST


def test_absurd_sizes_are_estimated_at_once():
    for change in (
        {"steps": 10**12, "samples": 10**10},
        {"definitions": {"model": {"generator": [10**6] * 3, "latent": 10**400}}},
        {"definitions": {"dataset": {"points": 10**12}}},
        {"choice": directions(10**12)},
    ):
        found = estimate.training(changed(**change))
        assert found.seconds > 1e6 or found.memory_mb > 1e6


def test_estimates_load_neither_torch_nor_pandas():
    code = (
        "import sys, approxgan.cli.plan\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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
    for job in plan.jobs(config):
        counted[job.rule] = counted.get(job.rule, 0) + 1
    assert {k: int(v) for k, v in planned.items() if k != "total"} == counted


def test_the_table_adds_up():
    found = list(plan.jobs(DEFAULT))
    lines = plan.text(found).splitlines()
    counts = {
        line.split()[0]: int(line.split()[1])
        for line in lines[1:]
        if line[:1].isalpha() and ":" not in line
    }
    assert counts.pop("total") == sum(counts.values()) == len(found)
    assert plan.total(found).longest.estimate.seconds == max(j.estimate.seconds for j in found)


def test_durations_and_sizes_have_a_unit_that_suits():
    assert [plan.duration(s) for s in (3, 600, 9000, 1e6)] == [
        "3 s",
        "10 min",
        "2.5 h",
        "11.6 days",
    ]
    assert [plan.size(mb) for mb in (350, 2048, 2**21)] == ["350 MB", "2 GB", "2 TB"]
