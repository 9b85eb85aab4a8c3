"""The evaluate stages: samples of a run, and true samples, -> their scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from approxgan import evaluate, grid, record, registry
from approxgan.core import Metric


def metrics_of(quality: Mapping[str, Any]) -> dict[str, Metric]:
    """The metrics that the config names, in its order."""
    return {
        name: registry.build("metrics", name, settings or {})
        for name, settings in quality["metrics"].items()
    }


def run(folder: Path, quality: Mapping[str, Any], out: Path) -> None:
    """Score the snapshots of a run folder; the data's definition travels with the run."""
    spec = record.read_json(folder / "spec.json")
    arrays = record.read_arrays(folder / "samples.npz")
    dataset = grid.build_dataset(spec["definitions"]["dataset"])
    scores = evaluate.run(
        arrays["samples"],
        arrays["steps"].tolist(),
        arrays["seeds"].tolist(),
        dataset,
        metrics_of(quality),
        seed=quality["seed"],
    )
    write(out, scores)


def null(spec: Mapping[str, Any], out: Path) -> None:
    """Score true samples against true samples: what a perfect generator would get."""
    scores = evaluate.null(
        grid.build_dataset(spec["definition"]),
        metrics_of(spec),
        samples=spec["samples"],
        repeats=spec["null_repeats"],
        seed=spec["seed"],
    )
    write(out, scores)


def write(out: Path, scores: pd.DataFrame) -> None:
    record.write_bytes(out, record.parquet(scores))
