"""A row per cell: what it scored, how it compares with exact, how it failed and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import frames, statistics
from approxgan.analysis.frames import GROUP, final
from approxgan.analysis.text import number

CELL = [*GROUP, *frames.CELL]
COMPARED = ("difference_sds", "low", "high", "p_holm", "p_equivalence", "verdict", "reason")
"""What is shown of the table ``comparisons``."""
Key = tuple[str, ...]


def key(values: Any) -> Key:
    """A cell's name: a NaN equals nothing, itself included, but its spelling does."""
    return tuple(map(str, values))


def step(row: Mapping[str, Any]) -> str:
    """ε, or the rule that chose it, or a dash."""
    if not pd.isna(row["epsilon"]):
        return number(row["epsilon"])
    ruled = [name for name in str(row["rule"]).split("+") if name not in ("", "fixed")]
    return f"by {' and '.join(ruled)}" if ruled else "–"


def cells(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """A row per cell, in the order of the tables."""
    scores = final(tables["quality"])
    scores = scores[scores["is_primary"].eq(True)]
    values = {key(k): part for k, part in scores.groupby(CELL, dropna=False)["value"]}
    cost = tables["cost"].groupby(CELL, dropna=False)[["cpu_seconds", "trained_steps"]].sum()
    cost = cost["cpu_seconds"] / cost["trained_steps"].replace(0, np.nan)
    prices = {key(k): value for k, value in cost.items()}
    compared = comparisons(tables.get("comparisons"))
    rows = []
    for name, runs in tables["outcomes"].groupby(CELL, dropna=False):
        known = values.get(key(name), pd.Series(dtype=float)).dropna().to_numpy(float)
        mean, low, high = statistics.t_interval(known, 0.95)
        row = {
            **dict(zip(CELL, name, strict=True)),
            "runs": len(runs),
            "scored": len(known),
            "mean": mean,
            "low": low,
            "high": high,
            "compared": compared.get(key(name), {}),
            "diverged": int(runs["diverged"].astype(bool).sum()),
            "vanished": int(runs["vanished"].astype(bool).sum()),
            "forwards": runs["forwards"].median(),
            "backwards": runs["backwards"].median(),
            "ms per step": 1e3 * prices.get(key(name), np.nan),
        }
        rows.append({**row, "step": step(row)})
    return rows


def comparisons(frame: pd.DataFrame | None) -> dict[Key, dict[str, Any]]:
    """Each cell's comparison with exact in the primary number; empty without such a table."""
    if frame is None:
        return {}
    rows = frame[frame["family"] == "primary"].to_dict("records")
    return {
        key([row[name] for name in CELL]): {name: row[name] for name in COMPARED} for row in rows
    }


def aggregates(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Scores over all data sets of a study, the best first."""
    if frame is None:
        return []
    rows = frame.sort_values("score", ascending=False, kind="stable").to_dict("records")
    return [
        {**{str(name): value for name, value in row.items()}, "step": step(row)} for row in rows
    ]


def metrics(quality: pd.DataFrame) -> dict[str, Any]:
    """Means over seeds of every metric, a row per cell."""
    scores = final(quality)
    names = sorted(scores["metric"].astype(str).unique())
    rows = []
    for name, part in scores.groupby(CELL, dropna=False):
        means = part.groupby("metric")["value"].mean()
        row = dict(zip(CELL, name, strict=True))
        rows.append(({**row, "step": step(row)}, [means.get(each, np.nan) for each in names]))
    return {"names": names, "rows": rows}
