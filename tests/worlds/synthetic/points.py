"""Points and pictures as runs and data sets would give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from approxgan.storage import tables
from worlds.synthetic.frames import frame
from worlds.synthetic.laws import cosine
from worlds.synthetic.sizes import Size

EVOLVED = ("exact", "forward_difference", "uniform_shift", "random_direction")


def draws(dataset: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, 2] points of something that looks like the dataset."""
    if dataset == "ring":
        angle = 2 * np.pi * rng.integers(8, size=n) / 8
        centre = 2 * np.stack([np.cos(angle), np.sin(angle)], 1)
        return centre + 0.1 * rng.normal(size=(n, 2))
    if dataset == "moons":
        angle, side = np.pi * rng.random(n), rng.integers(2, size=n)
        moon = np.stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + side / 2], 1)
        return moon + 0.1 * rng.normal(size=(n, 2))
    return rng.normal(size=(n, 2))


def samples(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for row in outcomes[outcomes["seed"] < 2].to_dict("records"):
        for step in (0, size.steps):
            if step and row["diverged"]:
                continue
            parts.append(cloud(row, step, float(step > 0), size.points, rng))
    return pd.concat(parts, ignore_index=True)


def cloud(row, step: int, learnt: float, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """n samples of a run that has learnt this share of what its gradients allow."""
    likeness = cosine(row["mode"], row["epsilon"], "float32", "generator")
    noise = 1.2 * (1 - learnt * likeness)
    points = draws(row["dataset"], n, rng)
    points = points * (1 - noise / 2) + noise * rng.normal(size=points.shape)
    key = {name: row[name] for name in tables.RUN if name in row}
    return pd.DataFrame({**key, "step": step, "index": np.arange(n),
                         "x": points[:, 0], "y": points[:, 1]})  # fmt: skip


def evolution(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    chosen = outcomes["mode"].isin(EVOLVED) & (outcomes["study"] == size.studies[0].name)
    parts = []
    for row in outcomes[chosen & (outcomes["seed"] == 0)].to_dict("records"):
        for step in np.linspace(0, size.steps, size.snapshots).astype(int):
            if not row["diverged"] or step < row["diverged_step"]:
                parts.append(cloud(row, int(step), step / size.steps, size.points, rng))
    return pd.concat(parts, ignore_index=True)


def data(size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for dataset in sorted({d for study in size.studies for d in study.datasets}):
        for source in ("training", "true"):
            points = draws(dataset, size.points, rng)
            parts.append(pd.DataFrame({"dataset": dataset, "source": source,
                                       "index": np.arange(size.points),
                                       "x": points[:, 0], "y": points[:, 1]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def images(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    """25 discs a run, noisier the worse its gradients; true ones without a mode."""
    row, column = np.mgrid[:8, :8]
    parts = []
    none: dict[str, Any] = {"dataset": "digits", "mode": "", "settings": "", "epsilon": np.nan}
    runs = outcomes[(outcomes["dataset"] == "digits") & (outcomes["seed"] == 0)]
    for run in [none, *runs.to_dict("records")]:
        likeness = cosine(run["mode"], run["epsilon"], "float32", "generator") if run["mode"] else 1
        centre = rng.uniform(2.5, 4.5, size=(2, 25, 1, 1))
        far = np.hypot(row - centre[0], column - centre[1])
        value = 16 * np.exp(-far) + 6 * (1 - likeness) * rng.normal(size=far.shape)
        index, rows, columns = (part.ravel() for part in np.indices(value.shape))
        key = {name: run[name] for name in tables.RUN if name in run}
        parts.append(pd.DataFrame({**key, "step": size.steps if run["mode"] else -1,
                                   "index": index, "row": rows, "column": columns,
                                   "value": value.ravel()}))  # fmt: skip
    return frame("images", pd.concat(parts).to_dict("records"))
