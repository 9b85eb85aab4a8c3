"""Budgets, training that differs within a study, and tuning: cells, specs and refusals."""

from __future__ import annotations

import copy
import json

import pytest
from worlds.configs import DEFAULT

from approxgan.config.check import BUDGETS
from approxgan.core.errors import InputError
from approxgan.design import cells as grid
from approxgan.design import cost, names, specs
from approxgan.design.check import checked, fully_checked
from approxgan.design.choices import Cell, settled

STUDY = {
    "name": "best",
    "datasets": ["ring"],
    "models": ["compact"],
    "losses": ["nonsaturating"],
    "training": {"beta1": 0.5},
    "budget": {"forward_equivalents": 1e5},
    "tune": {"learning_rate": [1e-4, 1e-3], "seeds": {"first": 1000, "count": 4}},
    "seeds": {"first": 0, "count": 12, "block": 6},
    "modes": [
        {"mode": "exact"},
        {"mode": "spsa", "epsilon": 1e-3, "tune": {"directions": [1, 4]}},
        {"mode": "forward_difference", "tune": {"epsilon": [1e-3, 1e-2]}},
    ],
}


def config(**changes):
    found = copy.deepcopy(DEFAULT)
    found["studies"] = [json.loads(json.dumps({**STUDY, **changes}))]
    return found


def test_every_mode_has_its_tries_on_seeds_that_do_not_count():
    made = config()
    tries, counted = grid.tries(made), grid.cells(made)
    assert len(tries) == 6
    assert len(counted) == 6  # three modes, two blocks each
    assert {seed for cell in tries.values() for seed in cell.seeds} == {1000, 1001, 1002, 1003}
    assert {seed for cell in counted.values() for seed in cell.seeds} == set(range(12))
    tunings = grid.tunings(made)
    assert {cell.tuned for cell in counted.values()} == set(tunings)
    for name, found in tunings.items():
        assert all(cell in tries for one in found for cell in one["cells"])
        assert specs.tune(made, name)["number"] == made["claims"]["metric"]
        assert specs.tune(made, name)["better"] == "lower"
    modes = {c.generator.mode: [t["values"] for t in tunings[c.tuned]] for c in counted.values()}
    assert modes["exact"] == [{"learning_rate": 1e-4}, {"learning_rate": 1e-3}]
    assert modes["spsa"] == [{"directions": 1}, {"directions": 4}]


def test_a_stage_is_told_the_grid_that_the_workflow_has_listed_already(monkeypatch):
    made = config()
    tunings, counted = grid.tunings(made), list(grid.cells(made))
    before = [*(specs.tune(made, name) for name in tunings), specs.collect(made, "quality")]
    for name in ("tunings", "cells"):
        monkeypatch.setattr(grid, name, lambda config: pytest.fail("listed again"))
    after = [specs.tune(made, name, tunings) for name in tunings]
    assert [*after, specs.collect(made, "quality", counted)] == before


def test_without_axes_of_the_study_an_entry_may_go_untuned():
    made = config(tune={"seeds": STUDY["tune"]["seeds"]})
    tuned = {c.generator.mode: c.tuned for c in grid.cells(checked(made)).values()}
    assert not tuned["exact"]
    assert set(grid.tunings(made)) == set(tuned.values()) - {""}
    assert {c.generator.mode for c in grid.tries(made).values()} == {"spsa", "forward_difference"}


def test_what_was_chosen_takes_its_place_in_a_run_and_in_the_tables():
    for cell in grid.cells(config()).values():
        values = {axis: tried[1] for axis, tried in cell.axes.items()}
        spec = {**grid.spec(config(), cell), "chosen": {**values, "steps": 77}}
        found = Cell.of(json.loads(json.dumps(spec)))
        keys = names.row_keys(found)
        assert found.training["steps"] == 77
        assert json.loads(keys["tuned"]) == values
        assert keys["varied"] == ""
        assert keys["budget"] == 1e5
        text = json.dumps(settled(spec)["generator"])
        assert "tuned" not in text
        if cell.generator.mode == "exact":
            assert keys["learning_rate"] == 1e-3
        if cell.generator.mode == "spsa":
            assert keys["settings"] == "directions4"
        if cell.generator.mode == "forward_difference":
            assert (keys["epsilon"], keys["rule"]) == (1e-2, "fixed")


def test_an_entry_s_training_is_an_axis_that_paths_and_tables_name():
    entry = {"mode": "exact", "training": {"learning_rate": [1e-4, 1e-2], "dtype": "float64"}}
    study = {k: v for k, v in STUDY.items() if k not in ("tune", "budget")}
    made = {**DEFAULT, "studies": [{**study, "modes": [{"mode": "exact"}, entry]}]}
    found = {names.row_keys(c)["settings"]: c for c in grid.cells(checked(made)).values()}
    assert list(found) == ["", "float64_learning_rate1e-4", "float64_learning_rate1e-2"]
    last = names.row_keys(found["float64_learning_rate1e-2"])
    assert (last["learning_rate"], last["dtype"]) == (1e-2, "float64")
    assert json.loads(last["varied"]) == {"dtype": "float64", "learning_rate": 1e-2}
    assert names.row_keys(found[""])["learning_rate"] == DEFAULT["training"]["learning_rate"]


def test_a_try_is_scored_by_the_deciding_number_alone_and_traced_once():
    made = config()
    assert all(cell.training["snapshots"] == 1 for cell in grid.tries(made).values())
    for name in grid.tunings(made):
        own = specs.tune(made, name)
        assert list(own["quality"]["metrics"]) == [own["number"]] == [made["claims"]["metric"]]
        assert own["quality"]["every_snapshot"] == []


def test_the_jobs_of_a_tuning_are_planned():
    made = config()
    jobs = list(cost.jobs(checked(made)))
    for rule in ("train", "evaluate"):
        assert {job.name for job in jobs if job.rule == rule} == set(grid.cells(made))
    assert {job.name for job in jobs if job.rule == "tune"} == set(grid.tunings(made))
    # A forward difference evaluates thousands of losses a step: its steps are few.
    found = {c.generator.mode: cost.steps(grid.spec(made, c)) for c in grid.tries(made).values()}
    assert found["forward_difference"] < 50 < 1000 < found["spsa"] < found["exact"]


def test_a_tuning_takes_the_time_of_all_its_tries_and_the_memory_of_the_largest():
    """What jobs of their own would take, but that each of them would load its programs."""
    made = config()
    for name in grid.tunings(made):
        spec = specs.tune(made, name)
        job, runs = cost.tune(spec), [cost.train(run) for run in specs.runs(spec)]
        scored = [cost.evaluate(run, spec["quality"]) for run in specs.runs(spec)]
        loaded = len(runs) - 1
        assert loaded
        apart = sum(one.seconds for one in (*runs, *scored))
        low, high = (
            cost.STARTS[kind][0] + cost.STARTS["pandas"][0] for kind in ("torch", "compiled")
        )
        assert low * loaded <= apart - job.seconds + 1e-9
        assert apart - job.seconds <= high * loaded + 1e-9
        most = max(one.memory_mb for one in runs)
        assert most < job.memory_mb < most + max(one.memory_mb for one in scored)
        assert job.disk_mb == sum(one.disk_mb for one in runs)


REFUSED = {
    "no seeds": ({"tune": {"learning_rate": [1e-4, 1e-3]}}, "'seeds' is missing"),
    "seeds that count": (
        {"tune": {**STUDY["tune"], "seeds": {"first": 11, "count": 4}}},
        "seeds 11 to 14 share some with the study's, 0 to 11",
    ),
    "unequal tries": (
        {"modes": [STUDY["modes"][0], {"mode": "spsa", "epsilon": 1e-3,
                                       "tune": {"directions": [1, 2, 4]}}]},
        "entries have 2 and 3 tries; accepted: as many for every mode",
    ),
    "no such setting": (
        {"modes": [{"mode": "exact", "tune": {"directions": [1, 4]}}]},
        "exact takes no directions",
    ),
    "a setting of the study": (
        {"tune": {**STUDY["tune"], "directions": [1, 4]}}, "directions is no key of training",
    ),
    "given and tuned": (
        {"modes": [{"mode": "spsa", "epsilon": 1e-3, "directions": 2,
                    "tune": {"directions": [1, 4]}}]},
        "directions is given and tuned",
    ),
    "out of range": (
        {"tune": {**STUDY["tune"], "learning_rate": [1e-4, 100.0]}}, "rate is 100; accepted",
    ),
    "one value": ({"tune": {**STUDY["tune"], "learning_rate": [1e-4]}}, r"\[0.0001\]"),
    "nothing to choose": (
        {"tune": {"seeds": STUDY["tune"]["seeds"]}, "modes": [{"mode": "exact"}]},
        "tune: seeds are given, but nothing to choose",
    ),
    "steps beside a budget": ({"training": {"steps": 9}}, "training.steps is given; a study's"),
    "budget without a study's": (
        {"training": {"forward_equivalents": 9.0}}, "training.forward_equivalents is given",
    ),
    "seconds without a study's": ({"training": {"seconds": 9}}, "training.seconds is given; a "),
    "seconds beside another budget": (
        {"modes": [{"mode": "exact", "training": {"seconds": 9}}]},
        "training.seconds cannot differ within this study",
    ),
    "steps of an entry": (
        {"modes": [{"mode": "exact", "training": {"steps": 9}}]},
        "training.steps cannot differ within this study",
    ),
    "snapshots of an entry": (
        {"modes": [{"mode": "exact", "training": {"snapshots": 9}}]},
        "training.snapshots cannot differ within this study",
    ),
    "tuned in a probe's way": (
        {"modes": [{"mode": "noisy_exact", "match": {
            "mode": "forward_difference", "tune": {"epsilon": [1, 2]}}}]},
        "tune is not accepted here",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_tuned_or_spent_is_refused(name):
    changes, said = REFUSED[name]
    checked(config())
    with pytest.raises(InputError, match=said):
        checked(config(**changes))


@pytest.mark.parametrize("budget", [{"forward_equivalents": 8}, {"calls": 150}, {"seconds": 1e-6}])
def test_a_budget_that_pays_for_too_few_steps_is_refused_before_any_job(budget):
    """At 5 snapshots; a step of exact gradients takes 8 evaluations, or 128 samples and more."""
    study = {"modes": [{"mode": "exact"}], "budget": budget}
    with pytest.raises(InputError, match=r"pays for about [0-9.e-]+ steps; accepted: enough "):
        fully_checked(config(**study))


@pytest.mark.parametrize("unit", BUDGETS)
def test_a_budget_of_no_study_is_refused(unit):
    with pytest.raises(InputError, match=f"^config: training.{unit} is given; a study's length"):
        checked({**DEFAULT, "training": {**DEFAULT["training"], unit: 9.0}})


def test_a_budget_in_seconds_takes_so_long_and_tries_are_timed_as_what_counts_is():
    """In full blocks: of ten seeds in blocks of six the second one is not, and takes longer."""
    modes = [*STUDY["modes"][:2], {"mode": "exact", "training": {"seconds": 40, "batch": 32}}]
    made = config(budget={"seconds": 20}, modes=modes, seeds={"count": 10, "block": 6})
    fully_checked(made)
    for cell in grid.trained(made).values():
        assert cell.training["stacked"] == 6
        assert "steps" not in cell.training
        spec = specs.train(made, grid.folder(cell))
        spec = settled(spec, {key: values[-1] for key, values in spec["axes"].items()})
        step = cost.stepping(spec) / cost.steps(spec)
        expected = cell.training["seconds"] * len(cell.seeds)
        if len(cell.seeds) == 6:
            assert expected - step <= cost.stepping(spec) <= expected
        else:
            assert expected < cost.stepping(spec) < 1.5 * cell.training["seconds"] * 6
    assert "stacked" not in next(iter(grid.trained(config()).values())).training


def test_a_tuning_outside_a_tuned_study_is_refused():
    study = {k: v for k, v in STUDY.items() if k != "tune"}
    with pytest.raises(InputError, match="tune is accepted in studies that have tune"):
        checked({**DEFAULT, "studies": [study]})
