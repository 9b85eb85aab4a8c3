"""The article's claims, judged by rules that the config fixes beforehand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.claims import controls
from approxgan.claims.matching import Contrast, Matches, Rules, groups, match
from approxgan.claims.measures import MEASURES, NO_CONTROL, Measure
from approxgan.claims.verdict import Comparison, InsufficientData, Judgement, decide
from approxgan.storage import files
from approxgan.storage.tables import CLAIMS, table_in

NAMES = tuple(dict.fromkeys(measure.claim for measure in MEASURES))
NEEDS = ("outcomes", "quality", "gradient_error", "cost", "comparisons")


@dataclass(frozen=True)
class Row:
    """One measure of one mode against exact, itself or a control; without a test if data lack."""

    measure: Measure
    mode: str
    against: str
    test: Judgement | None
    contrasts: Sequence[Contrast] = ()
    note: str = ""


def judge(
    tables: Mapping[str, pd.DataFrame], rules: Rules, only: Collection[str] = NAMES
) -> pd.DataFrame:
    """A row per claim of ``only``, mode and measure, in the order of the claims.

    ``rules`` is the config's block ``claims``, whose keys the config's schema checks. What cannot
    be judged for lack of data is undecided, and its note says what is missing. Raises
    ``InputError`` for a deciding number of which neither way is better.
    """
    found = _Runs(tables, rules)
    rows = [
        row
        for claim in NAMES
        if claim in only
        for made in (found.over_exact(claim), found.over_controls(claim))
        for row in made
    ]
    decided = decide([row.test for row in rows], rules["alpha"])
    table = [
        _columns(row, rules) | _decision(made) for row, made in zip(rows, decided, strict=True)
    ]
    numbers = ("bound", "p", "p_holm", "effect", "low", "high", "error", "freedom")
    made = pd.DataFrame(table, columns=list(CLAIMS)).astype(dict.fromkeys(numbers, float))
    return made.astype(dict.fromkeys(("censored", "runs"), int))


def write(tables_dir: Path, rules: Rules, stem: Path) -> None:
    """Judge the tables in a folder; ``stem``.parquet and ``stem``.csv."""
    tables = {name: table_in(tables_dir, name) for name in NEEDS}
    files.write_table(stem, judge(tables, rules))


class _Runs:
    """The groups of runs, and what a mode is compared with: found once for all measures."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], rules: Rules) -> None:
        self.groups = groups(tables, rules)
        self.rules = rules
        self.beside_exact = cache(partial(match, self.groups, rules))
        self.beside_control = cache(partial(controls.match, self.groups, rules))

    def over_exact(self, claim: str) -> Iterator[Row]:
        for measure in _of(claim):
            against = measure.against or self.rules["baseline"]
            for mode in self.rules["modes"]:
                yield self._row(measure, mode, against, partial(self.beside_exact, mode))

    def over_controls(self, claim: str) -> Iterator[Row]:
        """Is the gain the approximation's, or that of the noise or zeros it brings?"""
        measures = [measure for measure in _of(claim) if measure.is_shared]
        for mode in self.rules["modes"] if measures else ():
            kinds = controls.kinds(self.groups, mode)
            for kind in kinds:
                matches = partial(self.beside_control, mode, kind)
                for measure in measures:
                    yield self._row(measure, mode, kind.name, matches, is_control=True)
            if not kinds:
                note = f"no control that is matched with {mode} was run"
                yield Row(measures[0], mode, NO_CONTROL, None, note=note)

    def _row(
        self, measure: Measure, mode: str, against: str, matches: Any, is_control: bool = False
    ) -> Row:
        try:
            found: Matches = matches()
            contrasts = measure.select(found.found)
            made = measure.compare(contrasts, self.rules)
            gain = None
            if is_control:
                gain = measure.compare(controls.over_exact(contrasts), self.rules)
        except InsufficientData as lack:
            return Row(measure, mode, against, None, note=str(lack))
        left_out = [f"left out: {'; '.join(found.left_out)}"] if found.left_out else []
        note = "; ".join([made.note, *([_told(gain)] if gain else []), *left_out])
        test = Judgement(measure.claimed(self.rules), made, gain)
        return Row(measure, mode, against, test, contrasts, note)


def _of(claim: str) -> list[Measure]:
    return [measure for measure in MEASURES if measure.claim == claim]


def _told(gain: Comparison) -> str:
    estimate, low, high = gain.effect.interval
    return f"over exact, at the same ε: {estimate:.3g} ({low:.3g} to {high:.3g})"


def _columns(row: Row, rules: Rules) -> dict[str, Any]:
    measure, made = row.measure, row.test.comparison if row.test else None
    interval = made.effect.interval if made else statistics.UNKNOWN
    return {
        "claim": measure.claim,
        "mode": row.mode,
        "measure": measure.name,
        "unit": measure.unit,
        "against": row.against,
        "is_control": row.against not in (measure.against, rules["baseline"]),
        "bound": measure.bound(rules),
        "side": measure.side,
        "effect": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "interval_kind": made.kind if made else "",
        "error": made.effect.error if made else np.nan,
        "freedom": made.effect.freedom if made else np.nan,
        "is_timed": measure.is_timed,
        "runs": made.runs if made else 0,
        "censored": made.censored if made else 0,
        "datasets": ", ".join(sorted({one.mine.group[1] for one in row.contrasts})),
        "cells": "; ".join(one.name() for one in row.contrasts),
        "note": row.note,
    }


def _decision(made: tuple[str, str, float, float]) -> dict[str, Any]:
    return dict(zip(("verdict", "reason_code", "p", "p_holm"), made, strict=True))
