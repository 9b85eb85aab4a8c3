"""What true samples score, and a plain comparison of the others with exact."""

from __future__ import annotations

import numpy as np
import pandas as pd

from worlds.synthetic.frames import frame
from worlds.synthetic.sizes import Size


def null(quality: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for dataset in quality["dataset"].unique():
        for metric in quality["metric"].unique():
            best = 8.0 if metric == "modes_captured" else 0.0
            for repeat in range(20):
                value = best + 0.004 * rng.normal()
                rows.append({"dataset": dataset, "samples": size.points, "metric": metric,
                             "repeat": repeat, "value": value})  # fmt: skip
    return frame("quality_null", rows)


def comparisons(quality: pd.DataFrame) -> pd.DataFrame:
    """Differences to exact as they are told apart by eye: no resampling, and no noise floor."""
    final = quality[quality["step"] == quality.groupby("study")["step"].transform("max")]
    group, cell = ["study", "dataset", "model", "loss", "metric"], ["mode", "epsilon", "rule"]
    exact = final[final["mode"] == "exact"].groupby(group)["value"].agg(["mean", "std"])
    rows = []
    for key, part in final[final["mode"] != "exact"].groupby(
        [*group, *cell, "settings"], dropna=False
    ):
        if key[: len(group)] not in exact.index:
            continue
        mean, spread = exact.loc[key[: len(group)]]
        capped = np.minimum((part["value"].fillna(np.inf) - mean) / (spread or 1.0), 10.0)
        effect, half = capped.mean(), 2 * capped.std() / len(capped) ** 0.5
        low, high = effect - half, effect + half
        verdict = "worse" if low > 0.5 else "better" if high < -0.5 else "undecided"
        rows.append({**dict(zip([*group, *cell, "settings"], key, strict=True)),
                     "better": "lower", "seeds": len(part), "finite": part["value"].count(),
                     "family": "primary" if key[4] == "energy_distance" else "exploratory",
                     "difference_sds": effect, "low": low, "high": high,
                     "verdict": "same" if low > -0.5 and high < 0.5 else verdict,
                     "runs": len(part)})  # fmt: skip
    return frame("comparisons", rows)
