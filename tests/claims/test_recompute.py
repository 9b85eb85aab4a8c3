"""Verdicts are the same where they are computed by another program, which shares no statistics."""

from __future__ import annotations

import json

import numpy as np
import pytest
import recompute
from worlds.claims import CHOSEN, EPSILONS, MODE, RULES, SD, World

from approxgan.claims import stage as claims

OWN = {**RULES, "own_experiment": ["article"]}


def rich() -> World:
    """Every kind of cell, with noise of its own: no effect is exactly at a bound."""
    world = World().control(own="smallest").speed(1.3).add(0.4 * SD).add(4 * SD, 1e-6)
    for mode in ("exact", MODE):
        source = (mode, None if mode == "exact" else CHOSEN)
        for rate in (1e-5, 1e-2):
            world.cell(source, add=SD, learning_rate=rate, settings=f"learning_rate{rate:g}",
                       varied=json.dumps({"learning_rate": rate}))  # fmt: skip
    for epsilon in EPSILONS:
        world.cell((MODE, CHOSEN), epsilon=epsilon, dtype="float64", settings="float64",
                   varied='{"dtype": "float64"}')  # fmt: skip
    world.cell((MODE, 1e-2), add=SD, epsilon=np.nan, rule="dtype", settings="dtype")
    world.cell((MODE, 1e-2), tuned='{"epsilon": 0.01}', settings="tuned")
    world.study("article", shift=0.1).study("paid", shift=0.2)
    random = np.random.default_rng(5)
    tables = world.tables
    quality, runs, cost = tables["quality"], tables["outcomes"], tables["cost"]
    fresh = (quality["mode"] != "exact") & (quality["step"] > 0)
    noise = random.normal(0, SD / 2, len(quality))
    quality["value"] += np.where(fresh, noise, 0.0)
    for name in ("generator_loss_variance", "discriminator_loss_variance"):
        runs[name] *= np.exp(random.normal(0, 0.2, len(runs)))
    cost["cpu_seconds"] *= np.exp(random.normal(0, 0.1, len(cost)))
    for frame in (quality, runs, cost):
        frame["budget"] = np.where(frame["study"] == "paid", 6000.0, np.nan)
    world.fail("diverged", MODE, 1e-2).fail("vanished", MODE, 1e-6)
    runs["diverged_step"] = np.where(runs["diverged"].astype(bool), 700.0, np.nan)
    dear = (runs["study"] == "paid") & (runs["mode"] == MODE)
    tables["outcomes"] = runs.assign(
        budget=runs["budget"].mask(dear, 15000.0), steps=runs["steps"].mask(dear, 2500.0)
    )
    return world.study("again")


def test_another_program_comes_to_the_same_verdicts() -> None:
    tables = dict(rich().tables)
    tables["claims"] = claims.judge(tables, OWN)
    again = recompute.recompute(tables, OWN)
    assert recompute.differing(again).empty
    np.testing.assert_allclose(again["p_holm"], again["again_p_holm"], rtol=1e-6, atol=1e-12)
    judged = again[again["reason_code"] != "lack_of_data"]
    assert set(judged["scope"]) == {"article", "other"}
    assert set(judged["reading"]) == {"same_steps", "equal_cost", "epsilon", "learning_rate"}
    assert judged["is_control"].any()
    assert {measure.name for measure in claims.MEASURES} == {
        name for name in judged["measure"] if "by_rule" not in name
    }
    assert len(judged["verdict"].unique()) == 4


def test_one_pair_of_jobs_has_no_interval_there_either() -> None:
    world = World()
    cost = world.tables["cost"]
    world.tables["cost"] = cost[(cost["dataset"] == "ring") & (cost["first_seed"] == 0)]
    made = claims.judge(world.tables, RULES, ["C5"])
    again = recompute.recompute(world.tables | {"claims": made}, RULES)
    assert recompute.differing(again).empty
    assert list(made["reason_code"]) == ["ok", "no_interval"]


@pytest.mark.parametrize(("column", "value"), [("verdict", "supported"), ("low", 0.123)])
def test_a_doctored_table_is_found(column: str, value: object) -> None:
    tables = dict(World().tables)
    made = claims.judge(tables, RULES, ["C1"])
    made.loc[0, column] = value
    assert list(
        recompute.differing(recompute.recompute(tables | {"claims": made}, RULES)).index
    ) == [0]
