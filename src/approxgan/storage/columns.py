"""Tables as they are read: the columns asked for, and numbers where numbers belong."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from approxgan.core.errors import InputError
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS, RUN

TEXTS = {
    *(name for name in RUN if not name.endswith(("epsilon", "seed"))),
    *("dtype", "player", "vanished_player", "metric", "source", "game", "sweep", "datasets"),
    *("better", "family", "verdict", "reason", "claim", "measure", "unit"),
    *("against", "side", "reason_code", "interval_kind", "cells", "note"),
}
"""Columns that may hold texts; all others hold numbers."""


def table_in(folder: Path, name: str) -> pd.DataFrame:
    """One of the documented tables, from a folder of them."""
    return read_table(folder / f"{name}.parquet", COLUMNS[name])


def read_table(path: Path, columns: Collection[str]) -> pd.DataFrame:
    """A table; ``InputError`` for one without ``columns``, or with texts in place of numbers."""
    table = files.read_table(path, columns)
    for name in columns:
        if name in TEXTS or table[name].dtype.kind in "biuf":
            continue
        strange = [value for value in table[name] if isinstance(value, str | bytes | list | dict)]
        if strange:
            raise InputError(
                f"{path}: column {name!r} holds {strange[0]!r}; numbers are accepted; {files.MAKE}"
            )
    return table
