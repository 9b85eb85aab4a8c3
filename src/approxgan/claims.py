"""The article's claims, judged by rules that the config fixes beforehand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from approxgan import _claim_cost as costs
from approxgan import _claim_ways as ways
from approxgan import record
from approxgan._claim_runs import Match, Matches, Missing, Rules, match
from approxgan._claim_ways import Judged
from approxgan.core import InputError
from approxgan.statistics import Interval
from approxgan.tables import CLAIMS

STATEMENTS = {
    "C1": "Approximate gradients speed training up.",
    "C2": "Approximate gradients make training more stable.",
    "C3": "Approximate gradients may be less accurate.",
    "C4": "Too small a step trains slowly; too large a step makes gradients vanish or explode.",
    "C5": "Approximate gradients spare the cost of exact ones.",
    "C6": "A good step is found by experiment.",
}
NEEDS = ("outcomes", "quality", "gradient_error", "cost")
REQUIRED = (
    "metric",
    "baseline",
    "modes",
    "losses",
    "probe_dtype",
    "alpha",
    "resamples",
    "seed",
    "least_seeds",
    "equivalence_sds",
    "cap_sds",
    "never_runs",
    "speed_margin",
    "rate_margin",
    "spread_margin",
    "cost_margin",
)


def judge(
    tables: Mapping[str, pd.DataFrame], rules: Rules, only: Collection[str] = tuple(STATEMENTS)
) -> pd.DataFrame:
    """A row per claim of ``only``, mode and way of judging, in the order of the claims.

    ``rules`` is the config's block ``claims``. What cannot be judged for lack of data is
    undecided, and its rule says what is missing.
    Raises ``InputError`` for a rule that is missing or unknown.
    """
    for key in REQUIRED:
        if key not in rules:
            raise InputError(f"claims: the rule {key!r} is missing; needed: {', '.join(REQUIRED)}")
    for key in rules:
        if key not in REQUIRED:
            raise InputError(f"claims: unknown rule {key!r}; accepted: {', '.join(REQUIRED)}")
    found = {mode: _matches(tables, rules, mode) for mode in rules["modes"]}
    rows = []
    for claim, measure, decide in _judges():
        if claim not in only:
            continue
        for mode, matches in found.items():
            effect, verdict, rule, cells = _judged(decide, matches, rules)
            text = f"{mode}: {measure}"
            rows.append((claim, STATEMENTS[claim], verdict, text, *effect, cells, rule))
    made = pd.DataFrame(rows, columns=list(CLAIMS))
    return made.astype(dict.fromkeys(("effect", "low", "high"), float))


def write(tables_dir: Path, rules: Rules, stem: Path) -> None:
    """Judge the tables in a folder; ``stem``.parquet and ``stem``.csv."""
    tables = {name: record.read_table(tables_dir / f"{name}.parquet") for name in NEEDS}
    record.write_table(stem, judge(tables, rules))


def _matches(tables: Mapping[str, pd.DataFrame], rules: Rules, mode: str) -> Matches | Missing:
    try:
        return match(tables, rules, mode)
    except Missing as missing:
        return missing


def _judged(
    decide: Callable[[list[Match], Rules], Judged], matches: Matches | Missing, rules: Rules
) -> Judged:
    try:
        if isinstance(matches, Missing):
            raise matches
        effect, verdict, rule, cells = decide(matches.found, rules)
    except Missing as missing:
        unknown = Interval(np.nan, np.nan, np.nan)
        return unknown, "undecided", f"undecided for lack of data: {missing}", ""
    note = f"; left out: {'; '.join(matches.left_out)}" if matches.left_out else ""
    return effect, verdict, rule + note, cells


def _judges() -> Iterator[tuple[str, str, Callable[[list[Match], Rules], Judged]]]:
    """(claim, measure, how), in the order of the table."""
    target = "to the target, ÷ exact's (1)"
    yield "C1", f"training steps {target}", lambda m, r: ways.speed(m, r, costs.per_step)
    yield (
        "C1",
        f"forward-equivalents {target}",
        lambda m, r: ways.speed(m, r, costs.forward_equivalents),
    )
    yield "C1", f"seconds {target}", lambda m, r: ways.speed(m, r, costs.seconds)
    yield "C2", "rate of diverged runs − exact's (share of runs)", ways.divergence
    yield "C2", "seed-to-seed sd of the final quality ÷ exact's (1)", ways.spread
    yield "C3", "final quality − exact's, positive is worse (exact's sds)", ways.accuracy
    worse = "− that at the ε of least gradient error, positive is worse (exact's sds)"
    yield "C4", f"final quality at the smallest ε {worse}", lambda m, r: ways.end(m, r, 0)
    yield "C4", f"final quality at the largest ε {worse}", lambda m, r: ways.end(m, r, -1)
    failed = "rate of vanished or diverged runs at the largest ε − at that of least gradient error"
    yield "C4", f"{failed} (share of runs)", ways.failures
    yield "C5", "forward-equivalents per step ÷ exact's (1)", ways.counted_cost
    yield "C5", "seconds per step and seed ÷ exact's (1)", ways.measured_cost
    yield "C6", "width of the ε range that is as good as exact (decades)", ways.good_range
