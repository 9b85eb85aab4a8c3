"""Result tables as comparisons read them: complete, tidy, and in one order."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from approxgan.analysis.statistics import GROUP
from approxgan.storage.tables import COLUMNS

CELL = ("mode", "epsilon", "rule", "settings")
"""Runs that agree in these, within a group, differ by their seed alone."""
ORDER = (*GROUP, *CELL, "metric", "dtype", "player", "seed", "seeds", "step", "repeat")


def table(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """A table with all its columns, text for missing rules and settings, numbers for ε.

    A table that is not there is empty. Rows are sorted: resampling must not depend on how they
    came.
    """
    columns = COLUMNS[name]
    frame = tables.get(name)
    frame = pd.DataFrame(columns=list(columns)) if frame is None else frame
    frame = frame.reindex(columns=[*frame, *(key for key in columns if key not in frame)])
    texts = {key: _text(frame[key]) for key in ("rule", "settings") if key in columns}
    numbers = {
        key: pd.to_numeric(frame[key]).astype(float)
        for key in ("epsilon", "value")
        if key in columns
    }
    by = [key for key in ORDER if key in columns]
    return frame.assign(**texts, **numbers).sort_values(by, kind="stable", ignore_index=True)


def _text(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "").astype(str)


def final(quality: pd.DataFrame) -> pd.DataFrame:
    """The rows of each group's last snapshot."""
    last = quality.groupby(list(GROUP))["step"].transform("max")
    return quality[quality["step"] == last]
