"""A config that asks for too much is refused by estimate, before anything is made."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from worlds import ROOT

from approxgan.cli import parser
from approxgan.config import check as names
from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.datasets.ring import Ring
from approxgan.design import cells, cost, limits

DEFAULT = load.config([ROOT / "config.yaml"])
SPSA = {"mode": "spsa", "epsilon": 1e-3, "directions": 10**12}
LONG = {"core_hours": 1e-3}
ABSURD = {
    "wide generator": ({"models": {"compact": {"generator": [10**6, 10**6]}}}, "core_hours"),
    "wider than numbers": ({"models": {"compact": {"latent": 10**400}}}, "compact.latent"),
    "many layers": ({"models": {"compact": {"discriminator": [4096] * 500}}}, "core_hours"),
    "many samples": ({"training": {"samples": 100_000, "snapshots": 1000}}, "core_hours"),
    "many steps": (
        {"studies": [{**DEFAULT["studies"][0], "training": {"steps": 10**8}}]},
        "core_hours",
    ),
    "many directions": ({"studies": [{**DEFAULT["studies"][0], "modes": [SPSA]}]}, "core_hours"),
    "many seeds": ({"seeds": {"count": 100_000, "block": 1}}, "jobs"),
    "much data": (
        {"datasets": {"ring": {"points": 10**7}}, "limits": {"memory_gb": 1}},
        "memory_gb",
    ),
    "steps beyond the schema": ({"training": {"steps": 10**12}}, "training.steps"),
    "points beyond the schema": ({"datasets": {"ring": {"points": 10**12}}}, "ring.points"),
    "samples beyond the schema": ({"training": {"samples": 10**10}}, "training.samples"),
    "more results than room": ({"limits": {"disk_gb": 1e-3}}, "disk_gb"),
    "more memory than there is": ({"limits": {"memory_gb": 0.25}}, "memory_gb"),
    "more time than allowed": ({"limits": LONG}, "core_hours"),
    "more jobs than allowed": ({"limits": {"jobs": 10}}, "jobs"),
    "a word for memory": ({"limits": {"memory_gb": "much"}}, "limits.memory_gb"),
    "no limit at all": ({"limits": {"core_hours": 0}}, "limits.core_hours"),
}


def refusal(config, capsys):
    status = parser.main(["check", "--spec", json.dumps(config)])
    return status, capsys.readouterr().err


@pytest.mark.parametrize("case", ABSURD)
def test_what_cannot_be_is_one_line_and_no_data_is_drawn(case, capsys, monkeypatch):
    overlay, named = ABSURD[case]
    monkeypatch.setattr(Ring, "training", lambda *_: pytest.fail("a data set was drawn"))
    status, said = refusal(load.merged(DEFAULT, overlay), capsys)
    assert status == 2
    assert len(said.splitlines()) == 1, said
    assert said.startswith("approxgan: config: ")
    assert named in said


def test_a_grid_is_counted_without_being_made(monkeypatch):
    """10⁴ by 10⁴ values: 10⁸ cells for each block of seeds."""
    monkeypatch.setattr(cells, "cells", lambda config: pytest.fail("the grid was made"))
    config, values = copy.deepcopy(DEFAULT), [1.0 / n for n in range(1, 10_001)]
    config["studies"][0]["modes"] = [{"mode": "spsa", "epsilon": values, "directions": values}]
    with pytest.raises(InputError, match=r"limits\.jobs"):
        names.check(config)


@pytest.mark.parametrize("overlays", [[], ["smoke"], ["full"], ["kinks"]])
def test_the_count_is_that_of_the_grid(overlays):
    files = [ROOT / "config.yaml", *(ROOT / "studies" / f"{name}.yaml" for name in overlays)]
    config = load.config(files)
    choices = [
        choice
        for place in (*cells.probes(config).values(), config["dirac"])
        for entry in place["modes"]
        for choice in cells.choices_of(entry)
    ]
    assert names.jobs_of(config) == len(cells.trained(config)) + len(choices)


def test_the_limit_is_for_one_job_of_the_largest_memory():
    job = max(cost.jobs(DEFAULT), key=lambda job: job.cost.memory_mb)
    needed = job.cost.memory_mb / 1024
    fine, little = (
        load.merged(DEFAULT, {"limits": {"memory_gb": needed * share}}) for share in (1.01, 0.99)
    )
    limits.check(fine, Path("results"))
    with pytest.raises(InputError, match=job.name):
        limits.check(little, Path("results"))


def test_a_container_has_the_memory_it_is_given(tmp_path, monkeypatch):
    whole = limits.memory_gb()
    given = tmp_path / "memory.max"
    monkeypatch.setattr(limits, "CONTAINER", given)
    for said, expected in (("1073741824\n", 1.0), ("max\n", whole), ("", whole)):
        given.write_text(said)
        assert limits.memory_gb() == pytest.approx(expected)


def test_room_counts_what_results_already_hold(tmp_path):
    before = limits.disk_gb(tmp_path / "results")
    (tmp_path / "results").mkdir()
    with (tmp_path / "results" / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert limits.disk_gb(tmp_path / "results") - before == pytest.approx(1024, abs=20)


def test_a_limit_that_is_stated_counts_instead_of_the_machine(capsys, monkeypatch):
    monkeypatch.setattr(limits, "memory_gb", lambda: 0.25)
    assert refusal(DEFAULT, capsys)[0] == 2
    stated = load.merged(DEFAULT, {"limits": {"memory_gb": 64}})
    assert refusal(stated, capsys)[0] == 0
