"""A gain over exact counts where the matched control does not share it."""

from __future__ import annotations

import pytest
from worlds.claims import (
    CHOSEN,
    CONTROL,
    MODE,
    RULES,
    World,
)

from approxgan.claims import stage as claims

CALM, WILD = "variance_of_discriminator_loss", "discriminator_loss_variance"


@pytest.mark.parametrize(
    ("world", "measure", "verdict"),
    [
        # A gain over exact, and the control made before it: it does not share the gain.
        (World().control().speed(2.0), "steps_to_target", "supported"),
        (World().speed(2.0).control(), "steps_to_target", "no relevant effect"),
        (World().control(), "steps_to_target", "no relevant effect"),
        (
            World().fail("diverged", "exact").fail("diverged").control().mend(),
            "diverged_runs",
            "supported",
        ),
        # 24 runs of either, none of them diverged: too few to rule out a difference of 0.1.
        (World().fail("diverged", "exact").control(), "diverged_runs", "undecided"),
        (World().control(), "diverged_runs", "undecided"),
        (World().control().fail("diverged"), "diverged_runs", "contradicted"),
        (World().control().widen(0.2), "spread_of_final_quality", "supported"),
        (World().widen(0.2).control(), "spread_of_final_quality", "no relevant effect"),
        (World().control().multiply("outcomes", WILD, 0.5), CALM, "supported"),
        (World().multiply("outcomes", WILD, 0.5).control(), CALM, "no relevant effect"),
    ],
)
def test_a_gain_counts_only_where_the_control_does_not_share_it(
    world: World, measure: str, verdict: str
) -> None:
    row = world.judge(measure, CONTROL)
    assert row["verdict"] == verdict, row
    assert row["low"] <= row["effect"] <= row["high"]
    assert CONTROL in row["cells"]


def test_a_shared_rate_is_found_where_the_runs_suffice() -> None:
    world = World().fail("diverged", "exact").control()
    row = world.judge("diverged_runs", CONTROL, {**RULES, "rate_margin": 0.2})
    assert (row["verdict"], row["reason_code"]) == ("no relevant effect", "ok")


def test_without_a_gain_there_is_nothing_to_share() -> None:
    row = World().control().widen(3.0).judge("spread_of_final_quality", CONTROL)
    assert (row["verdict"], row["reason_code"]) == ("contradicted", "no_gain")


def test_a_mode_is_no_match_of_one_whose_name_begins_like_it() -> None:
    world = World().control()
    for frame in world.tables.values():
        if "mode" in frame:
            frame["mode"] = frame["mode"].replace(MODE, "forward")
    rows = claims.judge(world.tables, {**RULES, "modes": ["forward"]}, ["C1"])
    assert set(rows.loc[rows["is_control"], "against"]) == {claims.NO_CONTROL}


def test_a_shared_gain_is_told_with_both_of_its_numbers() -> None:
    row = World().control().speed(2.0).judge("steps_to_target", CONTROL)
    alone = World().speed(2.0).judge("steps_to_target")
    # The control trains as exact does, so that the two ratios agree.
    assert row["effect"] == pytest.approx(alone["effect"])
    assert f"over exact, at the same ε: {alone['effect']:.3g} (" in row["note"]


def test_the_step_is_chosen_among_those_of_the_control() -> None:
    world = World().control([1e-2], own="smallest").speed(2.0)
    row = world.judge("steps_to_target", f"{CONTROL} (smallest)")
    assert row["verdict"] == "supported"
    assert row["cells"].count("ε=0.01") == 4
    assert f"ε={CHOSEN:g}" not in row["cells"]


def test_without_a_control_the_question_is_open() -> None:
    made = claims.judge(World().speed(2.0).tables, RULES, ["C1", "C2"])
    rows = made[made["is_control"]]
    assert list(rows["claim"]) == ["C1", "C2"]
    assert set(rows["verdict"]) == {"undecided"}
    assert rows["note"].str.contains("no control that is matched").all()


def test_a_control_with_few_seeds_leaves_it_open() -> None:
    world = World().control().speed(2.0)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[~world.where(name, CONTROL) | (frame["seed"] < 4)]
    row = world.judge("steps_to_target", CONTROL)
    assert row["verdict"] == "undecided"
    assert "4 seeds in common, of 5 needed" in row["note"]
