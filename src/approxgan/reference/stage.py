"""What is committed of a full run: its verdicts, its headline numbers, and what made it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import frames
from approxgan.analysis.frames import GROUP
from approxgan.core.errors import InputError
from approxgan.storage import provenance
from approxgan.storage.tables import CLAIMS, table_in

CELL = [*GROUP, *frames.CELL]
VERDICT = [name for name in CLAIMS if name not in ("datasets", "cells", "note")]
NUMBERS = (
    *("bound", "effect", "low", "high", "mode_value", "other_value", "error", "freedom"),
    *("p", "p_holm"),
)


def headline(tables: Path) -> pd.DataFrame:
    """Per cell the mean of the deciding number at the last step, its standard error and runs."""
    quality = frames.tidy(table_in(tables, "quality"))
    values = frames.final(frames.primary(quality)).groupby(CELL, dropna=False)["value"]
    found = values.agg(mean="mean", error="sem", scored="count", runs="size").reset_index()
    return found.sort_values(CELL, ignore_index=True)


def of(tables: Path, command: str) -> dict[str, Any]:
    """The reference of the run whose tables these are, made here by ``command``."""
    claims = table_in(tables, "claims")
    return {
        "made": {
            "command": command,
            "commit": provenance.commit(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": provenance.about(),
            "versions": provenance.versions(),
        },
        "verdicts": _plain(claims[VERDICT]),
        "cells": _plain(headline(tables)),
    }


def verdicts(known: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a reference's verdicts, with numbers as numbers."""
    return rows(known, "verdicts", VERDICT).astype(dict.fromkeys(NUMBERS, float))


def rows(known: Mapping[str, Any], part: str, columns: list[str]) -> pd.DataFrame:
    """One part of a reference. Raises ``InputError`` for what is none."""
    try:
        return pd.DataFrame(known[part])[columns]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"the reference's {part!r} are not rows with {', '.join(columns)}; make one with: "
            "approxgan reference"
        ) from error


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON, which has no infinity: a missing number is null, an infinite one a text."""
    return [
        {str(key): _json(value) for key, value in row.items()} for row in frame.to_dict("records")
    ]


def _json(value: Any) -> Any:
    if isinstance(value, str | int) or np.isfinite(value):
        return value
    return None if np.isnan(value) else str(value)
