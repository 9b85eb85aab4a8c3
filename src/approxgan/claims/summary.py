"""The table of claims in words: by claim and mode, and as one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from approxgan.analysis.text import interval, listed, number, words
from approxgan.claims.measures import CHOSEN_EPSILON, DECADES, NO_CONTROL, RATIO, SDS
from approxgan.claims.verdict import (
    CONTRADICTED,
    LACK,
    NEGLIGIBLE,
    NO_GAIN,
    NO_INTERVAL,
    NONE_TO_SPARE,
    OK,
    SUPPORTED,
    UNDECIDED,
    VERDICTS,
)

Row = dict[str, Any]
STATEMENTS = {
    "C1": "Approximate gradients speed training up.",
    "C2": "Approximate gradients make training more stable.",
    "C3": "Approximate gradients may be less accurate.",
    "C4": "Too small a step trains slowly; too large a step makes gradients vanish or explode.",
    "C5": "Approximate gradients spare the cost of exact ones.",
    "C6": "A good step is found by experiment.",
}
"""What the article says."""
PHRASES = {
    "steps_to_target": "training steps to the target",
    "forward_equivalents_to_target": "forward-equivalents to the target",
    "seconds_to_target": "processor seconds to the target",
    "spread_of_final_quality": "seed-to-seed sd of the final quality",
    "variance_of_generator_loss": "variance of the generator's loss",
    "variance_of_discriminator_loss": "variance of the discriminator's loss",
    "diverged_runs": "rate of diverged runs",
    "final_quality_at_smallest_epsilon": "final quality at the smallest ε",
    "final_quality_at_largest_epsilon": "final quality at the largest ε",
    "failed_runs_at_largest_epsilon": "rate of vanished or diverged runs at the largest ε",
    "forward_equivalents_per_step": "forward-equivalents per step",
    "seconds_per_step": "processor seconds per step and seed",
    "range_of_good_epsilon": "width of the ε range that is as good as exact",
}
"""Of measures whose name alone says too little."""
MEANING = {
    "C1": ("is faster than exact", "is not relevantly faster than exact", "is slower than exact"),
    "C2": ("is steadier than exact", "is not relevantly steadier than exact",
           "is less steady than exact"),
    "C3": ("ends with worse samples than exact", "does not end with relevantly worse samples",
           "ends with better samples than exact"),
    "C4": ("suffers at the ends of the ε range", "does not relevantly suffer at the ends of the ε "
           "range", "gains at the ends of the ε range"),
    "C5": ("costs less than exact", "does not cost relevantly less than exact",
           "costs more than exact"),
    "C6": ("is as good as exact at some ε on every data set", "has no relevant range of good ε",
           "is as good as exact at no ε"),
}  # fmt: skip
"""What the verdicts but undecided mean, in their order, after the name of a mode."""
PROMISES = {"C1": "faster", "C2": "steadier", "C5": "cheaper"}
READINGS = {
    "forward_difference": "the formula for each coordinate",
    "uniform_shift": "the formula read literally: one number for all",
}
NOT_JUDGED = "not judged"
WHY = {
    OK: "",
    LACK: "lack of data",
    NO_GAIN: "no gain over exact that the control could share: the verdict over exact stands",
    NO_INTERVAL: "too few runs for an interval",
    NONE_TO_SPARE: "no run of the other diverged, so that none could be spared",
}


@dataclass(frozen=True)
class Claim:
    """One claim, with its rows by measure and mode."""

    name: str
    statement: str
    measures: dict[str, dict[str, Row]] = field(default_factory=dict)
    """What is measured, in words -> mode -> row, in the order of the table."""
    controls: list[Row] = field(default_factory=list)
    """Rows on the effect beyond the mode's matched controls."""

    def rows(self, mode: str | None = None) -> list[Row]:
        """Over exact."""
        found = [row for by_mode in self.measures.values() for row in by_mode.values()]
        return [row for row in found if mode in (None, row["mode"])]

    def every(self) -> list[Row]:
        return [*self.rows(), *self.controls]

    def over_controls(self, mode: str) -> Counter[str]:
        return Counter(row["verdict"] for row in self.controls if row["mode"] == mode)

    def state(self, mode: str) -> str:
        """One word for the claim about a mode, over all ways of measuring it over exact."""
        verdicts = {row["verdict"] for row in self.rows(mode)}
        if len(verdicts) < 2:
            return verdicts.pop() if verdicts else NOT_JUDGED
        kinds = [kind for kind in (SUPPORTED, CONTRADICTED) if kind in verdicts] or [NEGLIGIBLE]
        return f"{' and '.join(kinds)} in part"

    def shared(self, mode: str) -> str:
        """What matched controls say of the gains of a mode; nothing where there is no row."""
        mine = [row for row in self.controls if row["mode"] == mode]
        gains = {row["measure"] for row in self.rows(mode) if row["verdict"] == SUPPORTED}
        verdicts = {
            row["verdict"] if row["reason_code"] == OK else UNDECIDED
            for row in mine
            if row["measure"] in gains
        }
        if verdicts & {CONTRADICTED, NEGLIGIBLE}:
            return "but a matched control shares it"
        if verdicts == {SUPPORTED}:
            return "which its matched controls do not share"
        return "whether its matched controls share it is undecided" if mine else ""


def claims(table: pd.DataFrame) -> list[Claim]:
    """The claims of the table, each row with its place in it and what was measured in words."""
    found: dict[str, Claim] = {}
    for place, values in enumerate(table.to_dict("records")):
        row: Row = {str(key): value for key, value in values.items()} | {"place": place}
        row |= {"what": measured(row), "rule": rule(row)}
        name = str(row["claim"])
        claim = found.setdefault(name, Claim(name, STATEMENTS.get(name, "")))
        if row["is_control"]:
            claim.controls.append(row)
        else:
            claim.measures.setdefault(row["what"], {})[str(row["mode"])] = row
    return [found[name] for name in sorted(found)]


def measured(row: Mapping[str, Any]) -> str:
    """'training steps to the target ÷ exact's'."""
    name = str(row["measure"])
    what, unit = PHRASES.get(name, words(name)), row["unit"]
    if unit == DECADES:
        return f"{what} ({unit})"
    against = words(row["against"])
    whose = f"its matched {against}'s" if row["is_control"] else f"{against}'s"
    if row["against"] == NO_CONTROL:
        whose = f"its {against}'"
    if row["against"] == CHOSEN_EPSILON:
        whose = "that at the ε of highest cosine"
    unit = "exact's sds, positive is worse" if unit == SDS else unit
    if unit == RATIO:
        return f"{what} ÷ {whose}"
    return f"{what} − {whose} ({unit})"


def rule(row: Mapping[str, Any]) -> str:
    """What would have decided, and why it did not if it did not."""
    none = no_effect(row)
    bound, other = number(row["bound"]), "below" if row["side"] == "above" else "above"
    parts = [f"supported {row['side']} {bound}", f"contradicted {other} {number(none)}"]
    if row["bound"] != none:
        parts.insert(1, f"{NEGLIGIBLE} {other} {bound}")
    why = WHY[str(row["reason_code"])]
    return ", ".join(parts) + (f"; {why}" if why else "")


def no_effect(row: Mapping[str, Any]) -> float:
    return 1.0 if row["unit"] == RATIO else 0.0


def value(row: Mapping[str, Any]) -> str:
    """The effect with its interval; 'at least' where runs never reached the target."""
    if pd.isna(row["effect"]):
        return "(no data)" if row["reason_code"] == LACK else ""
    ends = interval(row["low"], row["high"]) if row["low"] != row["high"] else ""
    if row["interval_kind"] == "holm_range":
        ends = f"{number(row['low'])} shown, {number(row['high'])} not ruled out"
    told = f"{number(row['effect'])}" + (f" [{ends}]" if ends else "")
    if row["censored"]:
        never = f"never reached ({row['censored']} of {row['runs']})"
        told = f"at least {told}; {never}"
    return told


def modes(found: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(row["mode"] for claim in found for row in claim.rows()))


def answer(found: Sequence[Claim]) -> str:
    """One sentence on what the article promises, true of whatever the verdicts are."""
    rows = [row for claim in found for row in claim.rows()]
    if not rows:
        return "No claim was judged, so that these runs answer nothing."
    if all(row["verdict"] == UNDECIDED for row in rows):
        short = sum(row["reason_code"] == LACK for row in rows)
        which = "all" if short == len(rows) else str(short)
        why = f", {which} of them for lack of data" if short else ""
        return f"These runs do not answer it: all {len(rows)} verdicts are undecided{why}."
    promised = listed(f"{word} ({name})" for name, word in PROMISES.items())
    kept = "; ".join(_kept(found, mode) for mode in modes(found))
    return f"Of the three benefits that the article promises, {promised} training, {kept}."


def _kept(found: Sequence[Claim], mode: str) -> str:
    """'spsa showed cheaper training in part (C5) (no relevant benefit: C1; undecided: C2)'."""
    by_name = {claim.name: claim for claim in found}
    shown, rest = [], {}
    for name, word in PROMISES.items():
        now = by_name[name].state(mode) if name in by_name else NOT_JUDGED
        if now.startswith(SUPPORTED):
            extent = " by some measures but not by others" if CONTRADICTED in now else (
                now.removeprefix(SUPPORTED))  # fmt: skip
            inside = [name, by_name[name].shared(mode)]
            shown.append(f"{word} training{extent} ({', '.join(filter(None, inside))})")
        else:
            rest.setdefault(now.replace("effect", "benefit"), []).append(name)
    said = f"{words(mode)} showed {listed(shown) if shown else 'none'}"
    if shown and "C3" in by_name and by_name["C3"].state(mode) == SUPPORTED:
        # Steadier or cheaper is no gain where what comes out is worse.
        said += ", but ended with worse samples than exact (C3)"
    others = [f"{now}: {listed(names)}" for now, names in sorted(rest.items())]
    return f"{said} ({'; '.join(others)})" if others else said


def sentence(found: Sequence[Claim], mode: str) -> str:
    """All claims about one mode, without its name."""
    clauses, others = [], {}
    for claim in found:
        now = claim.state(mode)
        if now in VERDICTS[:3] and claim.name in MEANING:
            clauses.append(f"{MEANING[claim.name][VERDICTS.index(now)]} ({claim.name})")
        elif now != NOT_JUDGED:
            others.setdefault(now, []).append(claim.name)
    clauses += [f"{text}: {listed(names)}" for text, names in others.items()]
    return f"{'; '.join(clauses) or 'was not judged'}."
