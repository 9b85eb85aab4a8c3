"""A gain over exact counts where the matched control does not share it."""

from __future__ import annotations

import pytest
from worlds.claims import (
    CHOSEN,
    CONTROL,
    RULES,
    SHARED,
    SHARED_CALM,
    SHARED_RATE,
    SHARED_SPREAD,
    STEP,
    World,
)

from approxgan.claims import stage as claims


@pytest.mark.parametrize(
    ("world", "claim", "measure", "verdict"),
    [
        # A gain over exact, and the control made before it: it does not share the gain.
        (World().control().speed(2.0), "C1", SHARED, "supported"),
        (World().speed(2.0).control(), "C1", SHARED, "contradicted"),
        (World().control(), "C1", SHARED, "contradicted"),
        (World().fail("diverged", "exact").fail("diverged").control().mend(), "C2", SHARED_RATE,
         "supported"),
        # 24 runs of either, none of them diverged: too few to rule out a difference of 0.1.
        (World().fail("diverged", "exact").control(), "C2", SHARED_RATE, "undecided"),
        (World().control(), "C2", SHARED_RATE, "undecided"),
        (World().control().fail("diverged"), "C2", SHARED_RATE, "contradicted"),
        (World().control().widen(0.2), "C2", SHARED_SPREAD, "supported"),
        (World().widen(0.2).control(), "C2", SHARED_SPREAD, "contradicted"),
        (World().control().multiply("outcomes", "discriminator_loss_variance", 0.5), "C2",
         SHARED_CALM, "supported"),
        (World().multiply("outcomes", "discriminator_loss_variance", 0.5).control(), "C2",
         SHARED_CALM, "contradicted"),
    ],
)  # fmt: skip
def test_a_gain_counts_only_where_the_control_does_not_share_it(
    world: World, claim: str, measure: str, verdict: str
) -> None:
    row = world.judge(claim, measure)
    assert row["verdict"] == verdict, row["rule"]
    assert row["low"] <= row["effect"] <= row["high"]
    assert CONTROL in row["cells"]


def test_a_shared_rate_is_found_where_the_runs_suffice() -> None:
    world = World().fail("diverged", "exact").control()
    row = world.judge("C2", SHARED_RATE, {**RULES, "rate_margin": 0.2})
    assert row["verdict"] == "contradicted"


def test_a_shared_gain_is_told_with_both_of_its_numbers() -> None:
    row = World().control().speed(2.0).judge("C1", SHARED)
    alone = World().speed(2.0).judge("C1", STEP)
    # The control trains as exact does, so that the two ratios agree.
    assert row["effect"] == pytest.approx(alone["effect"])
    assert f"over exact it is supported, {alone['effect']:.3g}" in row["rule"]


def test_the_step_is_chosen_among_those_of_the_control() -> None:
    world = World().control([1e-2], own="smallest").speed(2.0)
    row = world.judge("C1", f"÷ its matched {CONTROL} (smallest)'s")
    assert row["verdict"] == "supported"
    assert row["cells"].count("ε=0.01") == 4
    assert f"ε={CHOSEN:g}" not in row["cells"]


def test_without_a_control_the_question_is_open() -> None:
    made = claims.judge(World().speed(2.0).tables, RULES, ["C1", "C2"])
    rows = made[made["measure"].str.contains("controls do not share")]
    assert list(rows["claim"]) == ["C1", "C2"]
    assert set(rows["verdict"]) == {"undecided"}
    assert rows["rule"].str.contains("no control that is matched").all()


def test_a_control_with_few_seeds_leaves_it_open() -> None:
    world = World().control().speed(2.0)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[~world.where(name, CONTROL) | (frame["seed"] < 4)]
    row = world.judge("C1", SHARED)
    assert row["verdict"] == "undecided"
    assert "4 seeds in common, of 5 needed" in row["rule"]
