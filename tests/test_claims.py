"""Verdicts on doctored tables in which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic
import yaml

from approxgan import _claim_cost, claims, record
from approxgan import config as configuration
from approxgan.figures import _groups
from approxgan.tables import CLAIMS

MODE, CONTROL = "forward_difference", "noisy_exact"
EPSILONS = (1e-6, 1e-4, 1e-2)
CHOSEN = 1e-4
SEEDS = range(12)
STEPS = (0, 250, 500, 750, 1000)
RULES: dict[str, Any] = {
    "metric": "energy_distance", "baseline": "exact", "modes": [MODE], "losses": ["nonsaturating"],
    "probe_dtype": "float32", "alpha": 0.05, "resamples": 499, "seed": 1, "least_seeds": 5,
    "equivalence_sds": 0.5, "cap_sds": 10.0, "never_runs": 2.0, "speed_margin": 0.1,
    "rate_margin": 0.1, "spread_margin": 0.2, "cost_margin": 0.1,
}  # fmt: skip
SD = 0.02
RNG = np.random.default_rng(0)
LUCK = RNG.normal(size=(2, len(SEEDS)))
LUCK = (LUCK - LUCK.mean(1, keepdims=True)) / LUCK.std(1, ddof=1, keepdims=True)
"""[datasets, seeds]: exact's scores around their mean; the modes share it, seed by seed."""


class World:
    """Tables in which every mode trains exactly as exact does, until told otherwise."""

    def __init__(self) -> None:
        rows: dict[str, list[dict[str, Any]]] = {"outcomes": [], "quality": [], "cost": []}
        for d, dataset in enumerate(("ring", "moons")):
            base = {"study": "s", "dataset": dataset, "model": "m", "loss": "nonsaturating"}
            for mode, epsilon in [("exact", np.nan), *((MODE, e) for e in EPSILONS)]:
                cell = {**base, "mode": mode, "epsilon": epsilon, "settings": ""}
                for block in ("0-5", "6-11"):
                    rows["cost"].append({**cell, "seeds": block, "seconds": 60.0})
                for seed in SEEDS:
                    run = {**cell, "seed": seed}
                    rows["outcomes"].append({
                        **run, "steps": 1000, "diverged": False, "vanished": False,
                        "forwards": 2000, "backwards": 2000,
                        "generator_loss_variance": np.exp(LUCK[d, seed]),
                        "discriminator_loss_variance": np.exp(-LUCK[d, seed]),
                    })  # fmt: skip
                    for step in STEPS:
                        value = 1.0 - 0.9 * step / 1000 + SD * LUCK[d, seed]
                        rows["quality"].append({**run, "step": step, "value": value,
                                                "metric": "energy_distance"})  # fmt: skip
        self.tables = {name: synthetic.frame(name, part) for name, part in rows.items()}
        errors = [{"dataset": d, "model": "m", "loss": "nonsaturating", "mode": MODE,
                   "epsilon": e, "settings": "", "dtype": t, "cosine": c}
                  for d in ("ring", "moons") for e in EPSILONS
                  for t, c in (("float32", 0.9 if e == CHOSEN else 0.1),
                               ("float64", 0.9 if e == 1e-6 else 0.1))]  # fmt: skip
        self.tables["gradient_error"] = synthetic.frame("gradient_error", errors)

    def where(self, table: str, mode: str = MODE, epsilon: float | None = None) -> pd.Series:
        frame = self.tables[table]
        chosen = frame["mode"] == mode
        return chosen if epsilon is None else chosen & (frame["epsilon"] == epsilon)

    def add(self, amount: float, epsilon: float | None = None, mode: str = MODE) -> World:
        """Worsen the quality at every step after the start."""
        rows = self.where("quality", mode, epsilon) & (self.tables["quality"]["step"] > 0)
        self.tables["quality"].loc[rows, "value"] += amount
        return self

    def fail(self, how: str, mode: str = MODE, epsilon: float | None = None) -> World:
        """Let ten of the twelve seeds fail."""
        for name in ("outcomes", "quality"):
            frame = self.tables[name]
            rows = self.where(name, mode, epsilon) & (frame["seed"] < 10)
            if name == "outcomes":
                frame.loc[rows, how] = True
            elif how == "diverged":
                frame.loc[rows & (frame["step"] > 0), "value"] = np.nan
        return self

    def mend(self) -> World:
        """Let no run of the mode have failed."""
        fresh = World().tables
        for name in ("outcomes", "quality"):
            frame, whole = self.tables[name], fresh[name]
            mine = self.where(name)
            repaired = whole[whole["mode"] == MODE]
            self.tables[name] = pd.concat([frame[~mine], repaired], ignore_index=True)
        return self

    def multiply(self, table: str, column: str, factor: float, mode: str = MODE) -> World:
        rows = self.where(table, mode)
        self.tables[table][column] = self.tables[table][column].mask(
            rows, self.tables[table][column] * factor
        )
        return self

    def widen(self, factor: float, mode: str = MODE) -> World:
        """Multiply the seeds' deviations from their course."""
        frame = self.tables["quality"]
        rows = self.where("quality", mode)
        course = 1.0 - 0.9 * frame["step"] / 1000
        frame.loc[rows, "value"] = course + factor * (frame["value"] - course)
        return self

    def speed(self, factor: float) -> World:
        """The mode's course over the first part of the run, ``factor`` times as fast."""
        frame = self.tables["quality"]
        rows = self.where("quality")
        gain = 0.9 * (np.minimum(frame["step"] * factor, 1000) - frame["step"]) / 1000
        frame.loc[rows, "value"] -= gain
        return self

    def control(self, epsilons: Sequence[float] = EPSILONS, own: str = "") -> World:
        """A control that trains as the mode does now."""
        for name in ("outcomes", "quality", "cost"):
            frame = self.tables[name]
            twins = frame[self.where(name) & frame["epsilon"].isin(epsilons)]
            settings = f"like_{MODE}_{own}" if own else f"like_{MODE}"
            twins = twins.assign(mode=CONTROL, settings=settings)
            self.tables[name] = pd.concat([frame, twins], ignore_index=True)
        return self

    def judge(self, claim: str, measure: str, rules: dict[str, Any] = RULES) -> pd.Series:
        made = claims.judge(self.tables, rules, [claim])
        found = made[made["measure"].str.contains(measure, regex=False)]
        assert len(found) == 1
        return found.iloc[0]


STEP, PASS, SECOND = "training steps to the target, ÷", "forward-equivalents to", "seconds to"
CALM = "variance of the generator's loss ÷ exact's"
SHARED = f"training steps to the target ÷ its matched {CONTROL}'s"
SHARED_RATE = f"rate of diverged runs − its matched {CONTROL}'s"
SHARED_SPREAD = f"final quality ÷ its matched {CONTROL}'s"
SHARED_CALM = f"variance of the discriminator's loss ÷ its matched {CONTROL}'s"
SMALL, LARGE, FAILED = "at the smallest ε", "final quality at the largest ε", "vanished or diverged"
FORWARDS, SECONDS = "forward-equivalents per step", "seconds per step"


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


@pytest.mark.parametrize("variance", [0.0, np.nan])
def test_a_loss_that_stands_still_has_no_ratio(variance: float) -> None:
    row = World().multiply("outcomes", "generator_loss_variance", variance).judge("C2", CALM)
    assert row["verdict"] == "undecided"
    assert "0 seeds in common, of 5 needed" in row["rule"]
    assert "with a loss that varies" in row["rule"]


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


def test_older_tables_without_rules_and_variances_are_judged() -> None:
    world = World().add(3 * SD)
    lacking = ["rule", "generator_loss_variance"]
    world.tables["outcomes"] = world.tables["outcomes"].drop(columns=lacking)
    assert world.judge("C3", "final quality")["verdict"] == "supported"
    assert world.judge("C2", CALM)["verdict"] == "undecided"


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


def test_a_diverged_run_counts_as_the_cap() -> None:
    row = World().fail("diverged", epsilon=CHOSEN).judge("C3", "final quality")
    assert row["effect"] == pytest.approx(10 * RULES["cap_sds"] / 12)


def test_the_step_is_chosen_by_the_probe_not_by_the_result() -> None:
    world = World().add(3 * SD, CHOSEN)
    row = world.judge("C3", "final quality")
    assert row["effect"] == pytest.approx(3.0)
    assert f"ε={CHOSEN:g}" in row["cells"]
    other = world.judge("C3", "final quality", {**RULES, "probe_dtype": "float64"})
    assert "ε=1e-06" in other["cells"]


def test_figures_and_claims_choose_the_same_step() -> None:
    world = World()
    runs, errors = world.tables["outcomes"], _groups.tidy(world.tables["gradient_error"])
    ring = runs[(runs["dataset"] == "ring") & (runs["mode"] == MODE)]
    assert _groups.chosen_step(ring, _groups.probe_of(errors, ring)) == CHOSEN


def test_an_unprobed_dataset_borrows_the_probe_of_its_model() -> None:
    world = World()
    errors = world.tables["gradient_error"]
    world.tables["gradient_error"] = errors[errors["dataset"] == "ring"]
    assert world.judge("C3", "final quality")["cells"].count(f"ε={CHOSEN:g}") == 2


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("outcomes", "no data set was run"),
        ("quality", "energy_distance has no seed-to-seed spread"),
        ("gradient_error", "could be chosen"),
    ],
)
def test_missing_data_is_undecided_with_its_reason(table: str, says: str) -> None:
    world = World()
    for tables in ({**world.tables, table: synthetic.empty()[table]}, world.tables):
        made = claims.judge(tables, RULES, ["C3"])
        row = made[made["claim"] == "C3"].iloc[0]
        assert (row["verdict"] == "undecided") == (tables is not world.tables)
        assert (says in row["rule"]) == (tables is not world.tables)


def test_no_tables_at_all() -> None:
    made = claims.judge({}, RULES)
    assert list(made.columns) == list(CLAIMS)
    assert set(made["claim"]) == {"C1", "C2", "C3", "C4", "C5", "C6"}
    assert set(made["verdict"]) == {"undecided"}
    assert made["effect"].isna().all()


def test_one_job_has_no_interval_of_seconds() -> None:
    world = World()
    cost = world.tables["cost"]
    world.tables["cost"] = cost[(cost["dataset"] == "ring") & (cost["seeds"] == "0-5")]
    row = world.judge("C5", SECONDS)
    assert row["verdict"] == "undecided"
    assert "fewer than two pairs" in row["rule"]


def test_few_seeds_do_not_decide() -> None:
    world = World().add(3 * SD)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[frame["seed"] < 4]
    row = world.judge("C3", "final quality")
    assert row["verdict"] == "undecided"
    assert "4 seeds in common, of 5 needed" in row["rule"]


def test_a_dataset_with_few_seeds_is_left_out_and_named() -> None:
    world = World().add(3 * SD)
    for name in ("outcomes", "quality"):
        frame = world.tables[name]
        world.tables[name] = frame[(frame["dataset"] == "ring") | (frame["seed"] < 4)]
    row = world.judge("C3", "final quality")
    assert row["verdict"] == "supported"
    assert "moons" not in row["cells"]
    assert "left out: 4 seeds in common, of 5 needed: s/moons" in row["rule"]


def test_other_losses_do_not_count() -> None:
    row = World().judge("C3", "final quality", {**RULES, "losses": ["hinge"]})
    assert row["verdict"] == "undecided"
    assert "hinge" in row["rule"]


def test_the_schema_asks_for_every_rule() -> None:
    """The rules come checked: their names stand in the schema alone."""
    schema = yaml.safe_load(configuration.SCHEMA.read_text())["properties"]["claims"]
    assert set(schema["required"]) == set(schema["properties"]) >= set(RULES)
    assert schema["additionalProperties"] is False
    config = yaml.safe_load((configuration.ROOT / "config.yaml").read_text())["claims"]
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
    assert _claim_cost.reach(rows, 0.4, 400.0) == pytest.approx(expected)


def test_written_twice_is_the_same_table(tmp_path: Path) -> None:
    tables = {**synthetic.make(), "claims": synthetic.empty()["claims"]}
    for name, frame in tables.items():
        record.write_table(tmp_path / name, frame)
    for stem in ("a", "b"):
        claims.write(tmp_path, RULES, tmp_path / stem)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
