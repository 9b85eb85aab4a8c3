"""From the config to cells and paths."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.configs import DEFAULT, changed

from approxgan.core.errors import InputError
from approxgan.design import cells as grid
from approxgan.design import names, specs
from approxgan.design.choices import Cell, Choice, Step, scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-3, "1e-3"), (0.1, "1e-1"), (1, "1e0"), (2.5, "2.5e0"), (3e-8, "3e-8"), (120.0, "1.2e2")],
)
def test_a_number_has_one_spelling(value, text):
    assert scientific(value) == text


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_the_spelling_is_the_number(value):
    assert float(scientific(value)) == value


def test_modes_without_epsilon_run_once():
    cells = grid.cells(DEFAULT).values()
    here = [c for c in cells if c.study == "main" and c.dataset == "ring"]
    exact = [c for c in here if names.mode_name(c) == "exact"]
    assert [c.generator.step.stated for c in exact] == [None, None]
    assert grid.folder(exact[0]).endswith("/exact/none/seeds0-9")
    assert grid.folder(exact[1]).endswith("/exact/none/seeds10-19")


def test_lists_are_axes():
    entry = {"mode": "spsa", "epsilon": [0.1, "dtype"], "directions": [1, 2], "kind": "x"}
    points = list(grid.choices_of(entry))
    assert len(points) == 4
    assert Choice("spsa", Step(0.1), {"directions": 2, "kind": "x"}) in points
    tokens = [names.folder_name(choice) for choice in points]
    assert tokens[0] == "epsilon1e-1_directions1_x"
    assert tokens[3] == "dtype_directions2_x"


def cell(entry):
    (pair,) = grid.pairs_of(entry)
    told = {"learning_rate": 1e-3, "dtype": "float32"}
    return Cell("s", "d", "m", "l", *pair, (0, 1), told)


NAMED = [
    ({"mode": "exact"}, "exact/none", "exact", None, "", ""),
    ({"mode": "spsa", "epsilon": 0.1, "q": 2}, "spsa/epsilon1e-1_q2", "spsa", 0.1, "fixed", "q2"),
    ({"mode": "spsa", "epsilon": "dtype"}, "spsa/dtype", "spsa", None, "dtype", "dtype"),
    (
        {"mode": "noisy_exact", "match": {"mode": "spsa", "epsilon": 0.1, "q": 2}},
        "noisy_exact/epsilon1e-1_like_spsa_q2",
        *("noisy_exact", 0.1, "fixed", "like_spsa_q2"),
    ),
    (
        {"generator": {"mode": "exact"}, "discriminator": {"mode": "spsa", "epsilon": 0.1}},
        "exact+spsa/none+epsilon1e-1",
        *("exact+spsa", 0.1, "fixed", ""),
    ),
    (
        {
            "generator": {"mode": "spsa", "epsilon": 0.2},
            "discriminator": {"mode": "spsa", "epsilon": 0.1},
        },
        "spsa/epsilon2e-1+epsilon1e-1",
        *("spsa", 0.2, "fixed", "+epsilon1e-1"),
    ),
]


@pytest.mark.parametrize(("entry", "path", "mode", "epsilon", "rule", "settings"), NAMED)
def test_both_players_choices_are_in_paths_and_tables(entry, path, mode, epsilon, rule, settings):
    made = cell(entry)
    assert grid.folder(made) == f"s/d/m/l/{path}/seeds0-1"
    keys = names.row_keys(made)
    assert (keys["mode"], keys["rule"], keys["settings"]) == (mode, rule, settings)
    assert keys["epsilon"] == epsilon or (epsilon is None and keys["epsilon"] != keys["epsilon"])
    assert keys["generator_mode"] == made.generator.mode
    assert keys["discriminator_settings"] == names.settings_label(made.discriminator)


def test_a_matched_control_has_the_step_of_what_it_is_matched_with():
    made = cell({"mode": "masked_exact", "match": {"mode": "spsa", "epsilon": 0.1}})
    keys = names.row_keys(made)
    assert (keys["epsilon"], keys["matched_mode"], keys["own_settings"]) == (0.1, "spsa", "{}")


def test_more_seeds_make_more_blocks_and_leave_the_others():
    few, more = grid.blocks(0, 10, 10), grid.blocks(0, 25, 10)
    assert few == [tuple(range(10))]
    assert more[:1] == few
    assert [len(b) for b in more] == [10, 10, 5]
    assert grid.blocks(5, 10, 10) == [(5, 6, 7, 8, 9), (10, 11, 12, 13, 14)]


def test_every_spec_is_json_and_holds_what_its_names_stand_for():
    for cell in grid.cells(DEFAULT).values():
        spec = json.loads(json.dumps(grid.spec(DEFAULT, cell), allow_nan=False))
        assert spec["definitions"]["dataset"] == DEFAULT["datasets"][cell.dataset]
        assert spec["seeds"] == list(cell.seeds)


def test_a_change_elsewhere_does_not_change_a_cells_spec():
    cell = next(iter(grid.cells(DEFAULT)))
    before = specs.train(DEFAULT, cell)
    for path, value in ((("figures", "dpi"), 60), (("datasets", "grid", "sigma"), 0.5)):
        assert specs.train(changed(path, value), cell) == before
    assert specs.train(changed(("training", "batch"), 7), cell) != before


def test_an_unknown_cell_is_named():
    with pytest.raises(InputError, match="no/such/cell"):
        specs.train(DEFAULT, "no/such/cell")


def test_a_study_may_override_training_and_seeds():
    config = changed(("studies", 0, "training"), {"steps": 3})
    config["studies"][0]["seeds"] = {"count": 4, "block": 2}
    cells = list(grid.cells(config).values())
    main = [c for c in cells if c.study == "main"]
    assert {c.training["steps"] for c in main} == {3}
    plain = [c for c in main if names.mode_name(c) == "subgradient"]
    assert {c.seeds for c in plain} == {(0, 1), (2, 3)}


def test_an_entry_may_override_seeds():
    config = changed(("studies", 0, "seeds"), {"count": 4, "block": 2})
    config["studies"][0]["modes"] = [{"mode": "exact", "seeds": {"count": 3}}, {"mode": "spsa"}]
    seeds = {names.mode_name(c): set() for c in grid.cells(config).values()}
    for c in grid.cells(config).values():
        if c.study == "main":
            seeds[names.mode_name(c)].add(c.seeds)
    assert seeds["exact"] == {(0, 1), (2,)}
    assert seeds["spsa"] == {(0, 1), (2, 3)}


def test_the_baseline_of_a_study_is_what_it_names_or_the_expected_gradient():
    modes = [
        {"generator": {"mode": name, "epsilon": 0.1}, "discriminator": {"mode": "exact"}}
        for name in ("spsa", "expected")
    ]
    config = {
        "claims": {"baseline": "exact"},
        "studies": [
            {"name": "plain", "modes": [{"mode": "exact"}, {"mode": "spsa", "epsilon": 0.1}]},
            {"name": "named", "modes": modes[:1], "baseline": "spsa+exact"},
            {"name": "best", "modes": modes},
            {"name": "none", "modes": modes[:1]},
        ],
    }
    assert grid.baselines(config) == {"named": "spsa+exact", "best": "expected+exact"}


def test_a_program_s_files_are_known_wherever_its_generator_stands(tmp_path):
    there, missing = tmp_path / "simulate.py", tmp_path / "none.py"
    there.touch()
    program = {"kind": "program", "command": ["python", str(there), str(missing)]}
    for generator in (program, {"kind": "proposal", "of": program}):
        assert specs.programs({"generator": generator}) == [str(there)]
    assert specs.programs({"generator": [32, 32]}, {"kind": "ring"}) == []


def test_the_path_of_a_probe_is_one_mode_a_player():
    path = {"generator": {"mode": "spsa", "epsilon": 0.1}, "discriminator": {"mode": "exact"}}
    config = changed(("probes",), [{**DEFAULT["probes"][0], "path": path}])
    (probe, *_) = grid.probes(config).values()
    assert {player: choice["mode"] for player, choice in probe["path"].items()} == {
        "generator": "spsa", "discriminator": "exact",
    }  # fmt: skip
    assert grid.path_modes(probe) == ["exact", "spsa"]
    several = {**path, "generator": {"mode": "spsa", "epsilon": [0.1, 0.2]}}
    config["probes"][0]["path"] = several
    with pytest.raises(InputError, match="path: accepted: one mode a player"):
        grid.probes(config)
