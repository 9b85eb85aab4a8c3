"""A reproduction against the committed reference: what differs by more than chance."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from approxgan.analysis import frames, statistics
from approxgan.analysis.text import listed
from approxgan.claims.measures import RATIO
from approxgan.claims.verdict import SUPPORTED, UNDECIDED
from approxgan.reference.stage import CELL, VERDICT, headline, rows, verdicts
from approxgan.storage.tables import table_in

ERROR = 0.01
"""Probability that anything of an honest rerun is called different (Holm, over all numbers)."""
ROW = ["scope", "claim", "reading", "mode", "measure", "dtype", "against"]
WHOSE = {"left_only": "only in the reference", "right_only": "only in this run"}
ALIKE = 1e-9
"""Share by which numbers without an error may differ: those are counts."""


class Pair(NamedTuple):
    """Two numbers for one thing, in the reference and here."""

    name: str
    told: str
    p: float
    """Of 'they differ by chance'."""
    said: str = ""
    """How the verdicts differ that rest on them, if they do."""
    is_beside: bool = False
    """Whether an effect beside its bound explains that."""
    may: bool = False
    """Whether they may differ: the machine decides them."""


class Found(NamedTuple):
    """What a reproduction differs in, a line each."""

    wrong: list[str]
    allowed: list[str]
    """What differs and may."""
    compared: int
    """Numbers compared."""


def compare(known: Mapping[str, Any], tables: Path) -> Found:
    """Raises ``InputError`` for what is no reference.

    Cells are compared where both have them. Verdicts rest on all cells, and are compared where
    these are the same ones.
    """
    told = rows(known, "cells", [*CELL, "mean", "error", "scored"])
    both = _both(frames.tidy(told), headline(tables), CELL)
    wrong = _other_experiment(both)
    pairs = [_mean(row) for row in both if row["_merge"] == "both"]
    if not wrong:
        judged = _both(verdicts(known), table_in(tables, "claims")[VERDICT], ROW)
        pairs += [_effect(row) for row in judged if row["_merge"] == "both"]
        wrong = [f"{_name(row, ROW)}: {WHOSE[row['_merge']]}"
                 for row in judged if row["_merge"] in WHOSE]  # fmt: skip
    tested = np.array([np.nan if pair.may else pair.p for pair in pairs])
    adjusted = np.where(np.isnan(tested), [pair.p for pair in pairs], statistics.holm(tested))
    allowed: list[str] = []
    for pair, p in zip(pairs, adjusted, strict=True):
        apart = p < ERROR
        if pair.said:
            beside = pair.is_beside and not apart
            line = f"{pair.name}: {pair.said}{'; the effects agree' if beside else ''}"
            (allowed if beside or pair.may else wrong).append(line)
        if apart:
            line = f"{pair.name}: {pair.told}; p {p:.2g} after Holm's correction"
            (allowed if pair.may else wrong).append(line)
    return Found(wrong, allowed, len(pairs))


def _both(known: pd.DataFrame, mine: pd.DataFrame, keys: list[str]) -> list[dict[str, Any]]:
    both = known.merge(mine, on=keys, how="outer", suffixes=("_known", "_mine"), indicator=True)
    return [{str(key): value for key, value in row.items()} for row in both.to_dict("records")]


def _other_experiment(cells: list[dict[str, Any]]) -> list[str]:
    """One line where the cells are not the same ones."""
    counts = Counter(row["_merge"] for row in cells)
    if counts["both"] == len(cells):
        return []
    known, mine = (
        listed(sorted({row["study"] for row in cells if row["_merge"] != other})) or "none"
        for other in ("right_only", "left_only")
    )
    compared = f"the {counts['both']} cells of both were compared"
    return [
        f"this is another experiment: {counts['left_only']} cells are only in the reference "
        f"(studies {known}), {counts['right_only']} only in this run (studies {mine}); "
        f"{compared if counts['both'] else 'nothing can be compared'}, no verdicts"
    ]


def _name(row: Mapping[str, Any], keys: list[str]) -> str:
    return "/".join(str(row[key]) for key in keys if str(row[key]) not in ("", "nan"))


def _numbers(row: Mapping[str, Any], *names: str) -> list[np.ndarray]:
    return [np.array([row[f"{name}_known"], row[f"{name}_mine"]], float) for name in names]


def _mean(row: Mapping[str, Any]) -> Pair:
    means, errors, counts = _numbers(row, "mean", "error", "scored")
    told = f"mean {means[1]:.4g}, the reference has {means[0]:.4g}"
    return Pair(_name(row, CELL), told, welch(means, errors, counts - 1))


def _effect(row: Mapping[str, Any]) -> Pair:
    """Training is chaotic: on another processor other roundings give other runs.

    An effect beside its bound may then be decided in one and not in the other.
    """
    effects, errors, freedoms = _numbers(row, "effect", "error", "freedom")
    told = f"effect {effects[1]:.4g}, the reference has {effects[0]:.4g}"
    if row["unit_known"] == RATIO and (effects > 0).all():
        effects = np.log(effects)
    known, mine = (str(row[f"verdict_{whose}"]) for whose in ("known", "mine"))
    said = "" if known == mine else f"{mine}, the reference says {known}"
    beside = UNDECIDED in (known, mine) or SUPPORTED not in (known, mine)
    beside = beside and bool(np.isfinite(effects).all())
    p = welch(effects, errors, freedoms)
    return Pair(_name(row, ROW), told, p, said, beside, bool(row["is_timed_known"]))


def welch(values: np.ndarray, errors: np.ndarray, freedoms: np.ndarray) -> float:
    """p of 'the two differ by chance' (Welch's t) by standard errors; 0 or 1 for counts.

    An error of 0 is a count's. 1 where an error is missing: a single run, or a number that rests
    on others, says nothing of its chance. Missing degrees of freedom are infinitely many.
    """
    if values[0] == values[1] or np.isnan(values).all():
        return 1.0
    if not np.isfinite(values).all():
        return 0.0
    if np.isnan(errors).any():
        return 1.0
    variances = errors**2
    if variances.sum() == 0:
        return float(abs(values[1] - values[0]) <= ALIKE * np.abs(values).max())
    parts = variances**2 / np.nan_to_num(np.maximum(freedoms, 1), nan=np.inf)
    freedom = variances.sum() ** 2 / parts.sum() if parts.sum() > 0 else np.inf
    apart = abs(values[1] - values[0]) / np.sqrt(variances.sum())
    return float(2 * stats.t.sf(apart, freedom))
