"""Verdicts on doctored tables in which the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import ROOT, synthetic
from worlds.claims import (
    CALM,
    CHOSEN,
    FAILED,
    FORWARDS,
    LARGE,
    LUCK,
    MODE,
    PASS,
    RULES,
    SD,
    SECOND,
    SECONDS,
    SMALL,
    STEP,
    World,
)

from approxgan.claims import cost
from approxgan.claims import stage as claims
from approxgan.config import check as configuration
from approxgan.storage import files


@pytest.mark.parametrize(
    ("world", "claim", "measure", "verdict"),
    [
        (World().speed(2.0), "C1", STEP, "supported"),
        (World(), "C1", STEP, "contradicted"),
        (World().speed(2.0).multiply("outcomes", "forwards", 100), "C1", PASS, "contradicted"),
        (World().multiply("outcomes", "backwards", 0), "C1", PASS, "supported"),
        (World().multiply("cost", "seconds", 0.5), "C1", SECOND, "supported"),
        (World().speed(2.0).multiply("cost", "seconds", 9), "C1", SECOND, "contradicted"),
        (World().fail("diverged", "exact"), "C2", "diverged runs", "supported"),
        (World().fail("diverged"), "C2", "diverged runs", "contradicted"),
        (World(), "C2", "diverged runs", "undecided"),
        (World().multiply("outcomes", "generator_loss_variance", 0.5), "C2", CALM, "supported"),
        (World().multiply("outcomes", "generator_loss_variance", 0.7), "C2", CALM, "contradicted"),
        (World(), "C2", CALM, "contradicted"),
        (World().widen(0.2), "C2", "seed-to-seed", "supported"),
        (World().widen(3.0), "C2", "seed-to-seed", "contradicted"),
        (World().add(3 * SD), "C3", "final quality", "supported"),
        (World().fail("diverged"), "C3", "final quality", "supported"),
        (World(), "C3", "final quality", "contradicted"),
        (World().add(-3 * SD), "C3", "final quality", "contradicted"),
        (World().add(3 * SD, 1e-6), "C4", SMALL, "supported"),
        (World(), "C4", SMALL, "contradicted"),
        (World().add(3 * SD, 1e-2), "C4", LARGE, "supported"),
        (World().add(3 * SD, CHOSEN), "C4", LARGE, "contradicted"),
        (World().fail("vanished", epsilon=1e-2), "C4", FAILED, "supported"),
        (World().fail("diverged", epsilon=1e-2), "C4", FAILED, "supported"),
        (World().fail("vanished", epsilon=CHOSEN), "C4", FAILED, "contradicted"),
        (World().multiply("outcomes", "forwards", 0.1), "C5", FORWARDS, "supported"),
        (World().multiply("outcomes", "forwards", 10), "C5", FORWARDS, "contradicted"),
        (World().multiply("cost", "seconds", 0.1), "C5", SECONDS, "supported"),
        (World(), "C5", SECONDS, "contradicted"),
        (World().add(3 * SD, 1e-6), "C6", "width", "supported"),
        (World().add(3 * SD), "C6", "width", "contradicted"),
    ],
)
def test_verdicts(world: World, claim: str, measure: str, verdict: str) -> None:
    row = world.judge(claim, measure)
    assert row["verdict"] == verdict, row["rule"]
    assert row["low"] <= row["effect"] <= row["high"]


def test_loss_variances_are_compared_seed_by_seed() -> None:
    world = World().multiply("outcomes", "generator_loss_variance", 0.5).fail("diverged", "exact")
    frame = world.tables["outcomes"]
    world.tables["outcomes"] = frame[(frame["mode"] != "exact") | (frame["seed"] > 3)]
    few = world.judge("C2", CALM)
    assert "2 seeds in common, of 5 needed" in few["rule"]
    row = World().multiply("outcomes", "generator_loss_variance", 0.5).judge("C2", CALM)
    # Seed by seed the ratio is the same: pairing leaves no spread, and the interval is a point.
    assert (row["effect"], row["low"], row["high"]) == pytest.approx((0.5,) * 3)


def test_the_chaos_floor_stands_beside_the_quality() -> None:
    world = World()
    assert "chaos floor (sds) not measured, not measured;" in world.judge("C3", "final q")["rule"]
    floors = [
        {"study": "s", "dataset": dataset, "model": "m", "loss": "nonsaturating", "mode": MODE,
         "epsilon": CHOSEN, "settings": "", "metric": metric, "floor": floor}
        for dataset in ("moons", "ring")
        for metric, floor in (("energy_distance", 0.25), ("mmd2", 9.0))
    ]  # fmt: skip
    world.tables["comparisons"] = synthetic.frame("comparisons", floors)
    assert "chaos floor (sds) 0.25, 0.25;" in world.judge("C3", "final quality")["rule"]


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
    assert world.judge("C3", "final quality")["verdict"] == "undecided"


def test_effects_are_those_put_in() -> None:
    assert World().add(2 * SD).judge("C3", "final quality")["effect"] == pytest.approx(2.0)
    assert World().widen(3.0).judge("C2", "seed-to-seed")["effect"] == pytest.approx(3.0)
    forwards = World().multiply("outcomes", "forwards", 4).judge("C5", FORWARDS)
    assert forwards["effect"] == forwards["low"] == pytest.approx((4 * 2 + 2 * 2) / (2 + 2 * 2))
    seconds = World().multiply("cost", "seconds", 3).judge("C5", SECONDS)
    assert seconds["effect"] == pytest.approx(3.0)
    # Grid of three steps over four decades: each stands for two.
    assert World().add(3 * SD, 1e-6).judge("C6", "width")["effect"] == pytest.approx(4.0)


def test_the_range_of_uneven_steps_reaches_halfway_to_the_next() -> None:
    world = World()
    for name in ("outcomes", "quality", "cost", "gradient_error"):
        world.tables[name]["epsilon"] = world.tables[name]["epsilon"].replace(1e-2, 1e-3)
    # 1e-6, 1e-4 and 1e-3 stand for 2, 1.5 and 1 decades.
    assert world.judge("C6", "width")["effect"] == pytest.approx(4.5)
    assert world.add(3 * SD, 1e-6).judge("C6", "width")["effect"] == pytest.approx(2.5)


def test_a_data_set_with_one_step_has_no_range_and_is_left_out() -> None:
    world = World()
    for name in ("outcomes", "quality", "cost"):
        frame = world.tables[name]
        others = world.where(name) & (frame["epsilon"] != CHOSEN)
        world.tables[name] = frame[~(others & (frame["dataset"] == "moons"))]
    row = world.judge("C6", "width")
    assert row["verdict"] == "supported"
    assert row["effect"] == pytest.approx(6.0)
    assert "left out, as one ε is no range: s/moons/" in row["rule"]
    for name in ("outcomes", "quality", "cost"):
        frame = world.tables[name]
        world.tables[name] = frame[~world.where(name) | (frame["epsilon"] == CHOSEN)]
    row = world.judge("C6", "width")
    assert row["verdict"] == "undecided"
    assert "fewer than two ε were run" in row["rule"]


def test_a_diverged_run_counts_as_the_cap() -> None:
    row = World().fail("diverged", epsilon=CHOSEN).judge("C3", "final quality")
    assert row["effect"] == pytest.approx(10 * RULES["cap_sds"] / 12)


def test_the_step_is_chosen_by_the_probe_not_by_the_result() -> None:
    world = World().add(3 * SD, CHOSEN)
    row = world.judge("C3", "final quality")
    assert row["effect"] == pytest.approx(3.0)
    assert f"ε={CHOSEN:g}" in row["cells"]
    errors = world.tables["gradient_error"]
    errors["chooses_epsilon"] = errors["dtype"] == "float64"
    assert "ε=1e-06" in world.judge("C3", "final quality")["cells"]


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
        ([1.0, 0.6, 0.5], 400.0),
        ([0.1, 0.6, 0.2], 1.0),
        ([np.nan, 0.2, 0.2], 100.0),
        ([1.0, np.nan, np.nan], 400.0),
    ],
)
def test_reach_interpolates_between_snapshots(values: list[float], expected: float) -> None:
    rows = pd.DataFrame({"step": [0, 100, 200], "value": values})
    assert cost.reach(rows, 0.4, 400.0) == pytest.approx(expected)


def test_written_twice_is_the_same_table(tmp_path: Path) -> None:
    tables = {**synthetic.make(), "claims": synthetic.empty()["claims"]}
    for name, frame in tables.items():
        files.write_table(tmp_path / name, frame)
    for stem in ("a", "b"):
        claims.write(tmp_path, RULES, tmp_path / stem)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
