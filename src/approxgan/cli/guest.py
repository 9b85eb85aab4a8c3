"""Someone else's samples become a guest of the results: checked before anything is written."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.core.settings import MOST_SAMPLES, near
from approxgan.design import cells as grid
from approxgan.design.paths import Results
from approxgan.storage import files, guests

SAMPLES, ABOUT = "samples.npy", "guest.yaml"
NEEDED = {"name": str, "dataset": str}
OPTIONAL = {"loss": str, "cost": (int, float)}
LONGEST = 60
"""Letters of a text."""


def add(folder: Path, config: Mapping[str, Any], at: Results) -> tuple[str, str]:
    """The guest's name, and what it is in words; ``InputError`` before anything is written."""
    about = told(folder / ABOUT)
    name, dataset = about["name"], about["dataset"]
    sizes = grid.scored(config)
    if dataset not in sizes:
        raise InputError(
            f"{folder / ABOUT}: dataset: {dataset!r} is not scored by this config; "
            f"{near(dataset, sizes)}accepted: {', '.join(sizes)}"
        )
    dim = grid.build_dataset(config["datasets"][dataset]).dim
    found = guests.samples(folder / SAMPLES, dim)
    seeds, n = found.shape[:2]
    least, most = min(sizes[dataset]), MOST_SAMPLES
    if not least <= n <= most:
        raise InputError(
            f"{folder / SAMPLES}: {n} samples a seed; accepted: {least}, as runs on {dataset} are "
            f"scored, to {most}"
        )
    files.write_arrays(
        at.guest_samples(name),
        {"steps": np.array([0]), "seeds": np.arange(seeds), "samples": found[:, None]},
    )
    files.write_json(at.guest_about(name), {**about, "seeds": seeds, "samples": n})
    what = f"{seeds} seed{'s' if seeds > 1 else ''} of {n} samples beside {dataset}"
    lost = int((~np.isfinite(found)).any((1, 2)).sum())
    return name, f"{what}, {lost} without scores: not all finite" if lost else what


def told(path: Path) -> dict[str, Any]:
    """What guest.yaml says; ``InputError`` for what it must not."""
    files.check_file(path)
    read = load.read(path)
    try:
        found = load.canonical(read)
    except InputError as error:
        raise InputError(f"{path}: {str(error).removeprefix('config: ')}") from error
    accepted = f"{', '.join(NEEDED)}, and if known {', '.join(OPTIONAL)}"
    for key in [*(key for key in NEEDED if key not in found), *found]:
        if key not in found:
            raise InputError(f"{path}: {key} is missing; accepted: {accepted}")
        if key not in {**NEEDED, **OPTIONAL}:
            like = near(key, {**NEEDED, **OPTIONAL})
            raise InputError(f"{path}: {key!r} is unknown; {like}accepted: {accepted}")
        kind = {**NEEDED, **OPTIONAL}[key]
        if not isinstance(found[key], kind) or not found[key]:
            what = "a text" if kind is str else "a number above 0"
            raise InputError(f"{path}: {key}: {found[key]!r} is not {what}")
    for key in ("name", "dataset"):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", found[key]) or len(found[key]) > LONGEST:
            raise InputError(
                f"{path}: {key}: {found[key]!r} is not a word; accepted: a-z, 0-9 and _, a letter "
                f"first, at most {LONGEST}"
            )
    loss, cost = found.get("loss", ""), found.get("cost")
    if len(loss) > LONGEST:
        raise InputError(f"{path}: loss: {loss!r} is too long; accepted: at most {LONGEST} letters")
    if cost is not None and cost < 0:
        raise InputError(f"{path}: cost: {cost} is not a number above 0")
    return {"name": found["name"], "dataset": found["dataset"], "loss": loss, "cost": cost}
