"""The article's claims, judged by rules that the config fixes beforehand."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.statistics import UNKNOWN, Effect
from approxgan.claims import controls, no_gradient, noise_laws
from approxgan.claims.controls import Kind
from approxgan.claims.landing import landed
from approxgan.claims.matching import (
    EPSILON,
    EQUAL_CALLS,
    EQUAL_COST,
    LEARNING_RATE,
    OTHER,
    SAME_STEPS,
    SCOPES,
    TUNED,
    Absent,
    Compared,
    Group,
    Matches,
    Rules,
    gather,
    groups,
)
from approxgan.claims.measures import MEASURES, NO_CONTROL, Measure, by_rule, told_effect
from approxgan.claims.verdict import Comparison, InsufficientData, Judgement, decide
from approxgan.storage import files
from approxgan.storage.tables import CLAIMS, table_in

BESIDE_EXACT = tuple(dict.fromkeys(measure.claim for measure in MEASURES))
NAMES = (*BESIDE_EXACT, no_gradient.CLAIM)
NEEDS = (
    *("outcomes", "quality", "gradient_error", "cost", "comparisons"),
    *("training", "tuning", "quality_null"),
)
NUMBERS = (
    *("bound", "p", "p_holm", "effect", "low", "high", "error", "freedom"),
    *("mode_value", "other_value"),
)
INTEGERS = ("capped", "censored", "runs")
NOTHING = Comparison(Effect(UNKNOWN, lambda bound: np.nan), "")


@dataclass(frozen=True)
class Place:
    """Where a mode is judged, and what it is compared with there."""

    scope: str
    reading: str
    mode: str
    dtype: str = ""
    """Of the runs, where the step is ε."""
    rule: str = ""
    """That chose ε, where this is judged."""
    control: Kind | None = None

    def build(self, group: Group) -> Compared:
        """Raises ``Absent`` where the group has nothing of the kind."""
        if group.scope != self.scope or group.is_budgeted != (self.reading == EQUAL_COST):
            raise Absent
        if self.control:
            return controls.beside(group, self.mode, self.control)
        if self.rule:
            return group.ruled(self.mode, self.rule)
        if self.reading == EPSILON:
            return group.epsilons(self.mode, self.dtype)
        if self.reading == LEARNING_RATE:
            return group.rates(self.mode)
        return group.beside_exact(self.mode)


@dataclass(frozen=True)
class Row:
    """One measure of one mode against exact, itself or a control; without a test if data lack."""

    measure: Measure
    place: Place
    against: str
    test: Judgement | None = None
    found: Sequence[Any] = ()
    note: str = ""


def judge(
    tables: Mapping[str, pd.DataFrame], rules: Rules, only: Collection[str] = NAMES
) -> pd.DataFrame:
    """A row per scope, claim of ``only``, measure, reading and mode, in this order.

    ``rules`` is the config's block ``claims``, whose keys the config's schema checks. What cannot
    be judged for lack of data is undecided, and its note says what is missing. Raises
    ``InputError`` for a deciding number of which neither way is better.
    """
    return _judged(groups(tables, rules), no_gradient.studies(tables, rules), rules, only)


def write(tables_dir: Path, rules: Rules, out: Path) -> None:
    """The tables of ``claims.smk`` from those in a folder, into the folder ``out``."""
    tables = {name: table_in(tables_dir, name) for name in NEEDS}
    found, studies = groups(tables, rules), no_gradient.studies(tables, rules)
    files.write_table(out / "claims", _judged(found, studies, rules, NAMES))
    files.write_table(out / "epsilon_rules", landed(tables, found, rules))
    files.write_table(out / "no_gradient", no_gradient.distances(studies))
    files.write_table(out / "noise_laws", noise_laws.laws(tables, rules))


def _judged(
    groups: Sequence[Group],
    studies: Sequence[no_gradient.Study],
    rules: Rules,
    only: Collection[str],
) -> pd.DataFrame:
    found = _Runs(groups, rules)
    rows = [
        row
        for scope in SCOPES
        for claim in BESIDE_EXACT
        if claim in only
        for made in (found.judged(scope, claim), found.over_controls(scope, claim))
        for row in made
    ]
    rows += _without_gradient(studies, rules) if no_gradient.CLAIM in only else []
    decided = decide([row.test for row in rows], rules["alpha"])
    table = [
        _columns(row, rules) | _decision(made) for row, made in zip(rows, decided, strict=True)
    ]
    made = pd.DataFrame(table, columns=list(CLAIMS))
    return made.astype({**dict.fromkeys(NUMBERS, float), **dict.fromkeys(INTEGERS, int)})


class _Runs:
    """The groups of runs, and what a mode is compared with: found once for all measures."""

    def __init__(self, found: Sequence[Group], rules: Rules) -> None:
        self.groups, self.rules = found, rules
        self.arms = [arm for group in found for arm in group.arms]
        self.matches = cache(self._matches)

    def judged(self, scope: str, claim: str) -> Iterator[Row]:
        """Over exact, or over the mode's other steps.

        A mode that was not run in this way has no row; one that was nowhere has one that says so.
        """
        rules = sorted({arm.rule for arm in self.arms} - {"", "fixed"})
        measures = [*MEASURES, *(by_rule(rule) for rule in (*rules, TUNED))]
        measures = [measure for measure in measures if measure.claim == claim]
        for measure in measures:
            for place in self._places(scope, measure):
                if self._is_run(place):
                    yield self._row(measure, place, measure.against or self.rules["baseline"])
        if scope == OTHER:
            yield from self._nowhere(measures)

    def _places(self, scope: str, measure: Measure) -> Iterator[Place]:
        for reading in measure.readings:
            for mode in self._modes(reading):
                here = Place(scope, reading, mode, rule=measure.rule)
                dtypes = sorted({arm.dtype for arm in self.arms if arm.mode == mode})
                apart = reading == EPSILON and not measure.rule
                yield from (replace(here, dtype=own) for own in dtypes) if apart else [here]

    def _modes(self, reading: str) -> list[str]:
        """Those the config names; exact too for its learning rates, and all at equal cost."""
        judged, exact = self.rules["modes"], self.rules["baseline"]
        if reading == LEARNING_RATE:
            return [exact, *judged]
        if reading != EQUAL_COST:
            return judged
        aside = {*judged, exact, self.rules["chaos_control"]}
        ran = {a.mode for a in self.arms if np.isfinite(a.budget) and not a.matched_mode}
        return [*judged, *sorted(ran - aside)]

    def _nowhere(self, measures: Sequence[Measure]) -> Iterator[Row]:
        places = [p for scope in SCOPES for one in measures for p in self._places(scope, one)]
        ran = {place.mode for place in places if self._is_run(place)}
        first, exact = measures[0], self.rules["baseline"]
        losses = ", ".join(self.rules["losses"])
        for mode in self.rules["modes"]:
            if mode not in ran:
                note = f"no data set was run with {mode}, {exact} and one of the losses {losses}"
                place = Place(OTHER, first.readings[0], mode)
                yield Row(first, place, first.against or exact, note=note)

    def over_controls(self, scope: str, claim: str) -> Iterator[Row]:
        """Is the gain the approximation's, or that of the noise or zeros it brings?"""
        measures = [one for one in MEASURES if one.claim == claim and one.is_shared]
        for mode in self.rules["modes"] if measures else ():
            place = Place(scope, SAME_STEPS, mode)
            kinds = controls.kinds([g for g in self.groups if g.scope == scope], mode)
            for kind in kinds:
                for measure in measures:
                    yield self._row(measure, replace(place, control=kind), kind.name)
            if not kinds and self._is_run(place):
                note = f"no control that is matched with {mode} was run"
                yield Row(measures[0], place, NO_CONTROL, note=note)

    def _is_run(self, place: Place) -> bool:
        return not isinstance(self.matches(place), Absent)

    def _matches(self, place: Place) -> Matches | InsufficientData | Absent:
        try:
            return gather(self.groups, place.build)
        except (InsufficientData, Absent) as lack:
            return lack

    def _row(self, measure: Measure, place: Place, against: str) -> Row:
        matches, gain = self.matches(place), None
        try:
            if not isinstance(matches, Matches):
                raise matches
            made = measure.compare(matches.found, self.rules)
            if place.control:
                gain = measure.compare(controls.over_exact(matches.found), self.rules)
        except InsufficientData as lack:
            return Row(measure, place, against, note=str(lack))
        notes = [made.note]
        notes += [f"over exact, at the same ε: {told_effect(gain.effect)}"] if gain else []
        notes += [f"left out: {'; '.join(matches.left_out)}"] if matches.left_out else []
        test = Judgement(measure.claimed(self.rules), made, gain)
        return Row(measure, place, against, test, matches.found, "; ".join(notes))


def _without_gradient(studies: Sequence[no_gradient.Study], rules: Rules) -> Iterator[Row]:
    """Where the article's formula is all that there is: no row of a mode that was not run."""
    blind = [study for study in studies if not study.is_smooth]
    for measure in no_gradient.MEASURES:
        for mode in rules["modes"]:
            place = Place(OTHER, EQUAL_CALLS, mode)
            found, left_out = [], []
            for study in blind:
                try:
                    found.append(study.beside(measure.against, mode))
                except InsufficientData as lack:
                    left_out.append(str(lack))
            found = [one for one in found if one is not None]
            if found:
                made = measure.compare(found, rules)
                note = "; ".join([made.note, *(f"left out: {one}" for one in left_out)])
                test = Judgement(measure.claimed(rules), replace(made, note=note))
                yield Row(measure, place, measure.against, test, found, note)
            elif left_out:
                yield Row(measure, place, measure.against, note="; ".join(left_out))


def _columns(row: Row, rules: Rules) -> dict[str, Any]:
    measure, place = row.measure, row.place
    made = row.test.comparison if row.test else NOTHING
    arms = [one.mine for one in row.found]
    return {
        "scope": place.scope,
        "claim": measure.claim,
        "reading": place.reading,
        "mode": place.mode,
        "measure": measure.name,
        "unit": measure.unit,
        "dtype": place.dtype or ", ".join(sorted({arm.dtype for arm in arms})),
        "against": row.against,
        "is_control": row.against not in (measure.against, rules["baseline"]),
        "bound": measure.bound(rules),
        "side": measure.side,
        **dict(zip(("effect", "low", "high"), made.effect.interval, strict=True)),
        **dict(zip(("mode_value", "other_value"), made.values, strict=True)),
        "interval_kind": made.kind,
        "error": made.effect.error,
        "freedom": made.effect.freedom,
        "is_timed": measure.is_timed,
        "runs": made.runs,
        "censored": made.censored,
        "capped": made.capped,
        "datasets": ", ".join(sorted({arm.dataset for arm in arms})),
        "cells": "; ".join(one.name() for one in row.found),
        "note": row.note,
    }


def _decision(made: tuple[str, str, float, float]) -> dict[str, Any]:
    return dict(zip(("verdict", "reason_code", "p", "p_holm"), made, strict=True))
