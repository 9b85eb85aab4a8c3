"""A study of any size whose result files are made up from one cell that was really run.

That cell is trained, scored and probed; every other one gets its files, losses and scores scaled
by random factors of its own. So tables, figures and the report have the shape and size of real
ones, and ``stub.sh`` can stand for the jobs that would have made them.
"""

from __future__ import annotations

import json
import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from approxgan.cli.parser import main as approxgan
from approxgan.config import load
from approxgan.design import cells as grid
from approxgan.design import specs
from approxgan.storage import files

ROOT = Path(__file__).parents[1]
SNAKEMAKE = str(Path(sys.executable).parent / "snakemake")
COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies")
DATASETS = ("ring", "article", "grid", "moons", "spiral")
LOSSES = ("nonsaturating", "minimax", "least_squares", "hinge", "wasserstein")
LOSSES += ("nonsaturating_r1", "article_formula", "article_code")
MODES = ("uniform_shift", "forward_difference", "central_difference")
Config = dict[str, Any]


class Size(NamedTuple):
    """A game, of a dataset and a loss, has exact and three modes at ``steps`` values of ε."""

    datasets: int
    losses: int
    steps: int

    @property
    def cells(self) -> int:
        return self.datasets * self.losses * (1 + len(MODES) * self.steps)


def folder(name: Path) -> Path:
    """A new folder with what Snakemake reads of this project."""
    name.mkdir()
    for item in COPIED:
        source = ROOT / item
        (shutil.copytree if source.is_dir() else shutil.copy)(source, name / item)
    return name


def overlay(path: Path, size: Size) -> Config:
    """Write a config of so many cells, with the default's rows a run; returns it, checked."""
    epsilon = [float(f"{10 ** (-7 + 6 * k / size.steps):.4g}") for k in range(size.steps)]
    modes = [{"mode": "exact"}, *({"mode": n, "epsilon": epsilon} for n in MODES if epsilon)]
    games = {"datasets": [*DATASETS[: size.datasets]], "losses": [*LOSSES[: size.losses]]}
    study = {"name": "scale", "models": ["compact"], **games, "modes": modes}
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    few = [{"mode": "exact"}, *({"mode": name, "epsilon": [1e-5, 1e-3]} for name in MODES)]
    probe = {**default["probes"][0], "models": ["compact"], "steps": [0, 20], "seeds": [0]}
    text = {
        "studies": [study],
        "training": {"steps": 400, "trace_every": 10, "samples": 600},
        "probes": [{**probe, "modes": few}],
        "dirac": {"modes": few[:2]},
        "quality": {"null_repeats": 3},
    }
    path.write_text(yaml.safe_dump(text))
    return load.config([ROOT / "config.yaml", path])


def template(place: Path) -> Path:
    """Results of one cell, and of what all of a dataset, a probe and a mode share, really made."""
    config = overlay(place.with_suffix(".yaml"), Size(1, 1, 0))
    (cell,), (probe,) = grid.cells(config), grid.probes(config)
    _stage(place, specs.data(config, "ring"), "data", "ring")
    _stage(place, specs.train(config, cell), "train", cell)
    _stage(place, specs.quality(config), "evaluate", cell)
    samples = config["training"]["samples"]
    _stage(place, specs.null(config, "ring", samples), "null", "ring", str(samples))
    _stage(place, specs.points(config, probe), "points", probe)
    _stage(place, specs.describe(config, probe), "describe", probe)
    # Modes that stand for the others, too.
    for mode in grid.probe_modes(config["dirac"]):
        _stage(place, specs.probe_mode(config, probe, mode), "probe", probe, mode)
        _stage(place, specs.dirac(config, mode), "dirac", mode)
    return place


def _stage(place: Path, spec: Any, *name: str) -> None:
    if approxgan([*name, "--spec", json.dumps(spec), "--results", str(place)]):
        sys.exit(f"the template could not be made: {' '.join(name)}")


def results(one: Path, config: Config, out: Path) -> None:
    """Files of all that is made before the tables, in ``out``, from the template ``one``."""
    shutil.copytree(one, out, ignore=shutil.ignore_patterns("runs"))
    for name in grid.used_datasets(config):
        if name != "ring":
            shutil.copy(out / "data/ring.npz", out / f"data/{name}.npz")
            shutil.copytree(out / "null/ring", out / "null" / name)
    for probe, mode in product(grid.probes(config), MODES[1:]):
        known = files.read_table(out / "probe" / probe / f"{MODES[0]}.parquet")
        made = files.parquet(known.assign(mode=mode))
        files.write_bytes(out / "probe" / probe / f"{mode}.parquet", made)
    (source,) = (path.parent for path in one.glob("runs/**/spec.json"))
    trace, spec = files.read_arrays(source / "trace.npz"), files.read_json(source / "spec.json")
    scores = files.read_table(source / "quality.parquet")
    rng = np.random.default_rng(0)
    for name, cell in grid.cells(config).items():
        run = out / "runs" / name
        run.mkdir(parents=True)
        for file in ("samples.npz", "parameters.npz", "cost.json"):
            (run / file).hardlink_to(source / file)
        files.write_arrays(run / "trace.npz", {k: _varied(v, rng) for k, v in trace.items()})
        value = _varied(scores["value"].to_numpy(), rng)
        files.write_bytes(run / "quality.parquet", files.parquet(scores.assign(value=value)))
        files.write_json(run / "spec.json", {**grid.spec(config, cell), "chosen": spec["chosen"]})


def _varied(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Floats times a factor near one for each; anything else as it is."""
    if not np.issubdtype(values.dtype, np.floating):
        return values
    return (values * rng.normal(1.0, 0.1, values.shape)).astype(values.dtype)
