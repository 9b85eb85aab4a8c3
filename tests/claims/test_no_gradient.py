"""C7 on doctored distances, and the table of what every way reached."""

import numpy as np
import pandas as pd
import pytest
import recompute
from worlds import synthetic
from worlds.blind import FORMULA, LUCK, WAYS, errors, world
from worlds.claims import RULES

from approxgan.claims import no_gradient, noise_laws
from approxgan.claims import stage as claims


def judged(tables, rules=RULES):
    made = claims.judge(tables, rules, ["C7"])
    return {row["measure"]: row for row in made.to_dict("records")}


def test_the_formula_trains_within_the_multiple_that_the_config_fixes():
    row = judged(world())["distance_to_reference"]
    # All are judged after the 4000 samples that the reference spent: half of the formula's run.
    ratio = np.exp(np.mean(LUCK[1] + np.log(0.15) / 2 - LUCK[0] - np.log(0.1)))
    assert row["effect"] == pytest.approx(ratio)
    assert row["bound"] == 2.0
    assert row["verdict"] == "contradicted"
    # Its settings were chosen for the whole run.
    assert "4e+03 calls; forward_difference has settings for 8e+03" in row["note"]


@pytest.mark.parametrize(
    ("end", "verdict", "best"),
    [
        (0.15, "supported", "supported"),
        (0.1 * 2.0, "undecided", "contradicted"),
        (0.5, "contradicted", "contradicted"),
    ],
)
def test_verdicts_follow_the_distance(end, verdict, best):
    ways = {key: (value, 8.0) for key, (value, _) in WAYS.items()}
    found = judged(world({**ways, (FORMULA, ""): (end, 8.0)}))
    assert found["distance_to_reference"]["verdict"] == verdict
    assert found["distance_to_best_other"]["verdict"] == best
    assert "spsa" in found["distance_to_best_other"]["note"]
    assert {row["reading"] for row in found.values()} == {"equal_calls"}


def untuned():
    """The tables with a cell of the formula whose ε was not chosen, and far from the truth."""
    tables = world()
    for name, frame in tables.items():
        mine = (frame["generator_mode"] == FORMULA) & (frame["settings"] == "")
        # First in any order.
        again = frame[mine].assign(epsilon=1e-3, generator_epsilon=1e-3, tuned="")
        if name == "quality":
            again["value"] = 1.0
        tables[name] = pd.concat([again, frame], ignore_index=True)
    return tables


def test_the_formula_is_judged_at_its_best():
    found, plain = judged(untuned()), judged(world())
    for measure, row in plain.items():
        assert found[measure]["effect"] == row["effect"]
    tables = untuned()
    tables["gradient_error"] = synthetic.frame("gradient_error", [])
    tables["claims"] = claims.judge(tables, RULES)
    assert recompute.differing(recompute.recompute(tables, RULES)).empty


def shorter():
    """The tables with a cell of the formula besides that has half the budget, and ends nearer."""
    tables = world()
    for name, frame in tables.items():
        mine = (frame["generator_mode"] == FORMULA) & (frame["settings"] == "")
        again = frame[mine].assign(settings="short", varied='{"learning_rate": 0.1}', budget=4e3)
        if name == "quality":
            again = again[again["step"] <= 500]
            again.loc[again["step"] == 500, "value"] *= 0.5
        if name == "outcomes":
            again = again.assign(steps=500.0, calls=4e3)
        if name == "cost":
            again = again.assign(trained_steps=again["trained_steps"] / 2)
        tables[name] = pd.concat([frame, again], ignore_index=True)
    return tables


def test_the_formula_is_judged_with_settings_for_the_budget_at_which_it_is_judged():
    found, long = (judged(tables)["distance_to_reference"] for tables in (shorter(), world()))
    assert found["effect"] == pytest.approx(long["effect"] / 2)
    assert "has settings for" not in found["note"]
    tables = shorter()
    reached = no_gradient.distances(no_gradient.studies(tables, RULES))
    mine = reached[(reached["mode"] == FORMULA) & (reached["noise"] == "common")]
    mine = mine[mine["calls"] == 4e3].set_index("budget")["distance"]
    assert mine[4e3] == pytest.approx(mine[np.nan] / 2)
    tables["gradient_error"] = synthetic.frame("gradient_error", [])
    tables["claims"] = claims.judge(tables, RULES)
    assert recompute.differing(recompute.recompute(tables, RULES)).empty


def test_another_program_comes_to_the_same():
    tables = world()
    tables["gradient_error"] = synthetic.frame("gradient_error", [])
    tables["claims"] = claims.judge(tables, RULES)
    again = recompute.recompute(tables, RULES)
    assert recompute.differing(again).empty
    assert (again["reading"] == "equal_calls").sum() == 2


def test_a_diverged_run_counts_as_its_start():
    (study,) = no_gradient.studies(world(diverged=[FORMULA]), RULES)
    formula = study.beside("reference", FORMULA)
    assert formula is not None
    assert (formula.mine.at_calls(4000) == 1.0).all()


def test_where_data_lack_the_row_says_so():
    few = judged(world(seeds=4))["distance_to_reference"]
    assert few["reason_code"] == "lack_of_data"
    assert "4 seeds in common, of 5 needed" in few["note"]
    alone = {key: value for key, value in WAYS.items() if key[0] == FORMULA}
    lacking = judged(world(alone))
    assert "none of expected was run" in lacking["distance_to_reference"]["note"]
    assert "no other mode was run" in lacking["distance_to_best_other"]["note"]
    assert not judged(world({key: value for key, value in WAYS.items() if key[0] != FORMULA}))


def test_a_study_with_a_gradient_is_judged_elsewhere():
    assert not judged(world({**WAYS, ("exact", ""): (0.1, 8.0)}))


def test_the_table_has_the_best_way_of_each_kind():
    made = no_gradient.distances(no_gradient.studies(world(), RULES))
    assert set(made["calls"]) == {1000.0, 4000.0}
    last = made[made["calls"] == 4000].set_index(["mode", "noise"])
    best = last["best_of"]
    assert best[("spsa", "common")] == "common, all"
    assert best[("avo", "")] == "fresh"
    assert best[(FORMULA, "fresh")] == ""
    row = last.loc[(FORMULA, "common")]
    assert row["low"] < row["distance"] < row["high"]
    assert row["distance"] == pytest.approx(np.exp(LUCK[1].mean() + np.log(0.15) / 2))
    assert pd.isna(last.loc[("expected", ""), "ratio"])
    assert (last["dimension"] == 10).all()


def test_a_way_is_best_only_once_it_was_scored_and_got_nearer():
    slow = {**WAYS, ("spsa", ""): (1e-3, 16.0), ("avo", ""): (1.5, 8.0)}
    made = no_gradient.distances(no_gradient.studies(world(slow), RULES))
    reached = made.set_index(["mode", "noise", "calls"])["best_of"]
    # Its first score, at step 100, comes after 1,600 samples.
    assert reached[("spsa", "common", 1000.0)] == ""
    assert reached[("spsa", "common", 4000.0)] == "common, all"
    assert not any("fresh" in reached[("avo", "", calls)] for calls in (1000.0, 4000.0))


@pytest.mark.parametrize(("noise", "slope"), [("common", -0.5), ("fresh", -1.0), ("fresh", -0.7)])
def test_the_slope_of_an_error_is_found_with_its_interval(noise, slope):
    made = noise_laws.laws({"gradient_error": errors({noise: slope, "fresh": slope})}, RULES)
    row = made.set_index("noise").loc[noise]
    assert row["low"] < slope < row["high"]
    assert row["high"] - row["low"] < 0.1
    assert row["expected"] == {"common": -0.5, "fresh": -1.0}[noise]
    assert (row["epsilon"], row["points"]) == (0.1, 8)


def test_probes_that_state_no_draws_have_no_law():
    assert noise_laws.laws({"gradient_error": errors({"common": -0.5})}, RULES).empty
