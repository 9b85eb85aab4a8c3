"""Choosing among tries by their scores on selection seeds."""

from __future__ import annotations

import numpy as np
import pytest
from worlds.snapshots import RING, SEEDS, STEPS, training, true_snapshots

from approxgan.design.paths import SAMPLES, SPEC, Results
from approxgan.evaluate import score, stage, tuning
from approxgan.metrics.energy_distance import EnergyDistance
from approxgan.storage import files

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
    found = tuning.choose(tries(**scores), better)
    assert found["chosen"] == {"rate": chosen}
    assert found["at_end"] == at_end
    assert [one["failed"] for one in found["tries"]] == [
        int(np.isnan(each).sum()) for each in scores.values()
    ]


def test_tries_are_scored_at_their_ends_over_all_blocks(tmp_path):
    at, snapshots = Results(tmp_path), true_snapshots()
    made = {"points": 1000, **vars(RING)}
    defined = {"dataset": {"kind": "ring", **made}, "model": {"kind": "dense"}}
    files.write_arrays(at.data("ring"), {"training": training(), "true": training()})
    moved = {"a": (0.0, 3.0), "b": (0.0, 4.0), "c": (5.0, 1.0)}
    for cell, (first, last) in moved.items():
        shift = np.array([first, first, last], np.float32)[:, None, None]
        files.write_json(at.run(cell, SPEC), {"definitions": defined})
        drawn = {"steps": np.array(STEPS), "seeds": np.array(SEEDS), "samples": snapshots + shift}
        files.write_arrays(at.run(cell, SAMPLES), drawn)
    metrics = {"energy_distance": {}, "frechet": {}}
    spec = {
        "tries": [{"values": {"rate": 1}, "cells": ["a", "b"]},
                  {"values": {"rate": 2}, "cells": ["c"]}],
        "dataset": "ring", "number": "energy_distance", "better": "lower",
        "quality": {"seed": 4, "metrics": metrics, "every_snapshot": []},
    }  # fmt: skip
    stage.tune(spec, at, at.tuning("t"))
    found = files.read_json(at.tuning("t"))
    assert found["chosen"] == {"rate": 2}
    own = {"energy_distance": EnergyDistance()}
    scores = {
        cell: score.run(snapshots[:, 2:] + np.float32(moved[cell][1]), STEPS[2:], SEEDS, RING, own,
                        training=training(), seed=4)["value"].to_numpy()
        for cell in moved
    }  # fmt: skip
    wanted = [np.median(np.concatenate([scores["a"], scores["b"]])), np.median(scores["c"])]
    assert [one["score"] for one in found["tries"]] == pytest.approx(wanted, rel=1e-12)
    assert [one["seeds"] for one in found["tries"]] == [4, 2]
