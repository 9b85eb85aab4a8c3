"""Verdicts on doctored tables in which the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import ROOT, synthetic
from worlds.claims import (
    CHOSEN,
    LUCK,
    MODE,
    RULES,
    SD,
    World,
)

from approxgan.claims import cost
from approxgan.claims import stage as claims
from approxgan.config import check as configuration
from approxgan.core.errors import InputError
from approxgan.storage import files


@pytest.mark.parametrize(
    ("world", "measure", "verdict"),
    [
        (World().speed(2.0), "steps_to_target", "supported"),
        (World(), "steps_to_target", "no relevant effect"),
        (
            World().speed(2.0).multiply("outcomes", "forwards", 100),
            "forward_equivalents_to_target",
            "contradicted",
        ),
        (
            World().multiply("outcomes", "backwards", 0),
            "forward_equivalents_to_target",
            "supported",
        ),
        (World().multiply("cost", "cpu_seconds", 0.5), "seconds_to_target", "supported"),
        (
            World().speed(2.0).multiply("cost", "cpu_seconds", 9),
            "seconds_to_target",
            "contradicted",
        ),
        (World().fail("diverged", "exact"), "diverged_runs", "supported"),
        (World().fail("diverged"), "diverged_runs", "contradicted"),
        (World(), "diverged_runs", "undecided"),
        (
            World().multiply("outcomes", "generator_loss_variance", 0.5),
            "variance_of_generator_loss",
            "supported",
        ),
        (
            World().multiply("outcomes", "generator_loss_variance", 0.7),
            "variance_of_generator_loss",
            "no relevant effect",
        ),
        (World(), "variance_of_generator_loss", "no relevant effect"),
        (World().widen(0.2), "spread_of_final_quality", "supported"),
        (World().widen(3.0), "spread_of_final_quality", "contradicted"),
        (World().add(3 * SD), "final_quality", "supported"),
        (World().fail("diverged"), "final_quality", "supported"),
        (World(), "final_quality", "no relevant effect"),
        (World().add(-3 * SD), "final_quality", "contradicted"),
        (World().add(3 * SD, 1e-6), "final_quality_at_smaller_steps", "supported"),
        (World(), "final_quality_at_smaller_steps", "no relevant effect"),
        (World().add(3 * SD, 1e-2), "final_quality_at_larger_steps", "supported"),
        (World().add(3 * SD, CHOSEN), "final_quality_at_larger_steps", "contradicted"),
        (World().fail("vanished", epsilon=1e-2), "failed_runs_at_larger_steps", "supported"),
        (World().fail("diverged", epsilon=1e-2), "failed_runs_at_larger_steps", "supported"),
        (
            World().fail("vanished", epsilon=CHOSEN),
            "failed_runs_at_larger_steps",
            "contradicted",
        ),
        (
            World().multiply("outcomes", "forwards", 0.1),
            "forward_equivalents_per_step",
            "supported",
        ),
        (
            World().multiply("outcomes", "forwards", 10),
            "forward_equivalents_per_step",
            "contradicted",
        ),
        (World().multiply("cost", "cpu_seconds", 0.1), "seconds_per_step", "supported"),
        (World(), "seconds_per_step", "no relevant effect"),
        (World().add(3 * SD, 1e-6), "range_of_good_steps", "supported"),
        (World().add(3 * SD), "range_of_good_steps", "contradicted"),
    ],
)
def test_verdicts(world: World, measure: str, verdict: str) -> None:
    row = world.judge(measure)
    assert row["verdict"] == verdict, row
    assert row["low"] <= row["effect"] <= row["high"]


def test_loss_variances_are_compared_seed_by_seed() -> None:
    world = World().multiply("outcomes", "generator_loss_variance", 0.5).fail("diverged", "exact")
    frame = world.tables["outcomes"]
    world.tables["outcomes"] = frame[(frame["mode"] != "exact") | (frame["seed"] > 3)]
    few = world.judge("variance_of_generator_loss")
    assert "2 seeds in common, of 5 needed" in few["note"]
    row = (
        World()
        .multiply("outcomes", "generator_loss_variance", 0.5)
        .judge("variance_of_generator_loss")
    )
    # Seed by seed the ratio is the same: pairing leaves no spread, and the interval is a point.
    assert (row["effect"], row["low"], row["high"]) == pytest.approx((0.5,) * 3)


def test_the_noise_floor_stands_beside_the_quality() -> None:
    world = World()
    assert "(sds): not measured, not measured" in world.judge("final_quality")["note"]
    floors = [
        {"study": "s", "dataset": dataset, "model": "m", "loss": "nonsaturating", "mode": MODE,
         "epsilon": CHOSEN, "rule": "fixed", "metric": metric, "floor": floor}
        for dataset in ("moons", "ring")
        for metric, floor in (("energy_distance", 0.25), ("mmd2", 9.0))
    ]  # fmt: skip
    world.tables["comparisons"] = synthetic.frame("comparisons", floors)
    assert "(sds): 0.25, 0.25" in world.judge("final_quality")["note"]


def test_verdicts_do_not_depend_on_the_order_of_rows() -> None:
    world = World().control().widen(1.3).add(0.4 * SD)
    mixed = {name: frame.sample(frac=1, random_state=3) for name, frame in world.tables.items()}
    pd.testing.assert_frame_equal(claims.judge(mixed, RULES), claims.judge(world.tables, RULES))


def test_noise_as_large_as_the_margin_is_undecided() -> None:
    world = World()
    frame = world.tables["quality"]
    # Deviations with mean half an sd and sd two sds: twelve seeds cannot place them.
    off = SD * (0.5 + 2 * LUCK[::-1][:, frame["seed"].to_numpy(int)])
    noise = np.where(frame["dataset"] == "ring", *off)
    frame["value"] += np.where(world.where("quality"), noise, 0.0)
    assert world.judge("final_quality")["verdict"] == "undecided"


def test_effects_are_those_put_in() -> None:
    assert World().add(2 * SD).judge("final_quality")["effect"] == pytest.approx(2.0)
    assert World().widen(3.0).judge("spread_of_final_quality")["effect"] == pytest.approx(3.0)
    forwards = World().multiply("outcomes", "forwards", 4).judge("forward_equivalents_per_step")
    assert forwards["effect"] == forwards["low"] == pytest.approx((4 * 2 + 2 * 2) / (2 + 2 * 2))
    seconds = World().multiply("cost", "cpu_seconds", 3).judge("seconds_per_step")
    assert seconds["effect"] == pytest.approx(3.0)
    # Grid of three steps over four decades: each stands for two.
    assert World().add(3 * SD, 1e-6).judge("range_of_good_steps")["effect"] == pytest.approx(4.0)


def test_the_range_of_uneven_steps_reaches_halfway_to_the_next() -> None:
    world = World()
    for name in ("outcomes", "quality", "cost", "gradient_error"):
        world.tables[name]["epsilon"] = world.tables[name]["epsilon"].replace(1e-2, 1e-3)
    # 1e-6, 1e-4 and 1e-3 stand for 2, 1.5 and 1 decades.
    assert world.judge("range_of_good_steps")["effect"] == pytest.approx(4.5)
    assert world.add(3 * SD, 1e-6).judge("range_of_good_steps")["effect"] == pytest.approx(2.5)


def test_a_data_set_with_one_step_has_no_range_and_is_left_out() -> None:
    world = World()
    for name in ("outcomes", "quality", "cost"):
        frame = world.tables[name]
        others = world.where(name) & (frame["epsilon"] != CHOSEN)
        world.tables[name] = frame[~(others & (frame["dataset"] == "moons"))]
    row = world.judge("range_of_good_steps")
    assert row["verdict"] == "supported"
    assert row["effect"] == pytest.approx(6.0)
    assert "left out, as one step is no range: s/moons/" in row["note"]
    for name in ("outcomes", "quality", "cost"):
        frame = world.tables[name]
        world.tables[name] = frame[~world.where(name) | (frame["epsilon"] == CHOSEN)]
    row = world.judge("range_of_good_steps")
    assert row["verdict"] == "undecided"
    assert "fewer than two steps were run" in row["note"]


def test_a_diverged_run_counts_as_the_cap() -> None:
    row = World().fail("diverged", epsilon=CHOSEN).judge("final_quality")
    assert row["effect"] == pytest.approx(10 * RULES["cap_sds"] / 12)


def test_the_step_is_chosen_by_the_probe_not_by_the_result() -> None:
    world = World().add(3 * SD, CHOSEN)
    row = world.judge("final_quality")
    assert row["effect"] == pytest.approx(3.0)
    assert f"ε={CHOSEN:g}" in row["cells"]
    # The probe in float64 found another one best; it is asked about runs in float64.
    for name in ("outcomes", "quality"):
        world.tables[name]["dtype"] = "float64"
    assert "ε=1e-06" in world.judge("final_quality")["cells"]


def test_the_schema_asks_for_every_rule() -> None:
    """The rules come checked: their names stand in the schema alone."""
    schema = yaml.safe_load(configuration.SCHEMA.read_text())["properties"]["claims"]
    assert set(schema["required"]) == set(schema["properties"]) >= set(RULES)
    assert schema["additionalProperties"] is False
    config = yaml.safe_load((ROOT / "config.yaml").read_text())["claims"]
    assert set(config) == set(schema["required"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 0.6, 0.2], 150.0),
        ([1.0, 0.6, 0.5], np.inf),
        ([0.1, 0.6, 0.2], 1.0),
        ([np.nan, 0.2, 0.2], 100.0),
        ([1.0, np.nan, np.nan], np.inf),
    ],
)
def test_reach_interpolates_between_snapshots(values: list[float], expected: float) -> None:
    curve = pd.Series(values, index=[0, 100, 200])
    assert cost.reach(curve, 0.4) == pytest.approx(expected)


def test_runs_that_never_reach_the_target_are_counted() -> None:
    row = World().add(40 * SD).judge("steps_to_target")
    assert (row["censored"], row["runs"]) == (24, 24)
    # Exact gets there at the end or not at all; the mode counts as two whole runs.
    assert row["verdict"] == "contradicted"
    assert 1.5 < row["effect"] < 2.0
    # As fast as exact at the start and as good at the end, but for the unlucky seeds.
    unlucky = np.median(LUCK, axis=1, keepdims=True) + RULES["equivalence_sds"] < LUCK
    assert World().speed(2.0).judge("steps_to_target")["censored"] == unlucky.sum()


def test_two_failures_are_not_ranked() -> None:
    """Neither ε gets half as far as exact: what is left is no difference between ε."""
    world = World().add(0.8).add(0.05, 1e-6)
    row = world.judge("final_quality_at_smaller_steps")
    assert (row["verdict"], row["reason_code"]) == ("undecided", "lack_of_data")
    assert "two failures are not ranked" in row["note"]
    for measure in ("spread_of_final_quality", "variance_of_generator_loss"):
        row = world.judge(measure)
        assert row["reason_code"] == "lack_of_data"
        assert "what stands still is steady" in row["note"]
    assert World().add(0.8, 1e-6).judge("final_quality_at_smaller_steps")["effect"] > 9


@pytest.mark.parametrize("measure", ["final_quality", "steps_to_target", "range_of_good_steps"])
def test_a_number_of_which_more_is_better_is_judged_the_same(measure: str) -> None:
    for world in (World().add(3 * SD), World().speed(2.0)):
        plain = world.judge(measure)
        quality = world.tables["quality"]
        world.tables["quality"] = quality.assign(value=-quality["value"], better="higher")
        turned = world.judge(measure)
        if measure == "final_quality":
            turned[["mode_value", "other_value"]] *= -1
        pd.testing.assert_series_equal(turned, plain, check_names=False)


def test_a_number_of_which_neither_way_is_better_is_refused() -> None:
    world = World()
    world.tables["quality"]["better"] = "neither"
    with pytest.raises(InputError, match="energy_distance"):
        world.judge("final_quality")


def test_seconds_are_of_the_steps_that_were_trained() -> None:
    """All of a mode's seeds diverge halfway: its jobs take half as long, at the same price."""
    world = World().fail("diverged", epsilon=CHOSEN)
    world.multiply("cost", "cpu_seconds", 0.5).multiply("cost", "trained_steps", 0.5)
    assert world.judge("seconds_per_step")["effect"] == pytest.approx(1.0)


def test_written_twice_is_the_same_table(tmp_path: Path) -> None:
    tables = {**synthetic.make(), "claims": synthetic.empty()["claims"]}
    for name, frame in tables.items():
        files.write_table(tmp_path / name, frame)
    for folder in ("a", "b"):
        claims.write(tmp_path, RULES, tmp_path / folder)
    for name in ("claims", "epsilon_rules"):
        first, second = (tmp_path / folder / f"{name}.parquet" for folder in "ab")
        assert first.read_bytes() == second.read_bytes()
