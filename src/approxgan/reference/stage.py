"""What is committed of a full run: its verdicts, its headline numbers, and what made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.storage import provenance
from approxgan.storage.columns import read_table
from approxgan.storage.tables import COLUMNS

CELL = ["study", "dataset", "model", "loss", "mode", "epsilon", "rule", "settings"]
VERDICT = ["claim", "statement", "measure", "verdict", "effect", "low", "high"]


def headline(tables: Path, metric: str) -> pd.DataFrame:
    """Per cell the mean of the deciding number at the last step, its standard error and runs."""
    quality = read_table(tables / "quality.parquet", COLUMNS["quality"])
    quality = quality[quality["metric"] == metric]
    quality = quality[quality["step"] == quality.groupby("study")["step"].transform("max")]
    groups = quality.assign(epsilon=quality["epsilon"].map(repr)).groupby(CELL)["value"]
    found = groups.agg(mean="mean", error="sem", scored="count", runs="size").reset_index()
    return found.sort_values(CELL, ignore_index=True)


def of(tables: Path, metric: str, command: str) -> dict[str, Any]:
    """The reference of the run whose tables these are, made here by ``command``."""
    claims = read_table(tables / "claims.parquet", COLUMNS["claims"])
    return {
        "made": {
            "command": command,
            "commit": provenance.commit(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": provenance.about(),
            "versions": provenance.versions(),
        },
        "metric": metric,
        "verdicts": _plain(claims[VERDICT]),
        "cells": _plain(headline(tables, metric)),
    }


def verdicts(known: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a reference's verdicts, with numbers as numbers."""
    return pd.DataFrame(known["verdicts"]).astype(dict.fromkeys(("effect", "low", "high"), float))


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON, which has no infinity: a missing number is null, an infinite one a text."""
    rows = frame.to_dict("records")
    return [{str(key): _json(value) for key, value in row.items()} for row in rows]


def _json(value: Any) -> Any:
    if isinstance(value, str | int) or np.isfinite(value):
        return value
    return None if np.isnan(value) else str(value)
