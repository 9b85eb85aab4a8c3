"""Results of a run: tables whose verdicts and scores are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.storage import files
from approxgan.storage.tables import COLUMNS
from worlds import synthetic

MODE = "forward_difference"
BASE = {
    "scope": "other", "reading": "same_steps", "dtype": "float32", "mode": MODE,
    "unit": "ratio", "against": "exact", "is_control": False, "bound": 0.9,
    "side": "below", "verdict": "supported", "reason_code": "ok", "interval_kind": "jackknife",
    "error": 0.25, "freedom": 30.0, "is_timed": False, "runs": 24, "censored": 0,
    "capped": 0, "effect": 1.0, "low": 0.5, "high": 1.5,
}  # fmt: skip


def claims(verdict: str = "supported", effect: float = 1.0) -> pd.DataFrame:
    rows = [
        {"claim": "C1", "measure": "steps_to_target", "verdict": verdict, "effect": effect},
        {"claim": "C1", "measure": "seconds_to_target", "effect": np.inf, "is_timed": True},
        {"claim": "C1", "measure": "steps_to_target", "mode": "b", "verdict": "undecided",
         "effect": np.nan, "error": np.nan, "reason_code": "lack_of_data"},
        {"claim": "C1", "measure": "steps_to_target", "verdict": "contradicted",
         "against": "c", "is_control": True},
        {"claim": "C5", "measure": "forward_equivalents_per_step", "effect": 2.0, "low": 2.0,
         "high": 2.0, "error": 0.0, "interval_kind": "count"},
    ]  # fmt: skip
    texts = {"datasets": "", "cells": "", "note": ""}
    return pd.DataFrame([texts | BASE | row for row in rows], columns=list(COLUMNS["claims"]))


def written(folder: Path, seed: int = 0, made: pd.DataFrame | None = None, **changes: Any) -> Path:
    """Tables of a made-up run; another seed is another run of the same experiment."""
    files.write_table(folder / "tables" / "claims", claims(**changes) if made is None else made)
    tables = synthetic.make(synthetic.SMALL, seed=seed)
    for name in ("quality", "quality_null"):
        files.write_table(folder / "tables" / name, tables[name])
    return folder
