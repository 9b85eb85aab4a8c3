"""The table of claims as verdicts by claim and mode, and what they say in one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.text import listed, words

Row = dict[str, Any]
KINDS = ("supported", "contradicted", "undecided")
MEANING = {
    "C1": ("is faster than exact", "is not faster than exact"),
    "C2": ("is steadier than exact", "is not steadier than exact"),
    "C3": ("ends with worse samples than exact", "does not end with worse samples than exact"),
    "C4": ("suffers at the ends of the ε range", "does not suffer at the ends of the ε range"),
    "C5": ("costs less than exact", "does not cost less than exact"),
    "C6": ("is as good as exact at some ε on every data set", "is as good as exact at no ε"),
}
"""What 'supported' and 'contradicted' mean, after the name of a mode; all beyond the margins."""
PROMISES = {"C1": "faster", "C2": "steadier", "C5": "cheaper"}
READINGS = {
    "forward_difference": "the formula for each coordinate",
    "uniform_shift": "the formula read literally: one number for all",
}
SHOWN_BY = {
    "C1": ("quality_cost", "training_curves", "controls"),
    "C2": ("stability", "controls"),
    "C3": ("quality_epsilon", "effects", "error_quality"),
    "C4": ("quality_epsilon", "gradient_error", "stability"),
    "C5": ("quality_cost", "cost_cosine"),
    "C6": ("quality_epsilon", "effects", "epsilon_rules"),
}
"""Figures that show what a claim is about, where the report has them."""
UNSHOWN = ("contradicted", "contradicted in part", "undecided", "not judged")
SHOWN = {
    "supported": "",
    "supported in part": " in part",
    "supported and contradicted in part": " by some measures but not by others",
}
"""States of a claim that has support, and how far it goes."""
CONTROL = "its matched"
"""What tells a measure over a control from one over exact."""
DECIDES = re.compile("contradicted if|undecided where|verdict over exact stands")
LACK = "undecided for lack of data"


@dataclass(frozen=True)
class Claim:
    """One claim, with its rows by measure and mode."""

    name: str
    statement: str
    figures: list[str]
    measures: dict[str, dict[str, Row]] = field(default_factory=dict)
    """What is measured over exact -> mode -> row, in the order of the table."""
    controls: list[Row] = field(default_factory=list)
    """Rows on what of a gain over exact the mode's matched controls do not share."""

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
            return verdicts.pop() if verdicts else "not judged"
        kinds = [kind for kind in KINDS[:2] if kind in verdicts]
        return f"{' and '.join(kinds)} in part"

    def shared(self, mode: str) -> str:
        """What matched controls say of the gains of a mode; nothing where there is no row."""
        mine = [row for row in self.controls if row["mode"] == mode]
        gains = {_plain(row["what"]) for row in self.rows(mode) if row["verdict"] == "supported"}
        verdicts = {row["verdict"] for row in mine if _plain(row["what"]) in gains}
        if "contradicted" in verdicts:
            return "but a matched control shares it"
        if verdicts == {"supported"}:
            return "which its matched controls do not share"
        return "whether its matched controls share it is undecided" if mine else ""


def _plain(what: str) -> str:
    """A measure with 'exact' for the name of the control that it is over."""
    return re.sub(rf"{CONTROL} .*?'s", "exact's", what).replace(",", "")


def claims(table: pd.DataFrame, figures: Collection[str]) -> list[Claim]:
    """The claims of the table, each row with its place, its mode and what was measured."""
    found: dict[str, Claim] = {}
    for place, values in enumerate(table.to_dict("records")):
        name, statement, rule = (str(values[key]) for key in ("claim", "statement", "rule"))
        mode, _, what = str(values["measure"]).partition(": ")
        what = re.sub(r" \(1\)$", "", what)
        row = {**{str(key): value for key, value in values.items()}, "place": place, "mode": mode}
        row |= {"what": what, **_rule(rule)}
        links = [figure for figure in SHOWN_BY.get(name, ()) if figure in figures]
        claim = found.setdefault(name, Claim(name, statement, links))
        if CONTROL in what:
            claim.controls.append(row)
        else:
            claim.measures.setdefault(what, {})[mode] = row
    return [found[name] for name in sorted(found)]


def _rule(rule: str) -> dict[str, str]:
    """The deciding clauses, and the rest."""
    if rule.startswith(LACK):
        return {"decided": LACK, "further": rule.removeprefix(LACK).removeprefix(": ")}
    own, met, over_exact = rule.partition("; over exact it is ")
    clauses = own.split("; ")
    last = max((k for k, clause in enumerate(clauses) if DECIDES.search(clause)), default=0)
    # What the interval came to has columns of its own.
    decided = [clause for clause in clauses[: last + 1] if not clause.startswith("it is ")]
    return {
        "decided": "; ".join(decided),
        "further": ("; ".join(clauses[last + 1 :]) + met + over_exact).removeprefix("; "),
    }


def modes(found: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(row["mode"] for claim in found for row in claim.rows()))


def answer(found: Sequence[Claim]) -> str:
    """One sentence on what the article promises, true of whatever the verdicts are."""
    rows = [row for claim in found for row in claim.rows()]
    if not rows:
        return "No claim was judged, so that these runs answer nothing."
    if all(row["verdict"] == "undecided" for row in rows):
        short = sum(row["decided"] == LACK for row in rows)
        which = "all" if short == len(rows) else str(short)
        why = f", {which} of them for lack of data" if short else ""
        return f"These runs do not answer it: all {len(rows)} verdicts are undecided{why}."
    promised = listed(f"{word} ({name})" for name, word in PROMISES.items())
    kept = "; ".join(_kept(found, mode) for mode in modes(found))
    return f"Of the three benefits that the article promises, {promised} training, {kept}."


def _kept(found: Sequence[Claim], mode: str) -> str:
    """'spsa showed cheaper training in part (C5) (contradicted: C1; undecided: C2)'."""
    by_name = {claim.name: claim for claim in found}
    shown, rest = [], {}
    for name, word in PROMISES.items():
        now = by_name[name].state(mode) if name in by_name else "not judged"
        if now in SHOWN:
            inside = [name, by_name[name].shared(mode)]
            shown.append(f"{word} training{SHOWN[now]} ({', '.join(filter(None, inside))})")
        else:
            rest.setdefault(now, []).append(name)
    said = f"{words(mode)} showed {listed(shown) if shown else 'none'}"
    if shown and "C3" in by_name and by_name["C3"].state(mode) == "supported":
        # Steadier or cheaper is no gain where what comes out is worse.
        said += ", but ended with worse samples than exact (C3)"
    others = [f"{now}: {listed(rest[now])}" for now in UNSHOWN if now in rest]
    return f"{said} ({'; '.join(others)})" if others else said


def sentence(found: Sequence[Claim], mode: str) -> str:
    """All claims about one mode, without its name."""
    clauses, others = [], {}
    for claim in found:
        now = claim.state(mode)
        if now in KINDS[:2]:
            meanings = MEANING.get(claim.name, ("bears it out", "speaks against it"))
            clauses.append(f"{meanings[KINDS.index(now)]} ({claim.name})")
        elif now != "not judged":
            others.setdefault(now, []).append(claim.name)
    clauses += [f"{text}: {listed(names)}" for text, names in others.items()]
    return f"{'; '.join(clauses) or 'was not judged'}."


def forest(row: Row) -> dict[str, Any] | None:
    """Places on a strip from 0 to 100 of a row's interval, its bound and no effect."""
    values = np.array([row["effect"], row["low"], row["high"]], float)
    if not np.isfinite(values).all():
        return None
    ratio = "÷" in row["what"]
    bound = re.search(r"lies (?:above|below) (-?[\d.]+(?:e[+-]?\d+)?)", str(row["rule"]))
    marks = {"none": 1.0 if ratio else 0.0}
    if bound:
        marks["bound"] = float(bound[1])
    every = np.array([*values, *marks.values()])
    scale = np.log if ratio and (every > 0).all() else np.asarray
    low, high = scale(every.min()), scale(every.max())
    room = float(high - low) or 1.0
    places = [5 + 90 * float(scale(value) - low) / room for value in every]
    names = ["effect", "low", "high", *marks]
    return {name: round(place, 1) for name, place in zip(names, places, strict=True)}
