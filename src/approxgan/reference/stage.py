"""What is committed of a full run: its verdicts, its headline numbers, and what made it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.library.without_gradient import KEY
from approxgan.reference.sides import NEEDED, of_tables
from approxgan.storage import provenance
from approxgan.storage.tables import table_in


def of(tables: Path, command: str) -> dict[str, Any]:
    """The reference of the run whose tables these are, made here by ``command``."""
    run = of_tables(str(tables), {name: table_in(tables, name) for name in NEEDED})
    return {
        "made": {
            "command": command,
            "commit": provenance.commit(),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": provenance.about(),
            "versions": provenance.versions(),
        },
        "metric": run.metric,
        "verdicts": _plain(run.verdicts),
        "cells": _plain(run.cells),
        KEY: _plain(_best_ways(tables)),
    }


def _best_ways(tables: Path) -> pd.DataFrame:
    """Of generators without a gradient; none of a run from before there was a table of them."""
    if not (tables / "no_gradient.parquet").is_file():
        return pd.DataFrame()
    reached = table_in(tables, "no_gradient")
    return reached[(reached["best_of"] != "") & ~reached["is_smooth"].astype(bool)]


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON, which has no infinity: a missing number is null, an infinite one a text."""
    return [
        {str(key): _json(value) for key, value in row.items()} for row in frame.to_dict("records")
    ]


def _json(value: Any) -> Any:
    if isinstance(value, str | int) or np.isfinite(value):
        return value
    return None if np.isnan(value) else str(value)
