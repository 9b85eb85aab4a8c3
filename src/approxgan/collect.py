"""The collect stage: result files of all cells -> the tables in results/tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan import grid, outcome, record
from approxgan.core import PLAYERS, Cell
from approxgan.tables import COLUMNS, ERRORS

Config = Mapping[str, Any]
PER_PLAYER = [f"{player}_{name}" for player in PLAYERS for name in ERRORS]


def _keys(cell: Cell) -> dict[str, Any]:
    return {
        "study": cell.study,
        "dataset": cell.dataset,
        "model": cell.model,
        "loss": cell.loss,
        "mode": cell.mode,
        "epsilon": np.nan if cell.epsilon is None else float(cell.epsilon),
        "settings": grid.spelled(cell.settings),
    }


def _runs(config: Config, root: Path) -> Iterator[tuple[Cell, Path]]:
    for name, cell in grid.cells(config).items():
        yield cell, root / "runs" / name


def training(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a run and traced step, up to the step at which the run diverged."""
    for cell, folder in _runs(config, root):
        arrays = record.read_arrays(folder / "trace.npz")
        for row, seed in enumerate(arrays["seeds"].tolist()):
            stop = arrays["diverged_step"][row]
            alive = arrays["step"] <= stop if stop >= 0 else np.full(len(arrays["step"]), True)
            columns = {
                **{f"{p}_loss": arrays[f"{p}_loss"][alive, row] for p in PLAYERS},
                **{f"{p}_gradient_norm": arrays[f"{p}_gradient_norm"][alive, row] for p in PLAYERS},
                **{name: arrays[name][alive, row] for name in PER_PLAYER},
                **{name: arrays[name][alive] for name in ("step", "forwards", "backwards")},
            }
            yield pd.DataFrame({**columns, **_keys(cell), "seed": seed})


def outcomes(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a run: how it ended."""
    for cell, folder in _runs(config, root):
        arrays = record.read_arrays(folder / "trace.npz")
        rows = [outcome.of(arrays, row, cell.training) for row in range(len(cell.seeds))]
        yield pd.DataFrame(rows).assign(**_keys(cell), seed=list(cell.seeds))


def quality(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a run, snapshot and number."""
    for cell, folder in _runs(config, root):
        yield record.read_table(folder / "quality.parquet").assign(**_keys(cell))


def quality_null(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a dataset, repeat and number."""
    for name in grid.used_datasets(config):
        yield record.read_table(root / "null" / f"{name}.parquet").assign(dataset=name)


def gradient_error(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a probed point, mode, ε, setting and dtype."""
    for name, probe in grid.probes(config).items():
        for mode in grid.probe_modes(probe):
            yield record.read_table(root / "probe" / name / f"{mode}.parquet")


def probe_points(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a probed point and dtype."""
    for name in grid.probes(config):
        yield record.read_table(root / "probe" / name / "points.parquet")


def cost(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """One row a training job."""
    for cell, folder in _runs(config, root):
        found = record.read_json(folder / "cost.json")
        row = {key: value for key, value in found.items() if key in COLUMNS["cost"]}
        yield pd.DataFrame([row]).assign(**_keys(cell), seeds=f"{cell.seeds[0]}-{cell.seeds[-1]}")


def samples(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """Samples of each cell's first seed at its last snapshot, for drawing."""
    for cell, folder in _runs(config, root):
        if cell.seeds[0] != config["seeds"]["first"]:
            continue
        arrays = record.read_arrays(folder / "samples.npz")
        drawn = arrays["samples"][0, -1, : config["points"]]
        fine = np.isfinite(drawn).all(1)
        columns = {"index": np.flatnonzero(fine), "x": drawn[fine, 0], "y": drawn[fine, 1]}
        yield pd.DataFrame(columns).assign(
            **_keys(cell), seed=cell.seeds[0], step=int(arrays["steps"][-1])
        )


def data(config: Config, root: Path) -> Iterator[pd.DataFrame]:
    """Points of each dataset, for drawing."""
    for name in grid.used_datasets(config):
        arrays = record.read_arrays(root / "data" / f"{name}.npz")
        for source in ("training", "true"):
            drawn = arrays[source][: 2 * config["points"]]
            yield pd.DataFrame({"x": drawn[:, 0], "y": drawn[:, 1]}).assign(
                dataset=name, source=source, index=np.arange(len(drawn))
            )


TABLES: dict[str, Callable[[Config, Path], Iterator[pd.DataFrame]]] = {
    make.__name__: make
    for make in (
        training,
        outcomes,
        quality,
        quality_null,
        gradient_error,
        probe_points,
        cost,
        samples,
        data,
    )
}
SORTED_BY = {
    "quality_null": ["dataset", "repeat"],
    "data": ["dataset", "source", "index"],
}
"""Rows are sorted by these columns, otherwise by all that name a row."""
KEYS = ("study", "dataset", "model", "loss", "mode", "epsilon", "settings", "dtype", "player")
KEYS_LAST = ("seed", "seeds", "step", "index")


def table(name: str, config: Config, root: Path, out: Path) -> None:
    """Write one table, columns and rows in their documented order."""
    frames = [frame for frame in TABLES[name](config, root) if len(frame)]
    columns = list(COLUMNS[name])
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    by = SORTED_BY.get(name, [key for key in (*KEYS, *KEYS_LAST) if key in columns])
    record.write_table(out, whole[columns].sort_values(by, kind="stable", ignore_index=True))
