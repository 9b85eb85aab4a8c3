"""The evaluate stages: samples of a run, and true samples, -> their scores."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import Metric
from approxgan.design import cells
from approxgan.design.paths import SAMPLES, SPEC
from approxgan.evaluate import score
from approxgan.storage import arrays as kept
from approxgan.storage import files


def metrics_of(quality: Mapping[str, Any]) -> dict[str, Metric]:
    """The metrics that the config names, in its order."""
    return {
        name: registry.build("metrics", name, settings or {})
        for name, settings in quality["metrics"].items()
    }


def run(folder: Path, data: Path, quality: Mapping[str, Any], out: Path) -> None:
    """Score the snapshots of a run folder, beside the training points in the file ``data``."""
    spec = files.read_json(folder / SPEC)
    arrays = kept.samples(folder / SAMPLES)
    with files.reading(folder / SPEC, "spec of a run"):
        dataset = cells.build_dataset(spec["definitions"]["dataset"])
    given = {"training": kept.data(data)["training"], "seed": quality["seed"]}
    steps, seeds = arrays["steps"].tolist(), arrays["seeds"].tolist()
    metrics = metrics_of(quality)
    every = {k: m for k, m in metrics.items() if k in quality["every_snapshot"]}
    last = {k: m for k, m in metrics.items() if k not in every}
    with _refusing(folder / SAMPLES):
        tables = [
            score.run(arrays["samples"][:, at:], steps[at:], seeds, dataset, chosen, **given)
            for at, chosen in ((0, every), (len(steps) - 1, last))
        ]
    whole = pd.concat([table for table in tables if len(table)], ignore_index=True)
    whole = whole.sort_values(["seed", "step"], kind="stable", ignore_index=True)
    files.write_bytes(out, files.parquet(whole))


def null(spec: Mapping[str, Any], data: Path, out: Path) -> None:
    """Score true samples: what a perfect generator gets. The training points are in ``data``."""
    dataset, metrics = cells.build_dataset(spec["definition"]), metrics_of(spec)
    given = {"training": kept.data(data)["training"], "samples": spec["samples"]}
    with _refusing(data):
        scores = score.null(
            dataset, metrics, repeats=spec["null_repeats"], seed=spec["seed"], **given
        )
    files.write_bytes(out, files.parquet(scores))


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """What a metric says against the points of a file, such as too few of them, in one line."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{path}: cannot be scored: {error}") from error
