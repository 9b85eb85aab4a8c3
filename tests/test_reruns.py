"""What is planned again when one file changes: its own jobs and what rests on them, no others.

Nothing is trained: every result file is made up, older than the sources of the next stage.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from approxgan import config as configuration
from approxgan import grid
from approxgan.tables import COLUMNS

ROOT = Path(__file__).parents[1]
COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies", "src", "README.md")
SMOKE = configuration.read([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
CELLS = grid.cells(SMOKE).values()
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
DOWN = {"collect", "comparisons", "claims", "figure", "report", "all"}
"""What rests on results of training."""


def planned(folder: Path) -> tuple[Counter[str], list[Path]]:
    """Jobs of a dry run by rule, and the files they would make, in order."""
    done = subprocess.run(
        [SNAKEMAKE, "-n", "--cores", "2", "--configfile", "studies/smoke.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    rules = Counter(m[1] for line in lines if (m := re.match(r"(?:local)?rule (\w+):", line)))
    made = [line.split(": ", 1)[1] for line in lines if line.strip().startswith("output: ")]
    return rules, [folder / name for line in made for name in line.split(", ")]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A copy of the workflow and its code, with every result made up."""
    folder = tmp_path_factory.mktemp("study")
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    _, made = planned(folder)
    for path in [p for name in COPIED for p in [folder / name, *(folder / name).rglob("*")]]:
        os.utime(path, (1e9, 1e9))
    for number, path in enumerate(made):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1.1e9 + number, 1.1e9 + number))
    return folder


def trained(player_test) -> int:
    return sum(bool(player_test(cell)) for cell in CELLS)


def uses_mode(name):
    return trained(lambda c: name in (c.generator.mode, c.discriminator.mode))


def uses_loss(kind):
    return trained(lambda c: grid.loss_definition(SMOKE, c.loss)["kind"] == kind)


def uses_dataset(kind):
    return trained(lambda c: SMOKE["datasets"][c.dataset]["kind"] == kind)


EVERY = len(CELLS)
PROBED = len({entry["mode"] for probe in SMOKE["probes"] for entry in probe["modes"]})
CASES = {
    "README.md": {},
    "src/approxgan/gradients/spsa.py": {"train": uses_mode("spsa"), "probe": 1, "dirac": 1},
    "src/approxgan/gradients/masked_exact.py": {
        "train": uses_mode("masked_exact"),
        "probe": 1,
        "dirac": 1,
    },
    "src/approxgan/rules/adaptive.py": {
        # The controls are matched with what the same probe measures.
        "train": trained(lambda c: c.generator.epsilon == "adaptive" or c.generator.match),
        "probe": 1,
    },
    "src/approxgan/datasets/moons.py": {
        "data": 1,
        "null": 1,
        "train": uses_dataset("moons"),
        "evaluate": uses_dataset("moons"),
    },
    "src/approxgan/losses/hinge.py": {"train": uses_loss("hinge")},
    "src/approxgan/metrics/mmd.py": {"evaluate": EVERY, "null": 8},
    "src/approxgan/figures/cosine.py": {"figure": 1},
    "src/approxgan/statistics.py": {"comparisons": 1, "claims": 1},
    "src/approxgan/report.py": {},
    "src/approxgan/train.py": {"train": EVERY, "points": 1, "describe": 1, "probe": PROBED},
    "src/approxgan/outcome.py": {"collect": len(COLUMNS) - 3},
    "src/approxgan/verify.py": {},
    "studies/points.csv": {"data": 1, "null": 1, "train": uses_dataset("file")},
}
"""Changed file -> jobs planned of the rules that it alone decides."""
REPORTED = {name for name in CASES if name not in ("README.md", "src/approxgan/verify.py")}


def test_nothing_is_planned_while_nothing_changes(study):
    assert not planned(study)[0]


@pytest.mark.parametrize("changed", CASES)
def test_a_changed_file_plans_its_own_jobs_alone(study, changed):
    path = study / changed
    before = path.read_bytes()
    path.write_bytes(before + (b"\n1.0,2.0\n" if path.suffix == ".csv" else b"\n# changed\n"))
    os.utime(path, (time.time(), time.time()))
    try:
        rules, _ = planned(study)
    finally:
        path.write_bytes(before)
        os.utime(path, (1e9, 1e9))
    expected = dict(CASES[changed])
    if "train" in expected:
        expected.setdefault("evaluate", expected["train"])
    assert {rule: rules[rule] for rule in expected} == expected
    others = set(rules) - set(expected) - DOWN
    assert not others
    assert bool(rules["report"]) == (changed in REPORTED)
