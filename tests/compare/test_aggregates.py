"""Scores over all data sets: the interquartile mean and its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from worlds import synthetic
from worlds.finals import LUCK, MODE, RULES, SCORES, SEEDS, cell, tables

from approxgan.compare.aggregates import aggregate, interquartile_mean_interval


def test_interquartile_mean_by_hand() -> None:
    # Sorted and pooled 0 1 2 3 | 4 5 6 7: two cut at each end, the mean of 2 3 4 5 is left.
    got = interquartile_mean_interval(
        [np.array([7.0, 0.0, 5.0, 2.0]), np.array([1.0, 3.0, 6.0, 4.0])],
        np.random.default_rng(0), level=0.95, resamples=500,
    )  # fmt: skip
    assert got.estimate == 3.5
    assert got.low < 3.5 < got.high
    # Ten values: a quarter of them is 2.5, of which 2 are cut.
    ten = interquartile_mean_interval(
        [np.array([0.0, 0, 1, 1, 1, 2, 2, 2, 90, 90])],
        np.random.default_rng(0), level=0.9, resamples=99,
    )  # fmt: skip
    assert ten.estimate == pytest.approx(9 / 6)


def test_interquartile_bootstrap_resamples_within_groups() -> None:
    """Against the same done by hand, with another generator."""
    first, second = LUCK[0], 5 + 0.5 * LUCK[1]
    got = interquartile_mean_interval(
        [first, second], np.random.default_rng(0), level=0.9, resamples=4000
    )
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(4000):
        pooled = np.sort([*rng.choice(first, SEEDS), *rng.choice(second, SEEDS)])
        drawn.append(pooled[6:-6].mean())
    low, high = np.quantile(drawn, [0.05, 0.95])
    # Standard error of a 5 % quantile of 4000 resamples: about 2 % of the width.
    assert (got.low, got.high) == pytest.approx((low, high), abs=0.08 * (high - low))
    single = interquartile_mean_interval(
        [np.array([1.0])], np.random.default_rng(0), level=0.9, resamples=9
    )
    assert single.estimate == 1.0
    assert np.isnan(single.low)


def world(values: dict[str, Sequence[float]], start: float = 11.0) -> dict[str, pd.DataFrame]:
    """One mode's final values by data set; the null is 1 everywhere, the start ``start``."""
    cells, null = [], []
    for dataset, finals in values.items():
        cells += [cell(MODE, finals, dataset=dataset)]
        cells += [cell(MODE, np.full(len(finals), start), dataset=dataset, step=0)]
        # That of other sample sizes is another.
        null += [{"dataset": dataset, "samples": n, "metric": "energy_distance", "repeat": r,
                  "value": v + abs(n - 300)}
                 for r, v in ((0, 0.5), (1, 1.5)) for n in (300, 2500)]  # fmt: skip
    return {**tables(*cells), "quality_null": synthetic.frame("quality_null", null)}


def test_scores_run_from_untrained_to_perfect() -> None:
    # Scores of ring 1, 0.9, 0.8, 0.7; of grid 0.6, 0.5, 0 (worse than untrained), 0 (diverged).
    made = aggregate(world({"ring": [1, 2, 3, 4], "grid": [5, 6, 12, np.nan]}), RULES)
    assert len(made) == 1
    row = made.iloc[0]
    assert row["score"] == pytest.approx((0.5 + 0.6 + 0.7 + 0.8) / 4)
    assert row["failed_share"] == 0.25
    assert (row["runs"], row["datasets"], row["mode"]) == (8, "grid, ring", MODE)
    assert row["low"] <= row["score"] <= row["high"]


def test_an_aggregate_needs_all_data_sets_and_a_scale() -> None:
    assert aggregate(world({"ring": [1, 2, 3, 4]}), RULES).empty
    whole = world({"ring": [1, 2, 3, 4], "grid": [1, 2, 3, 4]})
    lacking = {**whole, "quality_null": whole["quality_null"].iloc[:4]}
    assert aggregate(lacking, RULES).empty
    assert aggregate(world({"ring": [1, 2], "grid": [1, 2]}, start=1.0), RULES).empty
    part = synthetic.frame("quality", cell("exact", SCORES, dataset="ring"))
    both = {**whole, "quality": pd.concat([whole["quality"], part], ignore_index=True)}
    assert list(aggregate(both, RULES)["mode"]) == [MODE]
    mixed = {name: frame.sample(frac=1, random_state=1) for name, frame in both.items()}
    pd.testing.assert_frame_equal(aggregate(mixed, RULES), aggregate(both, RULES))
