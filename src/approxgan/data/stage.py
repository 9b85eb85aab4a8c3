"""The data stage: a dataset's definition -> its training set and fresh true points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    files.write_arrays(out, arrays)
