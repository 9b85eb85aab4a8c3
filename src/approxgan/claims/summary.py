"""The table of claims in words: by part, claim and mode."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.text import interval, number, words
from approxgan.claims.matching import (
    ARTICLE,
    EPSILON,
    EQUAL_CALLS,
    EQUAL_COST,
    LEARNING_RATE,
    OTHER,
    SAME_STEPS,
)
from approxgan.claims.measures import BEST_STEP, DECADES, NO_CONTROL, OWN_STEP, RATIO, SDS
from approxgan.claims.no_gradient import BEST_OTHER, REFERENCE
from approxgan.claims.verdict import (
    COUNT,
    LACK,
    NEGLIGIBLE,
    NO_GAIN,
    NO_INTERVAL,
    NONE_TO_SPARE,
    OK,
)

Row = dict[str, Any]
STATEMENTS = {
    "C1": "Approximate gradients speed training up.",
    "C2": "Approximate gradients make training more stable.",
    "C3": "Approximate gradients may be less accurate.",
    "C4": "Too small a step trains slowly; too large a step makes gradients vanish or explode.",
    "C5": "Approximate gradients spare the cost of exact ones.",
    "C6": "A good step is found by experiment.",
    "C7": "Where no gradient exists, the article's formula trains.",
}
"""What the article says, and what would make its formula useful."""
PARTS = {
    (ARTICLE, SAME_STEPS): "The article's own experiment",
    (ARTICLE, EQUAL_COST): "The article's own experiment, each mode at its best and equal cost",
    (OTHER, SAME_STEPS): "Other data and networks, with the same optimiser and number of steps",
    (OTHER, EQUAL_COST): "Other data and networks, each mode at its best and equal cost",
    (OTHER, EQUAL_CALLS): "Generators without a gradient, each mode at its best and equal samples",
}
"""Verdicts that are read together: where, and how modes are compared."""
PHRASES = {
    "steps_to_target": "training steps to the target",
    "forward_equivalents_to_target": "forward-equivalents to the target",
    "seconds_to_target": "processor seconds to the target",
    "spread_of_final_quality": "seed-to-seed sd of the final quality",
    "variance_of_generator_loss": "variance of the generator's loss",
    "variance_of_discriminator_loss": "variance of the discriminator's loss",
    "diverged_runs": "rate of diverged runs",
    "final_quality_at_smaller_steps": "final quality at smaller {steps}",
    "final_quality_at_larger_steps": "final quality at larger {steps}",
    "failed_runs_at_larger_steps": "rate of vanished or diverged runs at larger {steps}",
    "forward_equivalents_per_step": "forward-equivalents per step",
    "seconds_per_step": "processor seconds per step and seed",
    "range_of_good_steps": "range of {steps} that are as good as exact",
    "final_quality_at_own_step": "final quality at the study's learning rate",
    "distance_to_reference": "distance to the truth",
    "distance_to_best_other": "distance to the truth",
}
"""Of measures whose name alone says too little."""
AGAINST = {
    (OWN_STEP, EPSILON): "that at the ε of highest cosine",
    (OWN_STEP, LEARNING_RATE): "that at the study's learning rate",
    (BEST_STEP, EPSILON): "that at the best fixed ε",
    (BEST_STEP, LEARNING_RATE): "that at the best other rate",
    (REFERENCE, EQUAL_CALLS): "that of the gradient that knows the generator",
    (BEST_OTHER, EQUAL_CALLS): "that of the best other mode that knows samples alone",
}
LEAST_P = 1e-12
"""Smaller p are rounding errors."""
STEPS = {EPSILON: "ε", LEARNING_RATE: "learning rates"}
WHY = {
    OK: "",
    LACK: "lack of data",
    NO_GAIN: "no gain over exact that the control could share: the verdict over exact stands",
    NO_INTERVAL: "too few runs for an interval",
    NONE_TO_SPARE: "no run of the other diverged, so that none could be spared",
}


@dataclass(frozen=True)
class Claim:
    """One claim in one part, with its rows by measure and mode."""

    name: str
    statement: str
    measures: dict[str, dict[str, Row]] = field(default_factory=dict)
    """What is measured, in words -> mode -> row, in the order of the table."""
    controls: list[Row] = field(default_factory=list)
    """Rows on the effect beyond the mode's matched controls."""

    def rows(self, mode: str | None = None) -> list[Row]:
        """Over exact, or over the mode's other steps."""
        found = [row for by_mode in self.measures.values() for row in by_mode.values()]
        return [row for row in found if mode in (None, row["mode"])]

    def every(self) -> list[Row]:
        return [*self.rows(), *self.controls]

    def over_controls(self, mode: str) -> Counter[str]:
        return Counter(row["verdict"] for row in self.controls if row["mode"] == mode)


@dataclass(frozen=True)
class Part:
    """The claims that are judged on the same runs."""

    title: str
    scope: str
    reading: str
    claims: list[Claim]

    @property
    def id(self) -> str:
        return f"{self.scope}-{self.reading}"

    def modes(self) -> list[str]:
        return list(dict.fromkeys(row["mode"] for one in self.claims for row in one.rows()))

    def rows(self) -> list[Row]:
        return [row for one in self.claims for row in one.every()]


def parts(table: pd.DataFrame) -> list[Part]:
    """The table, each row with its place in it and what was measured in words."""
    found: dict[tuple[str, str], dict[str, Claim]] = {}
    for place, values in enumerate(table.to_dict("records")):
        row: Row = {str(key): value for key, value in values.items()} | {"place": place}
        row |= {"what": measured(row), "rule": rule(row), "chance": chance(row)}
        name = str(row["claim"])
        by_name = found.setdefault((row["scope"], part_of(row)), {})
        claim = by_name.setdefault(name, Claim(name, STATEMENTS.get(name, "")))
        if row["is_control"]:
            claim.controls.append(row)
        else:
            claim.measures.setdefault(row["what"], {})[str(row["mode"])] = row
    return [
        Part(title, *key, [found[key][name] for name in sorted(found[key])])
        for key, title in PARTS.items()
        if key in found
    ]


def part_of(row: Mapping[str, Any]) -> str:
    """The reading of the part that a row is in."""
    return row["reading"] if row["reading"] in (EQUAL_COST, EQUAL_CALLS) else SAME_STEPS


def measured(row: Mapping[str, Any]) -> str:
    """'training steps to the target ÷ exact's'."""
    name, reading, unit = str(row["measure"]), row["reading"], row["unit"]
    what = PHRASES.get(name, words(name)).format(steps=STEPS.get(reading, ""))
    what += f" ({row['dtype']})" if reading in STEPS and row["dtype"] else ""
    if unit == DECADES:
        return f"{what} ({unit})"
    against = words(row["against"])
    whose = f"its matched {against}'s" if row["is_control"] else f"{against}'s"
    if row["against"] == NO_CONTROL:
        whose = f"its {against}'"
    whose = AGAINST.get((row["against"], reading), whose)
    unit = "exact's sds, positive is worse" if unit == SDS else unit
    if unit == RATIO:
        return f"{what} ÷ {whose}"
    return f"{what} − {whose} ({unit})"


def rule(row: Mapping[str, Any]) -> str:
    """What would have decided, and why it did not if it did not."""
    none, bound, above = no_effect(row), row["bound"], row["side"] == "above"
    other = "below" if above else "above"
    told = [f"supported {row['side']} {number(bound)}"]
    if bound != none and (bound > none) == above:
        told.append(f"{NEGLIGIBLE} {other} {number(bound)}")
        bound = none
    told.append(f"contradicted {other} {number(bound)}")
    why = WHY[str(row["reason_code"])]
    return ", ".join(told) + (f"; {why}" if why else "")


def chance(row: Mapping[str, Any]) -> str:
    """Holm's p, as far as it says anything: not of counts, nor where every run is at the cap."""
    p = row["p_holm"]
    if row["interval_kind"] == COUNT:
        return "counted"
    if row["capped"] and row["capped"] == row["runs"]:
        return "all at the cap"
    return "< 10⁻¹²" if not pd.isna(p) and p < LEAST_P else number(p)


def no_effect(row: Mapping[str, Any]) -> float:
    return 1.0 if row["unit"] == RATIO else 0.0


def value(row: Mapping[str, Any]) -> str:
    """The effect with its interval, beside it in plain units; how many runs count by rule."""
    if pd.isna(row["effect"]):
        return "(no data)" if row["reason_code"] == LACK else ""
    ends = interval(row["low"], row["high"]) if row["low"] != row["high"] else ""
    if row["interval_kind"] == "holm_range":
        ends = f"{number(row['low'])} shown, {number(row['high'])} not ruled out"
    told = f"{number(row['effect'])}" + (f" [{ends}]" if ends else "")
    beside = []
    if not pd.isna(row["mode_value"]):
        lost = "never" if str(row["measure"]).endswith("to_target") else "diverged"
        both = (row["mode_value"], row["other_value"])
        beside.append(" against ".join(lost if np.isinf(own) else number(own) for own in both))
    if row["censored"]:
        beside.append(f"never reached ({row['censored']} of {row['runs']})")
    if row["capped"]:
        beside.append(f"capped ({row['capped']} of {row['runs']})")
    return "; ".join([told, *beside])
