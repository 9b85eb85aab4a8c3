"""A row a guest: its score by the number that decides, beside exact and a perfect generator."""

from typing import Any

import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.frames import Tables, final, null_of, primary


def rows(tables: Tables) -> list[dict[str, Any]]:
    """By data set and name; ``exact`` and ``perfect`` are medians on the same data set."""
    scores = tables.get("guests", pd.DataFrame(columns=["is_primary"]))
    deciding = scores[scores["is_primary"].eq(True)]
    if deciding.empty:
        return []
    quality = primary(final(tables["quality"]))
    exact = quality[quality["mode"].eq("exact")].groupby("dataset")["value"].median()
    made = []
    for (dataset, name), own in deciding.groupby(["dataset", "guest"]):
        known = own["value"].dropna().to_numpy(float)
        ends = statistics.t_interval(known, 0.95)
        first = own.iloc[0]
        nulls = null_of(tables["quality_null"], own)["value"] if "quality_null" in tables else []
        made.append(
            {
                "guest": name,
                "dataset": dataset,
                "metric": first["metric"],
                "loss": first["loss"],
                "cost": first["cost"],
                "samples": int(first["samples"]),
                "seeds": len(own),
                "scored": len(known),
                "mean": ends.estimate,
                "low": ends.low,
                "high": ends.high,
                "exact": exact.get(dataset),
                "perfect": pd.Series(nulls, dtype=float).median(),
            }
        )
    return made
