"""What the claims say where tables, seeds or numbers are missing."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import synthetic
from worlds.claims import CHOSEN, RULES, SD, World

from approxgan.claims import stage as claims
from approxgan.storage.tables import CLAIMS


@pytest.mark.parametrize("variance", [0.0, np.nan])
def test_a_loss_that_stands_still_has_no_ratio(variance: float) -> None:
    row = (
        World()
        .multiply("outcomes", "generator_loss_variance", variance)
        .judge("variance_of_generator_loss")
    )
    assert row["verdict"] == "undecided"
    assert "0 seeds in common, of 5 needed" in row["note"]
    assert "with a loss that varies" in row["note"]


def test_older_tables_without_rules_and_variances_are_judged() -> None:
    world = World().add(3 * SD)
    lacking = ["rule", "generator_loss_variance"]
    world.tables["outcomes"] = world.tables["outcomes"].drop(columns=lacking)
    assert world.judge("final_quality")["verdict"] == "supported"
    assert world.judge("variance_of_generator_loss")["verdict"] == "undecided"


def test_an_unprobed_dataset_borrows_the_probe_of_its_model() -> None:
    world = World()
    errors = world.tables["gradient_error"]
    world.tables["gradient_error"] = errors[errors["dataset"] == "ring"]
    assert world.judge("final_quality")["cells"].count(f"ε={CHOSEN:g}") == 2


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("outcomes", "no data set was run"),
        ("quality", "exact's final quality has no seed-to-seed spread"),
        ("gradient_error", "could be chosen"),
    ],
)
def test_missing_data_is_undecided_with_its_reason(table: str, says: str) -> None:
    world = World()
    for tables in ({**world.tables, table: synthetic.empty()[table]}, world.tables):
        made = claims.judge(tables, RULES, ["C3"])
        row = made[made["claim"] == "C3"].iloc[0]
        assert (row["verdict"] == "undecided") == (tables is not world.tables)
        assert (says in row["note"]) == (tables is not world.tables)


def test_no_tables_at_all() -> None:
    made = claims.judge({}, RULES)
    assert list(made.columns) == list(CLAIMS)
    assert set(made["claim"]) == {"C1", "C2", "C3", "C4", "C5", "C6"}
    assert set(made["verdict"]) == {"undecided"}
    assert made["effect"].isna().all()


def test_one_job_has_no_interval_of_seconds() -> None:
    world = World()
    cost = world.tables["cost"]
    world.tables["cost"] = cost[(cost["dataset"] == "ring") & (cost["first_seed"] == 0)]
    row = world.judge("seconds_per_step")
    assert (row["verdict"], row["reason_code"]) == ("undecided", "no_interval")
    assert (row["effect"], row["mode_value"]) == pytest.approx((1.0, 0.01))
    world.tables["cost"] = cost[:0]
    assert "no pair of jobs" in world.judge("seconds_per_step")["note"]


def test_few_seeds_do_not_decide() -> None:
    world = World().add(3 * SD)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[frame["seed"] < 4]
    row = world.judge("final_quality")
    assert row["verdict"] == "undecided"
    assert "4 seeds in common, of 5 needed" in row["note"]


def test_a_dataset_with_few_seeds_is_left_out_and_named() -> None:
    world = World().add(3 * SD)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[(frame["dataset"] == "ring") | (frame["seed"] < 4)]
    row = world.judge("final_quality")
    assert row["verdict"] == "supported"
    assert "moons" not in row["cells"]
    assert "left out: 4 seeds in common, of 5 needed: s/moons" in row["note"]


def test_other_losses_do_not_count() -> None:
    row = World().judge("final_quality", rules={**RULES, "losses": ["hinge"]})
    assert row["verdict"] == "undecided"
    assert "hinge" in row["note"]
