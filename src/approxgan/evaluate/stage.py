"""The evaluate stages: samples of runs, or true ones, -> their scores."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import Law, Metric
from approxgan.design import cells
from approxgan.design.paths import SAMPLES, SPEC, Results
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
    """Write the scores of a run folder."""
    files.write_bytes(out, files.parquet(scores(folder, data, quality)))


def scores(folder: Path, data: Path, quality: Mapping[str, Any]) -> pd.DataFrame:
    """Of the snapshots of a run folder, beside the training points in the file ``data``."""
    spec = files.read_json(folder / SPEC)
    arrays = kept.samples(folder / SAMPLES)
    with files.reading(folder / SPEC, "spec of a run"):
        dataset = cells.build_dataset(spec["definitions"]["dataset"])
    given = {"training": kept.data(data)["training"], "seed": quality["seed"]}
    steps, seeds = arrays["steps"].tolist(), arrays["seeds"].tolist()
    metrics = metrics_of(quality)
    known = _laws(spec["definitions"]["model"], dataset, arrays) if "parameters" in arrays else None
    every = {k: m for k, m in metrics.items() if k in quality["every_snapshot"]}
    last = {k: m for k, m in metrics.items() if k not in every}
    with _refusing(folder / SAMPLES):
        tables = [
            score.run(
                arrays["samples"][:, at:],
                steps[at:],
                seeds,
                dataset,
                chosen,
                **given,
                law=lambda s, t, at=at: known(s, at + t) if known else score.UNKNOWN,
            )
            for at, chosen in ((0, every), (len(steps) - 1, last))
        ]
    whole = pd.concat([table for table in tables if len(table)], ignore_index=True)
    return whole.sort_values(["seed", "step"], kind="stable", ignore_index=True)


def _laws(model: Mapping[str, Any], dataset: Any, arrays: kept.Arrays) -> Callable[[int, int], Law]:
    """What is known of a run's generator, by numbers of seed and snapshot.

    Of another kind than the one behind the data, or of another size, its parameters mean something
    else.
    """
    # Here, as it may load torch, which most runs need not.
    from approxgan.core import pair

    made = cells.build_generator(model["generator"])
    true: Any = getattr(dataset, "law", score.UNKNOWN)
    kept_parameters = arrays["parameters"]
    # A proposal's first parameters are means of the generator's that it is of.
    meant, behind = getattr(made, "of", made), getattr(dataset, "generator", None)
    size = 0 if true.parameters is None else len(true.parameters)
    alike = type(meant) is type(behind) and size == meant.size(dataset.dim)

    def law(s: int, t: int) -> Law:
        theta = kept_parameters[s, t]
        if not np.isfinite(theta).all():
            return score.UNKNOWN
        found = pair.law(made, dataset.dim, theta)
        return found._replace(parameters=theta[:size] if alike else None)

    return law


def null(spec: Mapping[str, Any], data: Path, out: Path) -> None:
    """Score true samples: what a perfect generator gets. The training points are in ``data``."""
    dataset, metrics = cells.build_dataset(spec["definition"]), metrics_of(spec)
    given = {"training": kept.data(data)["training"], "samples": spec["samples"]}
    with _refusing(data):
        scores = score.null(
            dataset, metrics, repeats=spec["null_repeats"], seed=spec["seed"], **given
        )
    files.write_bytes(out, files.parquet(scores))


def guest(spec: Mapping[str, Any], name: str, at: Results) -> None:
    """Score a guest as a run is scored, at the most samples at which runs on its data set are."""
    about, path = files.read_json(at.guest_about(name)), at.guest_samples(name)
    dataset = about["dataset"]
    fitting = [n for n in spec["sizes"].get(dataset, []) if n <= about["samples"]]
    if not fitting:
        raise InputError(
            f"{at.guest_about(name)}: {about['samples']} samples of {dataset}; no run of this "
            "config is scored on that data set at as few"
        )
    arrays = kept.samples(path)
    given = {"training": kept.data(at.data(dataset))["training"], "seed": spec["seed"]}
    with _refusing(path):
        scores = score.run(
            arrays["samples"][:, :, : max(fitting)],
            arrays["steps"].tolist(),
            arrays["seeds"].tolist(),
            cells.build_dataset(spec["definitions"][dataset]),
            metrics_of(spec),
            **given,
        )
    files.write_bytes(at.guest_scores(name), files.parquet(scores))


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """What a metric says against the points of a file, such as too few of them, in one line."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{path}: cannot be scored: {error}") from error
