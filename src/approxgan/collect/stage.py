"""The collect stage: result files of all cells -> the tables in results/tables."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from approxgan.collect import outcomes as outcome
from approxgan.config import registry
from approxgan.config.check import BUDGETS
from approxgan.core.errors import InputError
from approxgan.design import cells, names
from approxgan.design.choices import Cell
from approxgan.design.paths import COST, SAMPLES, SCORES, SPEC, TRACE, Results
from approxgan.storage import arrays as kept
from approxgan.storage import files, tables

Spec = Mapping[str, Any]
FORMS = {
    **dict.fromkeys(tables.OF_A_STEP, "int traced*"),
    **dict.fromkeys(("seeds", "diverged_step"), "int seeds"),
    **dict.fromkeys(tables.OF_A_SEED, "float traced* seeds"),
}
"""The arrays of a trace: forms as in ``storage.arrays``."""
TOLD = ("seconds", "cpu_seconds", "peak_memory_mb", "dimension")
IMAGES_SHOWN = 25
EVOLVED = ("exact", "forward_difference", "uniform_shift", "random_direction")
EVOLVED_POINTS = 300
NUMBERS = ("learning_rate", "budget", *(n for n in tables.RUN if n.endswith(("epsilon", "seed"))))
"""Columns of a run that hold numbers: missing, not empty, for true images."""


def _runs(spec: Spec, at: Results) -> Iterator[tuple[Cell, Path]]:
    """Every cell of the table, as the run's own spec has it, and its folder."""
    for name in spec["cells"]:
        folder = at.run(name)
        with files.reading(folder / SPEC, "spec of a run"):
            cell = Cell.of(files.read_json(folder / SPEC))
            keys = {**names.row_keys(cell), "seeds": cell.seeds[0]}
            for column, value in keys.items():
                if not isinstance(value, str | int | float | None):
                    raise TypeError(f"{column} is {value!r}")
        yield cell, folder


def _trace(path: Path, cell: Cell) -> kept.Arrays:
    """Columns [T, S] or [T] of the traced steps, seeds and diverged_step [S]."""
    return kept.of_seeds(path, kept.read(path, FORMS), cell.seeds)


def training(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a run and traced step, up to the step at which the run diverged."""
    for cell, folder in _runs(spec, at):
        arrays = _trace(folder / TRACE, cell)
        stop = np.where(arrays["diverged_step"] < 0, np.inf, arrays["diverged_step"])
        seed, step = np.nonzero(arrays["step"] <= stop[:, None])
        columns = {
            "seed": arrays["seeds"][seed],
            **{name: arrays[name][step, seed] for name in tables.OF_A_SEED},
            **{name: arrays[name][step] for name in tables.OF_A_STEP},
        }
        yield pd.DataFrame(columns).assign(**names.row_keys(cell))


def tuning(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a try."""
    for name in spec["tunings"]:
        study, dataset, model, loss, mode, settings = name.split("/")
        path = at.tuning(name)
        with files.reading(path, "choice of a tuning"):
            found = files.read_json(path)
            rows = pd.DataFrame(found["tries"])
            rows["chosen"] = [values == found["chosen"] for values in rows["values"]]
            rows["values"] = [json.dumps(values, sort_keys=True) for values in rows["values"]]
            rows["score"] = rows["score"].astype(float)
        yield rows.assign(
            study=study, dataset=dataset, model=model, loss=loss, mode=mode,
            settings=settings, at_end=",".join(found["at_end"]),
        )  # fmt: skip


def outcomes(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a run: how it ended. A cell's blocks of seeds must have as many steps."""
    known: dict[Path, int] = {}
    for cell, folder in _runs(spec, at):
        arrays = _trace(folder / TRACE, cell)
        training = {**cell.training, **spec["judging"][cell.study]}
        if (first := known.setdefault(folder.parent, training["steps"])) != training["steps"]:
            raise InputError(
                f"{folder}: has {training['steps']} steps, other seeds of the cell {first}: their "
                "seconds were timed on different machines, or with other versions; remove "
                f"{folder.parent} and train all on one, or give training.steps"
            )
        rows = [outcome.of(arrays, row, training) for row in range(len(cell.seeds))]
        yield pd.DataFrame(rows).assign(**names.row_keys(cell), seed=list(cell.seeds))


def quality(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a run, snapshot and number."""
    known = directions(spec["metrics"])
    for cell, folder in _runs(spec, at):
        rows = tables.read_table(folder / SCORES, tables.SCORED)
        yield rows.assign(
            **names.row_keys(cell),
            better=rows["metric"].map({n: direction(n, known) for n in rows["metric"].unique()}),
            is_primary=rows["metric"] == spec["metric"],
        )


def directions(metrics: Iterable[str]) -> dict[str, str]:
    """Which way is better, of every number that these metrics give."""
    known: dict[str, str] = {}
    for name in metrics:
        known.update(registry.describe("metrics", name).constants["directions"])
    return known


def direction(number: str, known: Mapping[str, str]) -> str:
    """Which way is better for one number; a number in a view, ``number_view``, has the same."""
    found = [name for name in known if f"{number}_".startswith(f"{name}_")]
    return known[max(found, key=len)] if found else "neither"


def quality_null(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a dataset, number of samples, repeat and number."""
    own = [key for key in tables.QUALITY_NULL if key != "dataset"]
    for name, sizes in spec["scored"].items():
        for samples in sizes:
            path = at.null(name, samples)
            yield tables.read_table(path, own).assign(dataset=name)


def _probed(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    for name, modes in spec["probes"].items():
        for mode in modes:
            yield tables.read_table(at.measured(name, mode), tables.PROBED)


def gradient_error(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a probed point, mode, ε, setting and dtype."""
    for rows in _probed(spec, at):
        whole = rows[rows["layer"] < 0]
        yield whole.assign(chooses_epsilon=whole["dtype"] == spec["probe_dtype"])


def layer_error(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """The same, layer by layer."""
    for rows in _probed(spec, at):
        yield rows[rows["layer"] >= 0]


def probe_points(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a probed point and dtype."""
    for name in spec["probes"]:
        yield tables.read_table(at.described(name), tables.PROBE_POINTS)


def dirac(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a step of every mode's Dirac-GAN."""
    for mode in spec["modes"]:
        yield tables.read_table(at.dirac(mode), tables.DIRAC)


def cost(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a training job."""
    for cell, folder in _runs(spec, at):
        path = folder / COST
        found = files.read_json(path)
        row = {name: files.number(found, name, path) for name in TOLD}
        diverged = _trace(folder / TRACE, cell)["diverged_step"]
        with files.reading(folder / SPEC, "spec of a run"):
            steps = int(np.int64(cell.training["steps"]))
        yield pd.DataFrame([{**row, "sweep": str(found["sweep"])}]).assign(
            **names.row_keys(cell),
            first_seed=cell.seeds[0],
            last_seed=cell.seeds[-1],
            budget_unit=next((unit for unit in BUDGETS if unit in cell.training), ""),
            trained_steps=int(np.where(diverged < 0, steps, diverged).sum()),
        )


def _drawn(spec: Spec, at: Results) -> Iterator[tuple[Cell, list[tuple[int, np.ndarray]]]]:
    """Every cell once, with each snapshot's step and the finite samples of its first seed."""
    first: dict[Path, int] = {}
    for cell, folder in _runs(spec, at):
        first[folder.parent] = min(first.get(folder.parent, cell.seeds[0]), cell.seeds[0])
    for cell, folder in _runs(spec, at):
        if cell.seeds[0] == first[folder.parent]:
            arrays = kept.samples(folder / SAMPLES, cell.seeds)
            shots = zip(arrays["steps"].tolist(), arrays["samples"][0], strict=True)
            yield cell, [(step, shot[np.isfinite(shot).all(1)]) for step, shot in shots]


def _flat(cell: Cell, step: int, points: np.ndarray) -> pd.DataFrame:
    x, y = points.T[:2]
    columns = {"index": np.arange(len(x)), "x": x, "y": y}
    return pd.DataFrame(columns).assign(**names.row_keys(cell), seed=cell.seeds[0], step=step)


def samples(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """Samples of each cell's first seed at its last snapshot, for drawing."""
    flat = {name: _plane(spec, name) for name in spec["datasets"]}
    for cell, shots in _drawn(spec, at):
        step, shown = shots[-1]
        yield _flat(cell, step, flat[cell.dataset](shown[: spec["points"]]))


def evolution(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """Samples of a few modes' first seed at every snapshot, for drawing."""
    groups = _widest(spec, at)
    flat = {group[1]: _plane(spec, group[1]) for group in groups}
    most = min(spec["points"], EVOLVED_POINTS)
    for cell, shots in _drawn(spec, at):
        if _group(cell) in groups and names.mode_name(cell) in EVOLVED:
            for step, shown in shots:
                yield _flat(cell, step, flat[cell.dataset](shown[:most]))


def _group(cell: Cell) -> tuple[str, str, str, str]:
    """Cells are comparable within it."""
    return cell.study, cell.dataset, cell.model, cell.loss


def _widest(spec: Spec, at: Results) -> set[tuple[str, str, str, str]]:
    """For each dataset the group with most modes, then most steps ε, then first by name.

    Of studies that count steps, and of cells trained as their study says.
    """
    tried: dict[Any, set[Any]] = {}
    for cell, _ in _runs(spec, at):
        if cell.varied or not cell.training.keys().isdisjoint(BUDGETS):
            continue
        kind = tuple(str(names.row_keys(cell)[key]) for key in ("mode", "settings", "epsilon"))
        tried.setdefault(_group(cell), set()).add(kind)
    best: dict[str, Any] = {}
    for group, kinds in tried.items():
        rank = (-len({kind[:2] for kind in kinds}), -len(kinds), group)
        best[group[1]] = min(best.get(group[1], rank), rank)
    return {rank[-1] for rank in best.values()}


def _guests(spec: Spec, at: Results) -> Iterator[tuple[str, dict[str, Any]]]:
    names = spec["guests"]
    if names is None:
        names = [name for name in at.guests() if at.guest_scores(name).is_file()]
    for name in names:
        yield name, files.read_json(at.guest_about(name))


def guests(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """One row a guest, seed and number."""
    known = directions(spec["metrics"])
    for name, about in _guests(spec, at):
        rows = tables.read_table(at.guest_scores(name), tables.SCORED)
        cost = np.nan if about["cost"] is None else float(about["cost"])
        yield rows.assign(
            guest=name,
            dataset=about["dataset"],
            loss=about["loss"],
            cost=cost,
            better=[direction(n, known) for n in rows["metric"]],
            is_primary=rows["metric"] == spec["metric"],
        )


def guest_samples(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """Samples of each guest's first seed, for drawing."""
    for name, about in _guests(spec, at):
        if about["dataset"] in spec["datasets"]:
            shot = kept.samples(at.guest_samples(name))["samples"][0, 0]
            shown = _plane(spec, about["dataset"])(shot[np.isfinite(shot).all(1)][: spec["points"]])
            x, y = shown.T[:2]
            yield pd.DataFrame({"index": np.arange(len(x)), "x": x, "y": y}).assign(
                guest=name, dataset=about["dataset"]
            )


def data(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """Points of each dataset, for drawing."""
    for name in spec["datasets"]:
        arrays, flat = kept.data(at.data(name)), _plane(spec, name)
        for source in ("training", "true"):
            x, y = flat(arrays[source][: 2 * spec["points"]]).T[:2]
            yield pd.DataFrame({"x": x, "y": y}).assign(
                dataset=name, source=source, index=np.arange(len(x))
            )


def _plane(spec: Spec, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """What is drawn of a dataset: the first coordinates of its first view, or its own.

    Data of one column lie on a line.
    """
    views = getattr(cells.build_dataset(spec["datasets"][name]), "views", dict)()
    view = next(iter(views.values()), lambda points: points)

    def flat(points: np.ndarray) -> np.ndarray:
        seen = view(points)
        return np.pad(seen, ((0, 0), (0, max(0, 2 - seen.shape[1]))))

    return flat


def images(spec: Spec, at: Results) -> Iterator[pd.DataFrame]:
    """A row a pixel: true images, and each cell's first ones, of datasets of images."""
    built = {n: cells.build_dataset(found) for n, found in spec["datasets"].items()}
    shapes = {name: d.image for name, d in built.items() if hasattr(d, "image")}
    for name, shape in shapes.items():
        true = kept.data(at.data(name))["true"]
        keys = {**dict.fromkeys(tables.RUN, ""), **dict.fromkeys(NUMBERS), "dataset": name}
        yield _pixels(true, shape).assign(**keys, step=-1)
    for cell, shots in _drawn(spec, at):
        if cell.dataset in shapes:
            step, shown = shots[-1]
            keys = {**names.row_keys(cell), "seed": cell.seeds[0]}
            yield _pixels(shown, shapes[cell.dataset]).assign(**keys, step=step)


def _pixels(images: np.ndarray, shape: tuple[int, int]) -> pd.DataFrame:
    """The first images [n, rows * columns] in long form."""
    shown = images[:IMAGES_SHOWN].reshape(-1, *shape)
    index, row, column = (part.ravel() for part in np.indices(shown.shape))
    return pd.DataFrame(
        {"index": index, "row": row, "column": column, "value": shown.ravel().astype(float)}
    )


GATHERED = (
    *(tuning, training, outcomes, quality, quality_null, gradient_error, layer_error, probe_points),
    *(cost, samples, evolution, images, data, dirac, guests, guest_samples),
)
TABLES: dict[str, Callable[[Spec, Results], Iterator[pd.DataFrame]]] = {
    make.__name__: make for make in GATHERED
}
SORTED_BY = {
    "quality_null": ["dataset", "samples", "repeat"],
    "data": ["dataset", "source", "index"],
    "guests": ["guest", "seed"],
    "guest_samples": ["guest", "index"],
}
"""Rows are sorted by these columns, otherwise by all that name a row."""
KEYS = (
    *("game", "study", "dataset", "model", "loss", "mode", "epsilon", "rule", "settings"),
    *("dtype", "player", "seed", "first_seed", "step", "layer", "index", "row", "column"),
)


def table(name: str, spec: Spec, at: Results) -> None:
    """Write one table, columns and rows in their documented order."""
    if name not in TABLES:
        raise InputError(f"table {name!r} is not gathered; accepted: {', '.join(TABLES)}")
    frames = [frame for frame in TABLES[name](spec, at) if len(frame)]
    columns = list(tables.COLUMNS[name])
    whole = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    by = SORTED_BY.get(name, [key for key in KEYS if key in columns])
    whole = whole[columns].sort_values(by, kind="stable", ignore_index=True)
    files.write_table(at.tables / name, whole)
