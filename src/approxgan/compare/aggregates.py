"""One score of every cell over all data sets of a study."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from approxgan.analysis.frames import CELL, GROUP, final, table
from approxgan.analysis.statistics import Interval
from approxgan.storage.tables import AGGREGATES


def aggregate(tables: Mapping[str, pd.DataFrame], rules: Mapping[str, Any]) -> pd.DataFrame:
    """A row per study, model, loss and cell that ran on all of two or more data sets."""
    made = pd.DataFrame(_rows(_scores(tables, rules["metric"]), rules), columns=list(AGGREGATES))
    numbers = ("epsilon", "failed_share", "score", "low", "high")
    return made.astype({**dict.fromkeys(numbers, float), "runs": int})


def _scores(tables: Mapping[str, pd.DataFrame], metric: str) -> pd.DataFrame:
    """Every run's final value with its column ``score``; without it where there is no scale."""
    quality, null = table(tables, "quality"), table(tables, "quality_null")
    quality, null = quality[quality["metric"] == metric], null[null["metric"] == metric]
    group = list(GROUP)
    # Modes share their starts, so that each start is one value, however many modes began there.
    starts = quality[quality["step"] == 0].groupby([*group, "seed"])["value"].mean()
    untrained = starts.groupby(level=group).mean().rename("untrained").reset_index()
    alike = ["dataset", "samples"]
    perfect = null.groupby(alike)["value"].mean().rename("null").reset_index()
    runs = final(quality).merge(untrained, "left", on=group).merge(perfect, "left", on=alike)
    scale = runs["untrained"] - runs["null"]
    runs = runs.assign(score=((runs["untrained"] - runs["value"]) / scale).clip(lower=0).fillna(0))
    return runs[scale.notna() & (scale != 0)]


def _rows(runs: pd.DataFrame, rules: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for study, part in runs.groupby(["study", "model", "loss"]):
        datasets = part["dataset"].unique()
        if len(datasets) < 2:
            continue
        for cell, rows in part.groupby(list(CELL), dropna=False):
            samples = [own.to_numpy(float) for _, own in rows.groupby("dataset")["score"]]
            if len(samples) < len(datasets):
                continue
            made = interquartile_mean_interval(
                samples,
                np.random.default_rng(rules["seed"]),
                level=1 - rules["alpha"],
                resamples=rules["resamples"],
            )
            failed = float((rows["score"] == 0).mean())
            named = (*study, *cell, rules["metric"], ", ".join(datasets))
            yield (*named, len(rows), failed, *made)


def interquartile_mean_interval(
    samples: Sequence[np.ndarray], rng: np.random.Generator, *, level: float, resamples: int
) -> Interval:
    """The mean of the middle half of all groups' runs, with a percentile bootstrap interval.

    The runs of all groups are pooled and a quarter, rounded down, is cut at each end (Agarwal et
    al., NeurIPS 2021); they are resampled within their group [n_k]. No interval where a group
    has a single run.
    """
    arrays = tuple(np.asarray(sample, float) for sample in samples)
    estimate = float(_interquartile_mean(*arrays, axis=-1))
    if min(len(sample) for sample in arrays) < 2:
        return Interval(estimate, np.nan, np.nan)
    result = stats.bootstrap(
        arrays,
        _interquartile_mean,
        n_resamples=resamples,
        confidence_level=level,
        method="percentile",
        vectorized=True,
        rng=rng,
    )
    low, high = result.confidence_interval
    return Interval(estimate, float(low), float(high))


def _interquartile_mean(*samples: np.ndarray, axis: int) -> np.ndarray:
    return stats.trim_mean(np.concatenate(samples, axis), 0.25, axis)
