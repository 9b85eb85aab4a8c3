"""The article's claims, judged by rules that the config fixes beforehand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from approxgan.analysis.statistics import Interval
from approxgan.claims import controls, stability
from approxgan.claims import cost as costs
from approxgan.claims import measures as ways
from approxgan.claims.matching import Group, Match, Missing, Rules, groups, match
from approxgan.claims.verdict import Judged
from approxgan.storage import files
from approxgan.storage.columns import read_table
from approxgan.storage.tables import CLAIMS, COLUMNS

STATEMENTS = {
    "C1": "Approximate gradients speed training up.",
    "C2": "Approximate gradients make training more stable.",
    "C3": "Approximate gradients may be less accurate.",
    "C4": "Too small a step trains slowly; too large a step makes gradients vanish or explode.",
    "C5": "Approximate gradients spare the cost of exact ones.",
    "C6": "A good step is found by experiment.",
}
NEEDS = ("outcomes", "quality", "gradient_error", "cost", "comparisons")
Row = tuple[str, Judged]
"""What was measured, and what came of it."""


def judge(
    tables: Mapping[str, pd.DataFrame], rules: Rules, only: Collection[str] = tuple(STATEMENTS)
) -> pd.DataFrame:
    """A row per claim of ``only``, mode and way of judging, in the order of the claims.

    ``rules`` is the config's block ``claims``, whose keys the config's schema checks. What cannot
    be judged for lack of data is undecided, and its rule says what is missing.
    """
    found = _Runs(groups(tables, rules), rules)
    rows = [
        (claim, STATEMENTS[claim], one.verdict, measure, *one.effect, one.cells, one.rule)
        for claim in STATEMENTS
        if claim in only
        for measure, one in [*_over_exact(claim, found), *_over_control(claim, found)]
    ]
    made = pd.DataFrame(rows, columns=list(CLAIMS))
    return made.astype(dict.fromkeys(("effect", "low", "high"), float))


def write(tables_dir: Path, rules: Rules, stem: Path) -> None:
    """Judge the tables in a folder; ``stem``.parquet and ``stem``.csv."""
    tables = {name: read_table(tables_dir / f"{name}.parquet", COLUMNS[name]) for name in NEEDS}
    files.write_table(stem, judge(tables, rules))


class _Runs:
    """The groups of runs, and what a mode is compared with: found once for all measures."""

    def __init__(self, found: list[Group], rules: Rules) -> None:
        self.groups = found
        self.rules = rules
        self.exact = cache(partial(match, found, rules))
        self.control = cache(partial(controls.match, found, rules))


def _over_exact(claim: str, runs: _Runs) -> Iterator[Row]:
    for measure, decide in _judges(claim):
        for mode in runs.rules["modes"]:
            yield f"{mode}: {measure}", _attempt(partial(_judged, decide, runs, mode))


def _judged(decide: Callable[[list[Match], Rules], Judged], runs: _Runs, mode: str) -> Judged:
    matches = runs.exact(mode)
    return _noting(decide(matches.found, runs.rules), matches.left_out)


def _over_control(claim: str, runs: _Runs) -> Iterator[Row]:
    """Is the gain the approximation's, or that of the noise or zeros it brings?"""
    judges = controls.judges(claim)
    for mode in runs.rules["modes"] if judges else ():
        kinds = controls.kinds(runs.groups, mode)
        for kind in kinds:
            for way in judges:
                measure = f"{mode}: {way.measure.format(f'its matched {kind.name}')}"
                yield measure, _attempt(partial(_shared, way, runs, mode, kind))
        if not kinds:
            lack = _lacking(f"no control that is matched with {mode} was run")
            yield f"{mode}: gain over exact that its matched controls do not share", lack


def _shared(way: controls.Way, runs: _Runs, mode: str, kind: controls.Kind) -> Judged:
    pairs = runs.control(mode, kind)
    return _noting(controls.judge(way, pairs, runs.rules), pairs.left_out)


def _attempt(judged: Callable[[], Judged]) -> Judged:
    try:
        return judged()
    except Missing as missing:
        return _lacking(str(missing))


def _lacking(reason: str) -> Judged:
    unknown = Interval(np.nan, np.nan, np.nan)
    return Judged(unknown, "undecided", f"undecided for lack of data: {reason}", "")


def _noting(judged: Judged, left_out: list[str]) -> Judged:
    note = f"; left out: {'; '.join(left_out)}" if left_out else ""
    return judged._replace(rule=judged.rule + note)


def _judges(claim: str) -> list[tuple[str, Callable[[list[Match], Rules], Judged]]]:
    """(measure, how), in the order of the table."""
    target = "to the target, ÷ exact's (1)"
    worse = "− that at the ε of least gradient error, positive is worse (exact's sds)"
    failed = "rate of vanished or diverged runs at the largest ε − at that of least gradient error"
    return {
        "C1": [
            (f"training steps {target}", partial(ways.speed, cost=costs.per_step)),
            (f"forward-equivalents {target}", partial(ways.speed, cost=costs.forward_equivalents)),
            (f"seconds {target}", partial(ways.speed, cost=costs.seconds)),
        ],
        "C2": [
            ("rate of diverged runs − exact's (share of runs)", stability.divergence),
            ("seed-to-seed sd of the final quality ÷ exact's (1)", stability.spread),
            *(
                (
                    f"variance of the {player}'s loss ÷ exact's (1)",
                    partial(stability.oscillation, player=player),
                )
                for player in ("generator", "discriminator")
            ),
        ],
        "C3": [("final quality − exact's, positive is worse (exact's sds)", ways.accuracy)],
        "C4": [
            (f"final quality at the smallest ε {worse}", partial(ways.end, end=0)),
            (f"final quality at the largest ε {worse}", partial(ways.end, end=-1)),
            (f"{failed} (share of runs)", ways.failures),
        ],
        "C5": [
            ("forward-equivalents per step ÷ exact's (1)", ways.counted_cost),
            ("seconds per step and seed ÷ exact's (1)", ways.measured_cost),
        ],
        "C6": [("width of the ε range that is as good as exact (decades)", ways.good_range)],
    }[claim]
