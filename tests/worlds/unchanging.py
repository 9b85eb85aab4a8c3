"""The tables of a run, but for the seconds it took."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def tables(folder: Path) -> dict[str, bytes]:
    """File -> bytes, without ``cost`` and without the rows of ``claims`` that rest on seconds."""
    made = {path.name: path.read_bytes() for path in (folder / "results" / "tables").iterdir()}
    for name in ("cost.csv", "cost.parquet", "claims.parquet"):
        del made[name]
    claims = pd.read_csv(folder / "results" / "tables" / "claims.csv")
    timed = claims["measure"].str.contains("seconds")
    assert 0 < timed.sum() < len(claims) / 2
    made["claims.csv"] = claims[~timed].to_csv().encode()
    return made
