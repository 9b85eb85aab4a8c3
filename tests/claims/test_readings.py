"""Claims are judged apart by experiment, and under each reading of how modes are compared."""

from __future__ import annotations

import json

import numpy as np
import pytest
from worlds import synthetic
from worlds.claims import CHOSEN, EPSILONS, MODE, RULES, SD, World

from approxgan.claims import stage as claims
from approxgan.claims.landing import landed
from approxgan.claims.matching import groups
from approxgan.storage.tables import EPSILON_RULES

OWN = {**RULES, "own_experiment": ["article"]}


def rate(value: float) -> dict[str, object]:
    """Columns of a cell that trains at another learning rate."""
    return {
        "learning_rate": value,
        "varied": json.dumps({"learning_rate": value}),
        "settings": f"learning_rate{value:g}",
    }


def test_the_articles_own_experiment_is_judged_first_and_apart() -> None:
    world = World().study("article", shift=0.1).add(3 * SD)
    frame = world.tables["quality"]
    frame.loc[world.where("quality") & (frame["study"] == "article"), "value"] -= 6 * SD
    made = claims.judge(world.tables, OWN, ["C3"])
    assert list(made["scope"]) == ["article", "other"]
    assert list(made["verdict"]) == ["contradicted", "supported"]
    assert made["cells"].str.contains("article/").tolist() == [True, False]
    assert list(claims.judge(world.tables, RULES, ["C3"])["scope"]) == ["other"]


def test_a_mode_has_rows_where_it_was_run_and_one_where_it_was_nowhere() -> None:
    world = World().study("article", shift=0.1, only=["exact"])
    rules = {**OWN, "modes": [MODE, "spsa"]}
    made = claims.judge(world.tables, rules, ["C3"])
    assert list(zip(made["scope"], made["mode"], strict=True)) == [
        ("other", MODE),
        ("other", "spsa"),
    ]
    assert list(made["reason_code"]) == ["ok", "lack_of_data"]
    assert "no data set was run with spsa" in made["note"].iloc[1]


def test_runs_that_two_studies_share_count_once() -> None:
    once = World().judge("final_quality")
    twice = World().study("t").judge("final_quality")
    assert (twice["effect"], twice["low"], twice["runs"]) == (once["effect"], once["low"], 24)
    apart = World().study("t", shift=0.1).judge("final_quality")
    assert apart["runs"] == 2 * once["runs"]


def test_modes_are_compared_at_the_smallest_budget() -> None:
    """Half as fast a step and three budgets: at exact's cost the mode is half-way."""
    world = World().equal_cost(budgets=3.0, pace=0.5)
    row = world.judge("final_quality", reading="equal_cost")
    assert row["mode_value"] == pytest.approx(0.55, abs=SD)
    assert row["other_value"] == pytest.approx(0.1, abs=SD)
    assert (row["verdict"], row["capped"]) == ("supported", row["runs"])
    assert "judged before the end of their runs" in row["note"]
    whole = World().equal_cost(budgets=1.0, pace=0.5).judge("final_quality", reading="equal_cost")
    assert "before the end" not in whole["note"]
    assert set(claims.judge(world.tables, RULES, ["C2"])["reading"]) == {"equal_cost"}


@pytest.mark.parametrize(
    ("budgets", "pace", "multiple"), [(3.0, 0.5, 2.0), (1.0, 2.0, 0.5), (2.0, 0.25, np.inf)]
)
def test_the_multiple_of_exacts_cost_is_read_off_the_whole_curve(
    budgets: float, pace: float, multiple: float
) -> None:
    row = World().equal_cost(budgets, pace).judge("forward_equivalents_to_target")
    assert row["reading"] == "equal_cost"
    assert row["mode_value"] / row["other_value"] == pytest.approx(multiple, rel=0.02)
    if np.isinf(multiple):
        # In the end it is half-way, at twice of what exact spends to get there.
        assert "never within 2" in row["note"]
        assert row["censored"] == row["runs"]
        assert row["verdict"] == "contradicted"
    else:
        assert f"ring {multiple:.3g}"[:7] in row["note"]
        assert row["verdict"] == ("contradicted" if multiple > 1 else "supported")


def test_a_run_that_diverges_after_the_smallest_budget_has_not() -> None:
    world = World().equal_cost(budgets=3.0).fail("diverged")
    runs = world.tables["outcomes"]
    runs["diverged_step"] = np.where(runs["diverged"].astype(bool), 1500.0, np.nan)
    assert world.judge("diverged_runs", reading="equal_cost")["mode_value"] == 0.0
    runs["diverged_step"] = runs["diverged_step"] - 600
    assert world.judge("diverged_runs", reading="equal_cost")["mode_value"] == pytest.approx(
        10 / 12
    )


def test_every_mode_under_a_budget_is_judged() -> None:
    world = World().equal_cost()
    for name in ("spsa", "perturbed_start"):
        world.cell((MODE, CHOSEN), mode=name, epsilon=np.nan, rule="")
    made = claims.judge(world.tables, RULES, ["C3"])
    assert list(made["mode"]) == [MODE, "spsa"]


def test_too_small_and_too_large_steps_are_found_wherever_they_are() -> None:
    """The smallest ε trains well; one between it and the chosen one does not."""
    world = World().cell((MODE, 1e-6), add=3 * SD, epsilon=1e-5)
    row = world.judge("final_quality_at_smaller_steps")
    assert (row["verdict"], row["reading"], row["dtype"]) == ("supported", "epsilon", "float32")
    assert row["effect"] == pytest.approx(3.0)
    assert "the largest, at 1e-05, of 1e-06: 0 (0 to 0), 1e-05: 3 (" in row["note"]
    assert world.judge("final_quality_at_larger_steps")["verdict"] == "no relevant effect"


def test_each_precision_has_its_own_range() -> None:
    """In float32 the smallest ε fails, in float64 it does not."""
    world = World().add(3 * SD, 1e-6)
    for epsilon in EPSILONS:
        source = (MODE, CHOSEN)
        columns = {"epsilon": epsilon, "dtype": "float64", "varied": '{"dtype": "float64"}'}
        world.cell(source, settings="float64", **columns)
    low = world.judge("final_quality_at_smaller_steps", dtype="float32")
    assert low["verdict"] == "supported"
    # The probe in float64 prefers the smallest ε, so that none is smaller.
    assert world.judge("final_quality_at_larger_steps", dtype="float64")["effect"] == 0.0
    widths = [world.judge("range_of_good_steps", dtype=d)["effect"] for d in ("float32", "float64")]
    assert widths == pytest.approx([4.0, 6.0])
    # Cells of another precision are none that the other claims choose from.
    assert "float64" not in world.judge("final_quality")["cells"]


def test_the_step_is_also_read_as_the_learning_rate() -> None:
    """Of exact too: a small rate is slow, a large one diverges."""
    world = World()
    for source in (("exact", None), (MODE, CHOSEN)):
        world.cell(source, add=4 * SD, **rate(1e-5))
        world.cell(source, **rate(3e-3))
        world.cell(source, **rate(1.0))
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        rows = frame["settings"].eq("learning_rate1") & (frame["seed"] < 10)
        if name == "outcomes":
            frame.loc[rows, "diverged"] = True
        else:
            frame.loc[rows & (frame["step"] > 0), "value"] = np.nan
    for mode in ("exact", MODE):
        where = {"mode": mode, "reading": "learning_rate"}
        slow = world.judge("final_quality_at_smaller_steps", **where)
        assert (slow["verdict"], slow["effect"]) == ("supported", pytest.approx(4.0))
        fast = world.judge("failed_runs_at_larger_steps", **where)
        assert (fast["verdict"], fast["effect"]) == ("supported", pytest.approx(10 / 12))
        width = world.judge("range_of_good_steps", **where)
        assert width["verdict"] == "supported"
        assert (
            "shown to be as good as exact: s/moons/m/nonsaturating: 0.001, 0.003" in width["note"]
        )
        own = world.judge("final_quality_at_own_step", **where)
        assert (own["verdict"], own["effect"]) == ("supported", 0.0)
    # The learning rates are no cells that the other claims choose from.
    plain = World().judge("final_quality")
    assert world.judge("final_quality")["cells"] == plain["cells"]


@pytest.mark.parametrize(("add", "verdict"), [(0.0, "supported"), (3 * SD, "contradicted")])
def test_a_rule_is_judged_by_what_it_loses_against_the_best_fixed_step(
    add: float, verdict: str
) -> None:
    world = World().add(SD, 1e-6).add(SD, 1e-4)
    world.cell((MODE, 1e-2), add=add, epsilon=np.nan, rule="adaptive", settings="adaptive")
    world.cell((MODE, 1e-2), add=add, tuned='{"epsilon": 0.01}', settings="epsilon_tuned")
    for rule in ("adaptive", "tuned"):
        row = world.judge(f"final_quality_by_rule_{rule}")
        assert (row["verdict"], row["effect"]) == (verdict, pytest.approx(add / SD))
        assert "ε=0.01" in row["note"]
    assert "tuned" not in world.judge("final_quality")["cells"]


def test_runs_that_did_not_learn_say_nothing_about_oscillation() -> None:
    """Half of the seeds stand still, with a still loss: the others oscillate as exact does."""
    world = World()
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        still = world.where(name, epsilon=CHOSEN) & (frame["seed"] < 5)
        if name == "quality":
            frame.loc[still & (frame["step"] > 0), "value"] = 1.0
        else:
            frame.loc[still, "generator_loss_variance"] = 1e-6
    row = world.judge("variance_of_generator_loss")
    assert (row["effect"], row["runs"]) == (pytest.approx(1.0), 14)


def test_what_the_cap_decides_is_told_uncapped() -> None:
    row = World().add(0.4).judge("final_quality")
    assert (row["effect"], row["capped"]) == (10.0, 24)
    assert row["mode_value"] - row["other_value"] == pytest.approx(0.4)


def test_where_rules_land_is_told_with_their_cost_and_loss() -> None:
    """The fixed ε of the same runs of exact stand in another study."""
    world = World().add(SD, 1e-6).add(SD, CHOSEN)
    world.cell((MODE, 1e-2), add=2 * SD, epsilon=np.nan, rule="adaptive", study="t")
    world.cell((MODE, 1e-2), tuned='{"epsilon": 0.01}', study="t")
    world.cell(("exact", None), study="t")
    outcomes = world.tables["outcomes"]
    ruled = outcomes["rule"] == "adaptive"
    outcomes["forwards"] = outcomes["forwards"].astype(float).mask(ruled, 5000)
    traced = outcomes[outcomes["study"] == "t"].assign(step=0)
    used = np.where(traced["rule"] == "adaptive", 3e-3, traced["epsilon"])
    traced = traced.assign(generator_epsilon_used=used, discriminator_epsilon_used=2 * used)
    tried = [{"study": "t", "dataset": d, "model": "m", "loss": "nonsaturating", "mode": MODE,
              "values": json.dumps({"epsilon": e}), "seeds": 4}
             for d in ("ring", "moons") for e in EPSILONS]  # fmt: skip
    tables = world.tables | {
        "training": synthetic.frame("training", traced.to_dict("records")),
        "tuning": synthetic.frame("tuning", tried),
    }
    made = landed(tables, groups(tables, RULES), RULES).set_index(["dataset", "rule"])
    assert list(made.columns.union(["dataset", "rule"])) == sorted(EPSILON_RULES)
    assert len(made) == 4
    for dataset in ("ring", "moons"):
        rule, tuned = made.loc[(dataset, "adaptive")], made.loc[(dataset, "tuned")]
        assert (rule["generator_epsilon"], rule["discriminator_epsilon"]) == (3e-3, 6e-3)
        assert rule["best_epsilon"] == tuned["best_epsilon"] == 1e-2
        assert rule["cost_ratio"] == pytest.approx((5000 + 4000) / 6000)
        assert (rule["runs_before"], tuned["runs_before"]) == (0, 12)
        assert rule["loss_sds"] == pytest.approx(2.0)
        assert tuned["loss_sds"] == 0.0
        assert rule["quality"] - rule["best_quality"] == pytest.approx(2 * SD)


def test_a_range_of_which_nothing_is_shown_is_undecided() -> None:
    """Noise as large as the margin: no ε is shown to be good, and none to be bad."""
    world = World()
    frame = world.tables["quality"]
    noise = np.random.default_rng(1).normal(SD / 2, 3 * SD, len(frame))
    frame["value"] += np.where(world.where("quality") & (frame["step"] > 0), noise, 0.0)
    row = world.judge("range_of_good_steps")
    assert (row["verdict"], row["low"]) == ("undecided", 0.0)
    assert row["p"] > 0.2
