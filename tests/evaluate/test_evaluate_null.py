"""Metrics of true samples, and the stages that write them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from worlds.snapshots import (
    ARTICLE,
    RING,
    SEEDS,
    STEPS,
    N,
    Spy,
    all_metrics,
    null,
    run,
    training,
    true_snapshots,
)
from worlds.variants import example

from approxgan.config.registry import names
from approxgan.evaluate import score
from approxgan.evaluate import stage as quality
from approxgan.storage import files


def test_null_has_a_row_for_every_repeat_and_number() -> None:
    table = null(RING, all_metrics(), N, 3)
    assert list(table.columns) == ["repeat", "samples", "metric", "value"]
    numbers = [name for metric in all_metrics().values() for name in metric.directions]
    expected = [(name, repeat) for repeat in range(3) for name in numbers]
    assert list(table[["metric", "repeat"]].itertuples(index=False, name=None)) == expected
    again = null(RING, all_metrics(), N, 5)
    assert_frame_equal(table, again[again["repeat"] < 3])


def test_null_repeats_are_independent_of_one_another_and_of_the_runs() -> None:
    perfect, ran = Spy(), Spy()
    null(RING, {"spy": perfect}, N, 8, seed=11)
    run(true_snapshots(), {"spy": ran})
    drawn = [call.samples.tobytes() for call in perfect.kept()]
    drawn += [call.reference.tobytes() for call in perfect.kept()]
    assert len(set(drawn)) == 16
    assert set(drawn).isdisjoint(call.reference.tobytes() for call in ran.kept())


@pytest.mark.parametrize("name", names("datasets"))
def test_null_of_the_unbiased_distance_is_zero(name: str) -> None:
    metrics = {"energy_distance": example("metrics", "energy_distance")}
    dataset = ARTICLE if name == "article" else example("datasets", name)
    for _, part in null(dataset, metrics, 200, 150).groupby("metric"):
        values = part["value"].to_numpy()
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values)) <= 4 * error


def test_the_stages_read_the_training_points_from_the_data_file(tmp_path: Path) -> None:
    settings = {"count": 8, "radius": 2.0, "sigma": 0.1}
    definition = {"kind": "ring", "points": 1000, **settings}
    chosen: dict = {"seed": 11, "metrics": {"memorisation": {}, "energy_distance": None}}
    chosen["every_snapshot"] = ["memorisation", "energy_distance"]
    files.write_arrays(tmp_path / "data.npz", {"training": training(), "true": training()[:3]})
    files.write_json(tmp_path / "run" / "spec.json", {"definitions": {"dataset": definition}})
    arrays = {"samples": true_snapshots(), "steps": np.array(STEPS), "seeds": np.array(SEEDS)}
    files.write_arrays(tmp_path / "run" / "samples.npz", arrays)
    metrics = quality.metrics_of(chosen)
    quality.run(tmp_path / "run", tmp_path / "data.npz", chosen, tmp_path / "quality.parquet")
    made = files.read_table(tmp_path / "quality.parquet")
    assert_frame_equal(made, run(true_snapshots(), metrics))
    chosen["every_snapshot"] = ["energy_distance"]
    quality.run(tmp_path / "run", tmp_path / "data.npz", chosen, tmp_path / "quality.parquet")
    fewer = files.read_table(tmp_path / "quality.parquet")
    last = made["step"] == made["step"].max()
    wanted = made[last | (made["metric"] == "energy_distance")]
    keys = ["seed", "step", "metric"]
    tidy = [t.sort_values(keys, ignore_index=True) for t in (fewer, wanted)]
    assert_frame_equal(*tidy)
    spec = {**chosen, "definition": definition, "samples": N, "null_repeats": 2}
    quality.null(spec, tmp_path / "data.npz", tmp_path / "null.parquet")
    given = {"training": training(), "samples": N, "repeats": 2, "seed": 11}
    made = files.read_table(tmp_path / "null.parquet")
    assert_frame_equal(made, score.null(RING, metrics, **given))
