"""The data stage: a dataset's definition -> its training set and fresh true points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.core.errors import InputError
from approxgan.design import cells
from approxgan.storage import files
from approxgan.training import streams


def make(definition: Mapping[str, Any], out: Path) -> None:
    """Write ``training`` [points, dim] and as many ``true`` draws of the density, float64."""
    dataset = cells.build_dataset(definition)
    n = definition["points"]
    try:
        training = dataset.training(n, streams.generator(0, "data"))
    except ValueError as error:
        raise InputError(f"{definition['kind']}: {error}") from error
    arrays = {
        "training": training,
        "true": dataset.sample(n, streams.generator(0, "reference")),
    }
    for name, points in arrays.items():
        found = np.asarray(points)
        fits = found.dtype == float and found.shape == (n, dataset.dim)
        if not (fits and np.isfinite(found).all()):
            what = f"{found.dtype} {[*found.shape]}{', not all finite' if fits else ''}"
            raise InputError(
                f"{definition['kind']}: the {name} points are {what}; accepted: finite float64 "
                f"{[n, dataset.dim]}"
            )
    files.write_arrays(out, arrays)
