"""A reproduction against the committed reference: the same verdicts, and numbers that agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.core.errors import InputError
from approxgan.reference.stage import CELL, VERDICT, headline, verdicts
from approxgan.storage.columns import read_table
from approxgan.storage.tables import COLUMNS

TIMED = "seconds"
"""In the name of a measure that the machine decides: it is listed, and does not fail."""
UNDECIDED = "undecided"
Z = 4.0
"""Numbers agree within this many standard errors of their difference: over some 200 cells, all of
them do with a probability of 99 % where nothing but chance differs."""
HALF = 1.96
"""Standard errors from the middle of a 95 % interval to its ends."""
ALIKE = 1e-9
"""Share by which numbers without an interval may differ: those are counts."""


def compare(known: Mapping[str, Any], tables: Path) -> tuple[list[str], list[str]]:
    """(what differs, what differs and may): a line each. Raises ``InputError`` for no reference."""
    _check(known)
    claims = read_table(tables / "claims.parquet", COLUMNS["claims"])
    wrong, allowed = [], []
    for may, line in _verdicts(verdicts(known), claims):
        (allowed if may else wrong).append(line)
    mine = headline(tables, known["metric"])
    return [*wrong, *_cells(pd.DataFrame(known["cells"]), mine)], allowed


def _check(known: Mapping[str, Any]) -> None:
    for part, keys in {"metric": (), "verdicts": VERDICT, "cells": CELL}.items():
        if part not in known:
            raise InputError(f"the reference has no {part!r}; make one with: approxgan reference")
        rows = known[part] if keys else []
        whole = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        if not whole or any(key not in row for row in rows for key in keys):
            raise InputError(
                f"the reference's {part!r} are not rows with {', '.join(keys)}; make one with: "
                "approxgan reference"
            )


def _verdicts(known: pd.DataFrame, mine: pd.DataFrame) -> Iterator[tuple[bool, str]]:
    """(whether it may, how it differs).

    Training is chaotic: on another processor other roundings give other runs of the same
    experiment. An effect beside its margin may then be decided in one and not in the other.
    """
    for row in _both(known, mine, ["claim", "measure"]):
        name = f"{row['claim']} {row['measure']}"
        if missing := _missing(row):
            yield False, f"{name}: {missing}"
            continue
        timed = TIMED in row["measure"]
        widths = np.array([row[f"high_{w}"] - row[f"low_{w}"] for w in ("known", "mine")], float)
        effects = [row["effect_known"], row["effect_mine"]]
        apart = _apart("effect", effects, widths / (2 * HALF))
        said = [row[f"verdict_{w}"] for w in ("known", "mine")]
        if said[0] != said[1]:
            beside = UNDECIDED in said and not apart and bool(np.isfinite(effects).all())
            told = f"{name}: {said[1]}, the reference says {said[0]}"
            yield timed or beside, f"{told}; the effects agree" if beside else told
        if apart:
            yield timed, f"{name}: {apart}"


def _cells(known: pd.DataFrame, mine: pd.DataFrame) -> Iterator[str]:
    for row in _both(known, mine, CELL):
        name = "/".join(str(row[key]) for key in CELL if str(row[key]) not in ("", "nan"))
        means, errors = ([row[f"{of}_{w}"] for w in ("known", "mine")] for of in ("mean", "error"))
        if differs := _missing(row) or _apart("mean", means, np.array(errors, float)):
            yield f"{name}: {differs}"


def _both(known: pd.DataFrame, mine: pd.DataFrame, keys: list[str]) -> list[dict[str, Any]]:
    both = known.merge(mine, on=keys, how="outer", suffixes=("_known", "_mine"), indicator=True)
    return [{str(key): value for key, value in row.items()} for row in both.to_dict("records")]


def _missing(row: Mapping[str, Any]) -> str:
    where = {"left_only": "only in the reference", "right_only": "only in this run"}
    return where.get(str(row["_merge"]), "")


def _apart(what: str, values: list[float], errors: np.ndarray) -> str:
    """How two numbers differ by more than chance; '' where they do not."""
    numbers = np.array(values, float)
    if np.isnan(numbers).all() or numbers[0] == numbers[1]:
        return ""
    finite, errors = (np.where(np.isfinite(those), those, 0.0) for those in (numbers, errors))
    allowed = Z * np.hypot(*errors) + ALIKE * np.abs(finite).max() + 1e-12
    if abs(numbers[1] - numbers[0]) <= allowed:
        return ""
    return (
        f"{what} {numbers[1]:.4g}, the reference has {numbers[0]:.4g} "
        f"(they may differ by {allowed:.2g})"
    )
