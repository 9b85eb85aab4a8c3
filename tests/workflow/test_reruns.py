"""What is planned again when one file or one value of the config changes.

Its own jobs and what rests on them, no others. Nothing is trained: every result is made up.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from worlds.flow import (
    MODES,
    QUALITIES,
    SMALL,
    TRACES,
    TUNINGS,
    UNUSED,
    any_of,
    calling,
    copied,
    made_up,
    planned,
    resting,
    whole,
)

from approxgan.cli.parser import main
from approxgan.design.paths import Results
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS, JUDGED

pytestmark = pytest.mark.slow
Change = Callable[[Any], object]
MADE = ("claims", "epsilon_rules", "no_gradient", "noise_laws")
CLAIMED = tuple(f"tables/{name}.*" for name in MADE)
POINTS, DESCRIBED = "probe/*/points.npz", "probe/*/points.parquet"
MEASURED = "probe/*/forward_difference.parquet"
SWEPT = "runs/*/forward_difference/*/trace.npz"
OF_CELLS = [
    f"tables/{name}.*"
    for name in ("training", "outcomes", "quality", "cost", "samples", "evolution", "images")
]


class Study:
    """The made-up study in its folder."""

    def __init__(self, folder, call):
        self.folder, self.call = folder, call
        self.jobs = made_up(folder, call)

    def planned(self, config: Any = None) -> set[str]:
        """The jobs of a dry run, of another config if one is given."""
        if config is not None:
            (self.folder / "other.yaml").write_text(yaml.safe_dump(config))
        name = "small.yaml" if config is None else "other.yaml"
        return {made[0] for made in planned(self.call("-n", "--configfile", name))}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    copied(folder)
    with calling(folder) as call:
        yield Study(folder, call)


FILES: dict[str, list[str]] = {
    "README.md": [],
    UNUSED: [],
    "workflow/report/figure.rst": [],
    "src/approxgan/__init__.py": [],
    "src/approxgan/reference/beside.py": [],
    "src/approxgan/estimators/spsa.py": [
        "runs/*/spsa/*/trace.npz",
        "probe/*/spsa.*",
        "dirac/spsa.*",
    ],
    "src/approxgan/estimators/masked_exact.py": ["runs/*/masked_exact/*/trace.npz"],
    "src/approxgan/estimators/uniform_shift.py": ["report.html"],  # which describes every mode
    "src/approxgan/step_rules/adaptive.py": ["runs/*/adaptive/*/trace.npz", MEASURED],
    "src/approxgan/step_rules/dtype.py": ["runs/*/spsa/*/trace.npz"],
    "src/approxgan/objective/sweep/direct.py": [SWEPT, MEASURED, DESCRIBED],
    "src/approxgan/datasets/moons.py": ["data/moons.npz", "null/moons/*", "runs/*/moons/*"],
    "studies/points.csv": ["data/mine.npz"],
    "src/approxgan/losses/hinge.py": ["runs/*/hinge/*/trace.npz", TUNINGS],
    "src/approxgan/losses/nonsaturating.py": ["runs/small/*/trace.npz", "probe/*"],
    "src/approxgan/models/dense.py": [TRACES, TUNINGS, "probe/*"],
    "src/approxgan/metrics/mmd.py": [QUALITIES, "null/*", "tables/quality.*"],
    "src/approxgan/figures/cosine.py": ["figures/cosine.svg"],
    "src/approxgan/figures/_style.py": ["figures/*"],
    "src/approxgan/training/loop.py": [TRACES, TUNINGS, "probe/*"],
    "src/approxgan/metrics/energy_distance.py": [
        *(QUALITIES, TUNINGS, "null/*", "tables/quality.*"),
    ],
    "src/approxgan/tune/choice.py": [TUNINGS],
    # Coarse: one module gathers all tables.
    "src/approxgan/collect/outcomes.py": [
        f"tables/{name}.*" for name in COLUMNS if name not in JUDGED
    ],
    "src/approxgan/analysis/statistics.py": [
        "tables/comparisons.*",
        "figures/training_curves.svg",
        *CLAIMED,
    ],
    "src/approxgan/claims/stage.py": CLAIMED,
    "src/approxgan/report/stage.py": ["report.html"],
    "src/approxgan/archive/crate.py": ["manifest.json"],
    "src/approxgan/archive/pack.py": [],
    "src/approxgan/report/assets/style.css": ["report.html"],
    "src/approxgan/core/protocols.py": ["*"],
}
"""Changed file -> the jobs, by the first file they make, that it decides itself."""


def test_nothing_is_planned_while_nothing_changes(study):
    assert study.planned() == set()


def test_times_and_places_plan_nothing_and_a_dry_run_writes_nothing(study, tmp_path):
    """Every file newer than the results, in a folder that was moved."""
    moved = tmp_path / "another place"
    shutil.copytree(study.folder, moved)
    for path in (p for part in ("src", "workflow", "studies") for p in (moved / part).rglob("*")):
        os.utime(path, (2e9, 2e9))

    def there():
        return {p: p.lstat().st_mtime_ns for p in moved.rglob("*") if ".snakemake" not in p.parts}

    before = there()
    with calling(moved) as call:
        assert planned(call("-n", "--configfile", "small.yaml")) == []
    assert there() == before


def test_a_cell_trained_by_hand_with_another_config_is_trained_again(study):
    job = "runs/more/moons/compact/hinge/exact/none/seeds0-1/trace.npz"
    path = (study.folder / "results" / job).with_name("spec.json")
    before, old = path.read_bytes(), path.stat()
    path.write_bytes(before.replace(b'"steps": 60', b'"steps": 30'))
    os.utime(path, ns=(old.st_mtime_ns, old.st_mtime_ns))
    jobs = study.planned()
    path.write_bytes(before)
    os.utime(path, ns=(old.st_mtime_ns, old.st_mtime_ns))
    assert jobs == resting({job}, study.jobs)


GONE = {
    "results/report.html": "report.html",
    "results/summary.md": "report.html",
    "results/ro-crate-metadata.json": "manifest.json",
    "results/figures/dirac.svg": "figures/dirac.svg",
    "results/tables/claims.csv": "tables/claims.parquet",
    "results/tables/cost.parquet": "tables/cost.parquet",
    "results/null/ring/samples2500.parquet": "null/ring/samples2500.parquet",
    "results/data/mine.npz": "data/mine.npz",
    "results/dirac/exact.parquet": "dirac/exact.parquet",
    "results/probe/ring/compact/nonsaturating/points.npz": (
        "probe/ring/compact/nonsaturating/points.npz"
    ),
    **{
        f"results/runs/more/moons/compact/hinge/exact/none/seeds0-1/{name}": (
            f"runs/more/moons/compact/hinge/exact/none/seeds0-1/{job}"
        )
        for name, job in {
            "parameters.npz": "trace.npz",
            "spec.json": "trace.npz",
            "quality.parquet": "quality.parquet",
        }.items()
    },
}
"""A file that goes or is cut -> the job that makes it again."""


@pytest.mark.parametrize("number", range(len(GONE)))
def test_a_missing_or_cut_file_is_made_again_and_what_rests_on_it(study, number):
    name, job = list(GONE.items())[number]
    path = study.folder / name
    before, old = path.read_bytes(), path.stat()
    path.unlink()
    if number % 3:  # half of it, or nothing
        path.write_bytes(before[: len(before) // 2] if number % 3 == 1 else b"")
        os.utime(path, ns=(old.st_mtime_ns, old.st_mtime_ns))
    jobs = study.planned()
    path.write_bytes(before)
    os.utime(path, ns=(old.st_mtime_ns, old.st_mtime_ns))
    assert jobs == resting({job}, study.jobs)


@pytest.mark.parametrize("changed", FILES)
def test_a_changed_file_plans_its_own_jobs_and_what_rests_on_them(study, changed):
    path = study.folder / changed
    before = path.read_bytes()
    path.write_bytes(before + (b"\n1.0,2.0\n" if path.suffix == ".csv" else b"\n# changed\n"))
    os.utime(path, (1e8, 1e8))  # older than it was: times do not decide
    try:
        jobs = study.planned()
    finally:
        path.write_bytes(before)
        os.utime(path, (1e9, 1e9))
    own = {job for job in study.jobs if any_of(job, FILES[changed])}
    assert jobs == resting(own, study.jobs)


@dataclass(frozen=True)
class Case:
    """A change of the config, and the jobs that it decides itself beside the report."""

    change: Change
    jobs: tuple[str, ...] = ()
    """Patterns of jobs there are."""
    new: tuple[str, ...] = ()
    """Jobs there were not."""
    gone: tuple[str, ...] = ()
    """Patterns of jobs that are no more."""


def put(path: str, value: Any) -> Change:
    """Set a key, given with its place."""
    *place, last = path.split(".")

    def change(config):
        for key in place:
            config = config[int(key)] if isinstance(config, list) else config.setdefault(key, {})
        config[last] = value

    return change


def added(place: str) -> tuple[str, str]:
    return f"runs/{place}/trace.npz", f"runs/{place}/quality.parquet"


def named(*datasets: str, **more: Any) -> dict[str, Any]:
    """A study of one cell a dataset."""
    places = {"datasets": list(datasets), "models": ["compact"], "losses": ["minimax"]}
    return {"name": "third", **places, "modes": [{"mode": "exact"}], **more}


DIFFERENCES = "studies.0.modes.1.epsilon"
CASES = {
    "a comment": Case(lambda config: None),
    "an epsilon added": Case(
        put(DIFFERENCES, [1e-5, "adaptive", 1e-2]),
        new=added("small/ring/compact/nonsaturating/forward_difference/epsilon1e-2/seeds0-1"),
    ),
    "a study's dataset added": Case(
        put("studies.1.datasets", ["moons", "mine", "grid"]),
        jobs=("tables/quality_null.*",),
        new=(
            "data/grid.npz",
            "null/grid/samples2500.parquet",
            *added("more/grid/compact/hinge/exact/none/seeds0-1"),
        ),
    ),
    "a study added": Case(
        lambda config: config["studies"].append(named("ring")),
        new=added("third/ring/compact/minimax/exact/none/seeds0-1"),
    ),
    "a study removed": Case(
        lambda config: config["studies"].pop(1),
        jobs=(*OF_CELLS, "tables/quality_null.*", "tables/data.*"),
        gone=("runs/more/*", "data/m*", "null/m*"),
    ),
    "steps": Case(put("training.steps", 80), (TRACES, TUNINGS)),
    "a study's own steps": Case(
        put("studies.1.training", {"steps": 20}), ("runs/more/*/trace.npz",)
    ),
    "learning rate": Case(put("training.learning_rate", 1e-3), (TRACES, TUNINGS, POINTS)),
    "samples kept": Case(
        put("training.samples", 400),
        (TRACES, TUNINGS, "tables/quality_null.*"),
        new=tuple(f"null/{name}/samples400.parquet" for name in ("ring", "moons", "mine")),
        gone=("null/*2500.parquet",),
    ),
    "a study's own samples": Case(
        put("studies.1.training", {"samples": 400}),
        ("runs/more/*/trace.npz", "tables/quality_null.*"),
        new=tuple(f"null/{name}/samples400.parquet" for name in ("moons", "mine")),
        gone=("null/m*2500.parquet",),
    ),
    "when a gradient has vanished": Case(
        put("training.vanishing_threshold", 1e-6), ("tables/outcomes.*",)
    ),
    "a dataset's parameter": Case(put("datasets.moons.noise", 0.2), ("data/moons.npz",)),
    "an unused dataset's parameter": Case(put("datasets.spiral.arms", 3)),
    "an unused loss's setting": Case(put("losses.wasserstein.clip", 0.2)),
    "a model's setting": Case(put("models.compact.slope", 0.1), (TRACES, TUNINGS, "probe/*")),
    "a mode's setting": Case(
        put("studies.0.modes.2.directions", 3),
        jobs=tuple(OF_CELLS),
        new=added("small/ring/compact/nonsaturating/spsa/dtype_directions3/seeds0-1"),
        gone=("runs/*/spsa/*",),
    ),
    "a tuning's value added": Case(put("studies.2.tune.beta1", [0.5, 0.8, 0.9]), (TUNINGS,)),
    "a rule's setting": Case(
        put("epsilon_rules.adaptive.tries", 21), ("runs/*/adaptive/*/trace.npz", MEASURED)
    ),
    "another rule's setting": Case(
        put("epsilon_rules.adaptive.every", 100), ("runs/*/adaptive/*/trace.npz", MEASURED)
    ),
    "a probe's epsilon": Case(
        put("probes.0.modes.1.epsilon", [1e-5, 1e-2, "adaptive"]), (MEASURED,)
    ),
    "a probe's draws": Case(put("probes.0.draws", 4), (MODES,)),
    "a probe's curvature step": Case(put("probes.0.curvature", 1e-3), (DESCRIBED,)),
    "a probe's steps": Case(put("probes.0.steps", [0, 20, 30]), ("probe/*",)),
    "a game's step": Case(put("dirac.step", 0.2), ("dirac/*",)),
    "a game's mode": Case(put("dirac.modes.1.epsilon", 1e-2), ("dirac/spsa.*",)),
    "a metric's setting": Case(put("quality.metrics.neighbours", {"k": 3}), (QUALITIES, "null/*")),
    "every snapshot's metrics": Case(
        put("quality.every_snapshot", ["energy_distance"]), (QUALITIES,)
    ),
    "repeats of the null": Case(put("quality.null_repeats", 2), ("null/*",)),
    "a claim's margin": Case(put("claims.speed_margin", 0.2), CLAIMED),
    "a margin of claims and comparisons": Case(
        put("claims.equivalence_sds", 0.4), ("tables/comparisons.*", *CLAIMED)
    ),
    "a figure's size": Case(put("figures.dpi", 60), ("figures/*",)),
    "points drawn": Case(
        put("figures.points", 50),
        tuple(f"tables/{n}.*" for n in ("samples", "evolution", "data", "guest_samples")),
    ),
    "a figure added": Case(
        put("figures.names", [*SMALL["figures"]["names"], "stability"]),
        new=("figures/stability.svg",),
    ),
    "a figure removed": Case(
        put("figures.names", SMALL["figures"]["names"][:-1]), gone=("figures/training_curves.svg",)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_changed_value_plans_its_own_jobs_and_what_rests_on_them(study, case):
    config, found = copy.deepcopy(SMALL), CASES[case]
    found.change(config)
    jobs = {job for job in study.jobs if not any_of(job, found.gone)} | set(found.new)
    own = {job for job in study.jobs & jobs if any_of(job, found.jobs)} | set(found.new)
    # It prints the whole config.
    own |= {"report.html"} if config != SMALL else set()
    assert study.planned(config) == resting(own, jobs)


def test_more_seeds_train_the_new_blocks_alone(study):
    config = copy.deepcopy(SMALL)
    config["seeds"]["count"] = 4
    cells = {job for job in study.jobs if job.startswith("runs/") and "seeds0-1" in job}
    new = {job.replace("seeds0-1", "seeds2-3") for job in cells}
    assert study.planned(config) == resting(new, study.jobs | new)


def test_results_of_a_removed_study_are_listed_and_removed_only_when_asked(study, capsys):
    config = copy.deepcopy(SMALL)
    config["studies"].pop(1)
    (study.folder / "fewer.yaml").write_text(yaml.safe_dump(config))
    results = study.folder / "results"
    stale = [results / job for job in study.jobs if any_of(job, ["runs/more/*/trace.npz"])]
    asked = ["status", "--results", str(results), "--configfile", str(study.folder / "fewer.yaml")]
    assert main(asked) == 0
    said = capsys.readouterr().out
    for trace in stale:
        assert f"not in the config: {trace.parent.relative_to(results / 'runs')}\n" in said
        assert trace.exists()


def test_touching_takes_a_comment_s_change_as_up_to_date(study):
    path = study.folder / "src/approxgan/training/loop.py"
    path.write_text(path.read_text() + "# more\n")
    assert study.planned()
    study.call("--touch", "--configfile", "small.yaml")
    assert study.planned() == set()


def test_a_guest_plans_its_scores_tables_and_figure_alone_and_none_that_fits_no_run(study):
    at = Results(study.folder / "results")
    about = {"name": "other", "dataset": "moons", "loss": "", "cost": None, "seeds": 1}
    files.write_json(at.guest_about("other"), {**about, "samples": 2500})
    at.guest_samples("other").write_bytes(whole(at.guest_samples("other")))
    shown = {"tables/guests.parquet", "tables/guest_samples.parquet"}
    rested = {"report.html", "manifest.json"}
    scored = {"guests/other/quality.parquet", "figures/guests.svg"}
    assert study.planned() == scored | shown | rested
    files.write_json(at.guest_about("other"), {**about, "samples": 2499})  # fewer than any run
    assert study.planned() == set()
    files.write_json(at.guest_about("other"), {**about, "samples": 2500, "dataset": "spiral"})
    assert study.planned() == set()
    shutil.rmtree(at.guest_about("other").parent)
    assert study.planned() == set()
