"""A reproduction against the committed reference: the same verdicts, and numbers that agree."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan import record
from approxgan.core import InputError

CELL = ["study", "dataset", "model", "loss", "mode", "epsilon", "rule", "settings"]
TIMED = "seconds"
"""In the name of a measure that the machine decides: it is listed, and does not fail."""
Z = 4.0
"""Means agree within this many standard errors of their difference: over some 200 cells, all of
them do with a probability of 99 % where nothing but chance differs."""


def headline(tables: Path, metric: str) -> pd.DataFrame:
    """Per cell the mean of the deciding number at the last step, its standard error and runs."""
    quality = record.read_table(tables / "quality.parquet")
    quality = quality[quality["metric"] == metric]
    quality = quality[quality["step"] == quality.groupby("study")["step"].transform("max")]
    groups = quality.assign(epsilon=quality["epsilon"].map(repr)).groupby(CELL)["value"]
    found = groups.agg(mean="mean", error="sem", scored="count", runs="size").reset_index()
    return found.sort_values(CELL, ignore_index=True)


def reference(tables: Path, metric: str, command: str) -> dict[str, Any]:
    """What is committed of a full run: where it was made, its verdicts and headline numbers."""
    claims = record.read_table(tables / "claims.parquet")
    verdicts = claims[["claim", "measure", "verdict", "effect", "low", "high"]]
    return {
        "made": {
            "command": command,
            "commit": _commit(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, {_cores()} cores, {platform.system()}",
            "python": platform.python_version(),
        },
        "metric": metric,
        "verdicts": _plain(verdicts),
        "cells": _plain(headline(tables, metric)),
    }


def compare(known: Mapping[str, Any], tables: Path) -> tuple[list[str], list[str]]:
    """(what differs, what differs and may): a line each. Raises ``InputError`` for no reference."""
    for part in ("metric", "verdicts", "cells"):
        if part not in known:
            raise InputError(f"the reference has no {part!r}; make one with: approxgan reference")
    claims = record.read_table(tables / "claims.parquet")
    wrong, allowed = _verdicts(pd.DataFrame(known["verdicts"]), claims)
    mine = headline(tables, known["metric"])
    return wrong + _numbers(pd.DataFrame(known["cells"]), mine), allowed


def _verdicts(known: pd.DataFrame, mine: pd.DataFrame) -> tuple[list[str], list[str]]:
    keys = ["claim", "measure"]
    both = known.merge(mine, on=keys, how="outer", suffixes=("_known", "_mine"), indicator=True)
    wrong, allowed = [], []
    for row in both.to_dict("records"):
        name = f"{row['claim']} {row['measure']}"
        if row["_merge"] != "both":
            where = "the reference" if row["_merge"] == "left_only" else "this run"
            wrong.append(f"{name}: only in {where}")
        elif row["verdict_known"] != row["verdict_mine"]:
            line = f"{name}: {row['verdict_mine']}, the reference says {row['verdict_known']}"
            (allowed if TIMED in row["measure"] else wrong).append(line)
    return wrong, allowed


def _numbers(known: pd.DataFrame, mine: pd.DataFrame) -> list[str]:
    both = known.merge(mine, on=CELL, how="outer", suffixes=("_known", "_mine"), indicator=True)
    lines = []
    for row in both.to_dict("records"):
        name = "/".join(str(row[key]) for key in CELL if str(row[key]) not in ("", "nan"))
        if row["_merge"] != "both":
            where = "the reference" if row["_merge"] == "left_only" else "this run"
            lines.append(f"{name}: only in {where}")
            continue
        means = np.array([row["mean_known"], row["mean_mine"]], float)
        errors = np.array([row["error_known"], row["error_mine"]], float)
        if np.isnan(means).all():
            continue
        allowed = Z * np.hypot(*np.nan_to_num(errors)) + 1e-12
        if not abs(means[1] - means[0]) <= allowed:
            lines.append(
                f"{name}: mean {means[1]:.4g}, the reference has {means[0]:.4g} "
                f"(they may differ by {allowed:.2g})"
            )
    return lines


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON: a missing number is null."""
    rows = frame.to_dict("records")
    return [{str(key): _json(value) for key, value in row.items()} for row in rows]


def _json(value: Any) -> Any:
    return value if isinstance(value, str | int) or np.isfinite(value) else None


def _commit() -> str:
    """The commit that the working tree is at, marked where it has changes; '' outside of one."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
