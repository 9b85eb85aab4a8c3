"""Guests: samples of someone else's training, in a folder of results/guests each."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.core.errors import InputError
from approxgan.design.paths import Results
from approxgan.storage import files

FIGURE = "guests"
KINDS = "fiu"
"""Of numbers that count as samples."""


def known(at: Results) -> dict[str, dict[str, Any]]:
    """What is known of every guest, by its name: dataset, loss, cost, seeds, samples."""
    return {name: files.read_json(at.guest_about(name)) for name in at.guests()}


def scored(at: Results, sizes: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Every guest of a data set that is scored, at no more samples than it has -> the data set."""
    return {
        name: about["dataset"]
        for name, about in known(at).items()
        if about["samples"] >= min(sizes.get(about["dataset"], [np.inf]))
    }


def figures(named: Sequence[str], has_guests: bool) -> list[str]:
    """The figures of a config, and that of guests where there are some."""
    return [*named, *([FIGURE] if has_guests and FIGURE not in named else [])]


def samples(path: Path, dim: int) -> np.ndarray:
    """[seeds, n, dim] of a .npy file with [n, dim] or that; ``InputError`` for anything else.

    Nothing is unpickled. Values that are not finite are kept: their scores are missing.
    """
    files.check_file(path)
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        what = " ".join(str(error).split())
        raise InputError(f"{path}: not a .npy file of numbers ({what})") from error
    accepted = f"accepted: numbers [n, {dim}] or [seeds, n, {dim}]"
    if not isinstance(found, np.ndarray) or found.dtype.kind not in KINDS:
        raise InputError(f"{path}: holds {getattr(found, 'dtype', 'several arrays')}; {accepted}")
    if found.ndim not in (2, 3) or found.shape[-1] != dim or not found.size:
        raise InputError(f"{path}: has shape {list(found.shape)}; {accepted}")
    return np.array(found if found.ndim == 3 else found[None], np.float64)
