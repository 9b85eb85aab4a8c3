"""Choosing among tries by their scores on selection seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from approxgan.design.paths import Results
from approxgan.storage import files
from approxgan.tune import stage

NAN = np.nan


def tries(**scores):
    """Tries of rates 1, 2, 3, ... by their scores, in this order."""
    return [({"rate": n}, np.array(found)) for n, found in enumerate(scores.values(), 1)]


@pytest.mark.parametrize(
    ("scores", "better", "chosen", "at_end"),
    [
        ({"a": [3.0, 3.0], "b": [1.0, 2.0], "c": [2.0, 2.0]}, "lower", 2, []),
        ({"a": [3.0, 3.0], "b": [1.0, 2.0], "c": [2.0, 2.0]}, "higher", 1, ["rate"]),
        # The median: one bad seed of three does not decide.
        ({"a": [1.0, 1.0, 90.0], "b": [2.0, 2.0, 2.0]}, "lower", 1, ["rate"]),
        # Runs that diverged are worse than any other.
        ({"a": [NAN, NAN, 0.0], "b": [9.0, 9.0, 9.0], "c": [9.5, 9.5, 9.5]}, "lower", 2, []),
        ({"a": [NAN, NAN, 9.0], "b": [0.0, 0.0, 0.0], "c": [-1.0, -1.0, -1.0]}, "higher", 2, []),
        # Of equal ones, and where all failed, the first.
        ({"a": [1.0], "b": [1.0]}, "lower", 1, ["rate"]),
        ({"a": [NAN], "b": [NAN]}, "lower", 1, ["rate"]),
    ],
)
def test_the_try_of_best_median_is_chosen(scores, better, chosen, at_end):
    found = stage.choose(tries(**scores), better)
    assert found["chosen"] == {"rate": chosen}
    assert found["at_end"] == at_end
    assert [one["failed"] for one in found["tries"]] == [
        int(np.isnan(each).sum()) for each in scores.values()
    ]


def test_scores_are_read_from_the_last_snapshots_of_all_blocks(tmp_path):
    at = Results(tmp_path)
    for cell, (early, late) in {"a": (0.0, 5.0), "b": (0.0, 7.0), "c": (9.0, 4.0)}.items():
        rows = {"seed": [1, 1, 1], "step": [0, 8, 8], "samples": 10, "value": [early, late, 0.0]}
        table = pd.DataFrame({**rows, "metric": ["distance", "distance", "other"]})
        files.write_bytes(at.quality(cell), files.parquet(table))
    tried = [{"values": {"rate": 1}, "cells": ["a", "b"]}, {"values": {"rate": 2}, "cells": ["c"]}]
    out = at.tuning("t")
    stage.run({"tries": tried, "metric": "distance", "better": "lower"}, at, out)
    found = files.read_json(out)
    assert [one["score"] for one in found["tries"]] == [6.0, 4.0]
    assert found["chosen"] == {"rate": 2}
