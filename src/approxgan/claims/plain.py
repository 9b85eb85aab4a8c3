"""The table of claims for a reader who knows none of its terms: an answer, and a line per claim."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from approxgan.analysis.text import initial, interval, listed, number, words
from approxgan.claims.matching import (
    ARTICLE,
    EPSILON,
    EQUAL_CALLS,
    EQUAL_COST,
    LEARNING_RATE,
    OTHER,
)
from approxgan.claims.measures import BEST_STEP, DECADES, OWN_STEP, RATIO, SDS
from approxgan.claims.summary import Part, Row
from approxgan.claims.verdict import (
    CONTRADICTED,
    LACK,
    NEGLIGIBLE,
    NONE_TO_SPARE,
    OK,
    SUPPORTED,
    UNDECIDED,
)

MOST_WORDS = 45
"""Of the answer."""
WAYS = {
    "exact": "the exact slope",
    "forward_difference": "nudging each weight",
    "uniform_shift": "nudging all weights at once",
    "reference": "the slope that knows the generator",
    "best_other": "the best other way that knows samples alone",
}
"""What the article's formula means; other modes go by their name."""
BLIND = "generators without a slope"
PLACES = {
    ARTICLE: "the article's own experiment",
    OTHER: "other data and networks",
}
SAID = {SUPPORTED: "yes", NEGLIGIBLE: "no", CONTRADICTED: "no", UNDECIDED: "not shown"}
TIME, EVALUATIONS = "as long", "as many evaluations"
MEASURES = {
    "steps_to_target": ("Training needs fewer steps", "as many steps"),
    "forward_equivalents_to_target": (
        "Training needs fewer evaluations of the loss in all",
        EVALUATIONS,
    ),
    "seconds_to_target": ("Training takes less time in all", TIME),
    "diverged_runs": ("Fewer runs break down", "break down"),
    "spread_of_final_quality": ("Results vary less from run to run", "as much variation"),
    "variance_of_generator_loss": ("The generator's loss swings less", "the variance"),
    "variance_of_discriminator_loss": ("The discriminator's loss swings less", "the variance"),
    "final_quality": ("Results are worse", ""),
    "final_quality_at_smaller_steps": ("Too small a nudge gives worse results", ""),
    "final_quality_at_larger_steps": ("Too large a nudge gives worse results", ""),
    "failed_runs_at_larger_steps": ("Too large a nudge stops or breaks runs", "fail"),
    "forward_equivalents_per_step": (
        "A training step needs fewer evaluations of the loss",
        EVALUATIONS,
    ),
    "seconds_per_step": ("A training step takes less time", TIME),
    "range_of_good_steps": ("Trying finds a nudge as good as the exact slope", ""),
    "final_quality_at_own_step": ("The learning rate is as good as the best tried", ""),
    "distance_to_reference": ("It trains where there is no slope", "as far from the truth"),
    "distance_to_best_other": (
        "No other way gets nearer where there is no slope",
        "as far from it",
    ),
}
"""Measure -> what a claim says of it, and what its effect is a multiple or a count of."""
TIMES = {"forward_equivalents_per_step": "seconds_per_step"}
"""Counts of evaluations that a program need not take as long as, and its time."""
HALVES = {"final_quality_at_smaller_steps": "final_quality_at_larger_steps"}
"""Measures that answer one half of a claim, and those that answer the other."""
RATE = (("nudge", "learning rate"),)
"""Words of a statement where the article's step is read as the learning rate."""
BENEFITS = {"C1": "faster", "C2": "steadier", "C5": "cheaper per step"}
"""What the article promises; C3 says what it costs."""


@dataclass(frozen=True)
class Line:
    """A claim in words, with the one row that answers it."""

    claim: str
    statement: str
    said: str
    """yes, no or not shown"""
    amount: str
    way: str
    place: str
    against: str
    """What it is beside; nothing for the mode's own other steps."""
    remark: str
    """Whether noise alone brings the same gain; nothing where there is none."""
    row: Row
    unlike: list[tuple[str, str]]
    """Its time, and what says something else, of other modes and elsewhere; and what it says."""

    @property
    def beside(self) -> str:
        """What it is beside, where that is not exact."""
        return "" if self.against == WAYS["exact"] else self.against


def modes(found: Sequence[Part]) -> list[str]:
    """Those that the claims are judged on, in the order of the table."""
    rows, _ = _rows(found)
    own = [str(r["mode"]) for r in rows if r["reading"] not in (EQUAL_COST, LEARNING_RATE)]
    return list(dict.fromkeys(own))


def way(mode: Any) -> str:
    """'nudging each weight', or the mode's name in words."""
    return WAYS.get(str(mode), words(mode))


def statement(row: Mapping[str, Any]) -> str:
    """What the claim says of this measure."""
    name = str(row["measure"])
    told = MEASURES.get(name, (initial(words(name)), ""))[0]
    if rule := name.partition("_by_rule_")[2]:
        told = f"The nudge that {words(rule)} finds is as good as the best tried"
    for nudge, rate in RATE if row["reading"] == LEARNING_RATE else ():
        told = told.replace(nudge, rate)
    return told


def said(row: Mapping[str, Any]) -> str:
    return SAID[str(row["verdict"])]


def amount(row: Mapping[str, Any]) -> str:
    """The effect in everyday units: '1.08 × as many steps'; nothing where there is none."""
    effect, what = float(row["effect"]), MEASURES.get(str(row["measure"]), ("", ""))[1]
    if np.isnan(effect):
        return ""
    if row["unit"] == RATIO:
        never = f"{number(row['censored'])} of {number(row['runs'])} runs never got there"
        # Of such a run no multiple is known: the config says what it counts as.
        if row["censored"] and np.isinf(row["mode_value"]):
            return never
        told = f"{_about(effect)} × {what or 'as much'}"
        return told + f"; {never}" * bool(row["censored"])
    if row["unit"] == SDS:
        return _apart(effect, bool(row["capped"]))
    if row["unit"] == DECADES:
        if effect <= 0:
            return "none that was tried"
        shown = float(row["low"])
        span = _about(10 ** round(shown, 1))
        return f"shown over a {span}-fold range" if shown > 0 else "none was shown"
    count = number(float(f"{abs(100 * effect):.2g}"))
    more = "more" if effect > 0 else "fewer"
    return f"{count} of 100 runs {more} {what}" if effect else f"as many runs {what}"


def ends(row: Mapping[str, Any]) -> str:
    """The interval of a multiple or a gap: '0.9 to 1.1'; nothing of others."""
    low, high = float(row["low"]), float(row["high"])
    if low == high or np.isnan(low + high) or (row["censored"] and np.isinf(row["mode_value"])):
        return ""
    if row["unit"] == SDS:
        told = (f"{_about(abs(end))} {'worse' if end > 0 else 'better'}" for end in (low, high))
        return " to ".join(told)
    return interval(low, high) if row["unit"] == RATIO else ""


def _apart(effect: float, capped: bool) -> str:
    size = f"{'at least ' * capped}{_about(abs(effect))} run-to-run gaps"
    return f"{size} {'worse' if effect > 0 else 'better'}" if effect else "no difference"


def _about(value: float) -> str:
    """Two decimals under ten, two digits above and where that would be nothing."""
    return f"{value:.2f}" if 0.005 <= abs(value) < 10 else number(float(f"{value:.2g}"))


def lines(found: Sequence[Part]) -> list[Line]:
    """A line for each claim of the table, in its order."""
    rows, controls = _rows(found)
    return [_line(rows, controls, name) for name in sorted({str(row["claim"]) for row in rows})]


def _rows(found: Sequence[Part]) -> tuple[list[Row], list[Row]]:
    """Over exact or other steps, and over controls."""
    claims = [claim for part in found for claim in part.claims]
    rows = [row for claim in claims for row in claim.rows()]
    return rows, [row for claim in claims for row in claim.controls]


def _line(rows: Sequence[Row], controls: Sequence[Row], name: str) -> Line:
    row = _lead(rows, name)
    place, remark = _place(row), _shared(row, controls)
    against = "" if row["against"] in (OWN_STEP, BEST_STEP) else way(row["against"])
    told = statement(row), said(row), amount(row), way(row["mode"]), place, against, remark
    unlike = [*_timed(rows, row), *_elsewhere(rows, row), *_otherwise(rows, row)]
    unlike += _other_half(rows, row)
    return Line(name, *told, row, unlike)


def _place(row: Row) -> str:
    """Where, and in which precision if that decides which nudges are small."""
    if row["reading"] == EQUAL_CALLS:
        return BLIND
    return PLACES[row["scope"]] + f" in {row['dtype']}" * (row["reading"] == EPSILON)


def _timed(rows: Sequence[Row], row: Row) -> Iterator[tuple[str, str]]:
    """What this program's processor seconds come to, where the row counts evaluations."""
    keys = ("mode", "scope", "reading", "against")
    for one in rows:
        alike = one["measure"] == TIMES.get(row["measure"]) and all(one[k] == row[k] for k in keys)
        if alike and _has_data(one):
            yield "Time in this program", amount(one)


def _elsewhere(rows: Sequence[Row], row: Row) -> Iterator[tuple[str, str]]:
    """The same measure of other modes, and in the other place, where it says something else."""
    like = [one for one in rows if all(one[key] == row[key] for key in ("measure", "reading"))]
    found: dict[str, dict[str, set[str]]] = {}
    for one in like:
        if _has_data(one) and any(one[key] != row[key] for key in ("mode", "scope")):
            found.setdefault(one["mode"], {}).setdefault(one["scope"], set()).add(said(one))
    for mode, own in found.items():
        named = initial(way(mode)) if mode != row["mode"] else ""
        every = set.union(*own.values())
        by_scope = {"": every} if named and len(every) == 1 else own
        for scope, kinds in by_scope.items():
            where = f"on {PLACES[scope]}" if scope else ""
            if kinds != {said(row)}:
                yield initial(" ".join(filter(None, [named, where]))), listed(sorted(kinds))


def _otherwise(rows: Sequence[Row], row: Row) -> Iterator[tuple[str, str]]:
    """The mode's other measures that decide the claim the other way."""
    mine = [one for one in rows if one["claim"] == row["claim"] and one["mode"] == row["mode"]]
    for at_best, what in ((False, "By other measures"), (True, "At equal cost")):
        own = [one for one in mine if (one["reading"] == EQUAL_COST) == at_best]
        own = [one for one in own if at_best or one["measure"] != row["measure"]]
        kinds = {said(one) for one in own} - {said(row), SAID[UNDECIDED]}
        if kinds and row["verdict"] != UNDECIDED:
            yield what, listed(sorted(kinds))


def _other_half(rows: Sequence[Row], row: Row) -> Iterator[tuple[str, str]]:
    """What the claim says besides, of the same runs."""
    keys = ("mode", "scope", "reading", "dtype")
    for one in rows:
        alike = one["measure"] == HALVES.get(row["measure"]) and all(one[k] == row[k] for k in keys)
        if alike and _has_data(one):
            yield statement(one), said(one)


def _shared(row: Row, controls: Sequence[Row]) -> str:
    """What a gain's controls say: exact gradients with as much noise, or with as many zeros."""
    keys = ("scope", "mode", "measure")
    mine = [one for one in controls if all(one[key] == row[key] for key in keys)]
    if row["verdict"] != SUPPORTED or not mine:
        return ""
    verdicts = {one["verdict"] if one["reason_code"] == OK else UNDECIDED for one in mine}
    if verdicts & {CONTRADICTED, NEGLIGIBLE}:
        return "as noise alone does"
    return "which noise alone does not" if verdicts == {SUPPORTED} else "as noise alone may"


def _has_data(row: Row) -> bool:
    return row["reason_code"] not in (LACK, NONE_TO_SPARE) and not np.isnan(row["effect"])


def _lead(rows: Sequence[Row], claim: str, mode: str = "") -> Row:
    """The row that answers: of the first mode and the plainest measure that have data.

    In the article's own way, and of its own experiment unless that is undecided.
    """
    mine = [row for row in rows if row["claim"] == claim and mode in ("", row["mode"])]
    order = [list(dict.fromkeys(row[key] for row in rows)) for key in ("mode", "measure")]
    return min(
        mine,
        key=lambda row: (
            not _has_data(row),
            row["reading"] == EQUAL_COST,
            row["reading"] == LEARNING_RATE,
            order[0].index(row["mode"]),
            order[1].index(row["measure"]),
            row["verdict"] == UNDECIDED,
            row["place"],
        ),
    )


def answer(found: Sequence[Part]) -> str:
    """At most ``MOST_WORDS`` words, true of whatever the verdicts are."""
    rows, controls = _rows(found)
    if not rows:
        return "No claim was judged: these runs answer nothing."
    if all(row["verdict"] == UNDECIDED for row in rows):
        short = all(row["reason_code"] == LACK for row in rows)
        return f"These runs cannot tell{': they lack data for every claim' if short else ''}."
    plain = [row for row in rows if row["reading"] not in (EQUAL_COST, LEARNING_RATE)]
    leads = {mode: _leads(plain, mode) for mode in modes(found)}
    short = _in_short(leads)
    told = [text for mode, own in leads.items() if (text := _of_mode(mode, own, controls))]
    best = _at_best([row for row in rows if row["reading"] == EQUAL_COST])
    while told and len(" ".join([short, *told, best]).split(" ")) > MOST_WORDS:
        told.pop()
    return " ".join(filter(None, [short, *told, best]))


def _leads(rows: Sequence[Row], mode: str) -> dict[str, Row]:
    names = {str(row["claim"]) for row in rows if row["mode"] == mode}
    return {name: _lead(rows, name, mode) for name in sorted(names)}


def _verdict(leads: Mapping[str, Row], claim: str) -> str:
    return str(leads[claim]["verdict"]) if claim in leads else UNDECIDED


def _in_short(leads: Mapping[str, Mapping[str, Row]]) -> str:
    """A gain of a mode whose results are worse is no gain."""
    verdicts = [
        [_verdict(own, claim) for claim in BENEFITS]
        for own in leads.values()
        if _verdict(own, "C3") != SUPPORTED
    ]
    if any(set(own) == {SUPPORTED} for own in verdicts):
        return "Yes."
    if any(SUPPORTED in own for own in verdicts):
        return "In part."
    return "No benefit over the exact slope was shown."


def _of_mode(mode: str, leads: Mapping[str, Row], controls: Sequence[Row]) -> str:
    """'Nudging each weight gets as good, but no faster, at 33 times the time per step.'"""
    quality = _verdict(leads, "C3")
    if quality == SUPPORTED:
        never = "C1" in leads and np.isinf(leads["C1"]["mode_value"])
        return f"{initial(way(mode))} {'never gets as good' if never else 'gives worse results'}."
    head = {NEGLIGIBLE: "gets as good", CONTRADICTED: "gets better"}.get(quality, "")
    known = {name: kind for name in BENEFITS if (kind := _verdict(leads, name)) != UNDECIDED}
    alike = listed([BENEFITS[name] for name in known if known[name] == NEGLIGIBLE], "or")
    apart = listed(
        _how(name, leads[name], _shared(leads[name], controls))
        for name, kind in known.items()
        if kind != NEGLIGIBLE and name != "C5"
    )
    joint = " and " if CONTRADICTED in (known.get("C1"), known.get("C2")) else ", but "
    told = joint.join(filter(None, [apart, f"no {alike}" if alike else ""]))
    price = _price(leads["C5"]) if known.get("C5", NEGLIGIBLE) != NEGLIGIBLE else ""
    if not (head or told or price):
        return ""
    worse = any(kind != SUPPORTED for kind in known.values())
    joint = ", but " if worse else " and "
    ways = [f"{'' if head else 'is '}{told}"] * bool(told)
    ways += [f"{'' if head or told else 'comes '}at {price}"] * bool(price)
    return f"{initial(way(mode))} {joint.join(filter(None, [head, ', '.join(ways)]))}."


def _how(claim: str, row: Row, shared: str) -> str:
    """'faster (0.80 × as many steps)'."""
    gain = row["verdict"] == SUPPORTED
    told = {"C1": "faster" if gain else "slower", "C2": "steadier" if gain else "less steady"}
    more = [amount(row)] * (claim == "C1") + [shared] * bool(shared)
    return told[claim] + f" ({', '.join(more)})" * bool(more)


def _price(row: Row) -> str:
    timed = MEASURES.get(str(row["measure"]), ("", ""))[1] == TIME
    what = "time" if timed else "loss evaluations"
    return f"{_about(float(row['effect']))} times the {what} per step"


def _at_best(rows: Sequence[Row]) -> str:
    """What exact's quality costs where each mode is tuned."""
    every = [row for row in rows if row["claim"] == "C5"]
    costs = [row for row in every if row["verdict"] != UNDECIDED]
    if not costs:
        return ""
    if all(row["verdict"] == CONTRADICTED for row in every):
        return "At their best, all need more evaluations."
    least = min(costs, key=lambda row: row["effect"])
    if least["verdict"] != SUPPORTED:
        return "At their best, none was shown to be cheaper."
    share = _about(float(least["effect"]))
    return f"At its best, {way(least['mode'])} gets as good at {share} times the cost."
