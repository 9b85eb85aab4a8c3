"""The whole workflow in miniature, as a user runs it, and what it refuses to start."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from worlds import ROOT, unchanging

from approxgan.config import registry
from approxgan.storage import tables

NEEDED = ("Snakefile", "config.yaml", "workflow", "profiles", "studies")
CORES = "2"


def copied(folder: Path) -> Path:
    for name in NEEDED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it by its full path, with no environment activated."""
    command = Path(sys.executable).parent / "snakemake"
    return subprocess.run(
        [command, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
    )


def planned(folder: Path, *arguments: str) -> dict[str, int]:
    """Rule -> number of jobs of a dry run."""
    done = snakemake(folder, "-n", "--cores", CORES, *arguments)
    assert done.returncode == 0, done.stderr
    table = done.stdout + done.stderr
    return {k: int(v) for k, v in re.findall(r"^([a-z_]+) +(\d+)$", table, re.M) if k != "total"}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """A finished smoke study."""
    folder = copied(tmp_path_factory.mktemp("smoke"))
    done = snakemake(folder, "--cores", CORES, "--configfile", "studies/smoke.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_the_smoke_study_makes_everything(smoke):
    results = smoke / "results"
    assert (results / "report.html").stat().st_size > 10_000
    for name in registry.names("figures"):
        for suffix in ("svg", "png"):
            assert (results / "figures" / f"{name}.{suffix}").stat().st_size > 1000
    for name, columns in tables.COLUMNS.items():
        table = pd.read_parquet(results / "tables" / f"{name}.parquet")
        assert list(table.columns) == list(columns)
        assert len(table) > 0, name
        assert len(pd.read_csv(results / "tables" / f"{name}.csv")) == len(table)


@pytest.mark.slow
def test_a_second_call_finds_nothing_to_do(smoke):
    again = snakemake(smoke, "--cores", CORES, "--configfile", "studies/smoke.yaml")
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
    assert planned(smoke, "--configfile", "studies/smoke.yaml") == {}


@pytest.mark.slow
def test_a_new_epsilon_trains_the_new_cell_alone(smoke):
    overlay = yaml.safe_load((smoke / "studies" / "smoke.yaml").read_text())
    for entry in overlay["studies"][0]["modes"]:
        if entry.get("mode") == "forward_difference":
            entry["epsilon"].append(0.01)
    (smoke / "more.yaml").write_text(yaml.safe_dump(overlay))
    jobs = planned(smoke, "--configfile", "more.yaml")
    assert jobs["train"] == jobs["evaluate"] == 1
    assert {"data", "points", "probe", "null"}.isdisjoint(jobs)


@pytest.mark.slow
def test_figure_settings_redraw_and_train_nothing(smoke):
    (smoke / "sharper.yaml").write_text("figures: {dpi: 60}\n")
    jobs = planned(smoke, "--configfile", "studies/smoke.yaml", "sharper.yaml")
    assert set(jobs) == {"figure", "report", "all"}


@pytest.mark.slow
def test_snakemakes_own_report_has_the_figures_captions(smoke):
    page = smoke / "snakemake.html"
    made = snakemake(smoke, "--report", page.name, "--configfile", "studies/smoke.yaml")
    assert made.returncode == 0, made.stderr[-3000:]
    assert "Relative error" in page.read_text()


SMOKE_RING = "runs/smoke/ring/compact/nonsaturating"
AGAIN = (
    "dirac",
    "probe",
    f"{SMOKE_RING}/exact",
    f"{SMOKE_RING}/exact+forward_difference",
    f"{SMOKE_RING}/masked_exact",
    f"{SMOKE_RING}/spsa",
    "runs/smoke_data/digits",
    "runs/smoke_models/ring/tanh",
)
"""Made anew by the test of equal bytes, with all that rests on it."""


@pytest.mark.slow
def test_tables_made_again_have_the_same_bytes(smoke):
    """A part of everything again, on one core; seconds and what rests on them may differ."""
    before = unchanging.tables(smoke)
    results = smoke / "results"
    for part in AGAIN:
        shutil.rmtree(results / part)
    shutil.rmtree(results / "tables")
    (results / "report.html").unlink()
    again = snakemake(
        smoke, "results/report.html", *("--cores", "1", "--configfile", "studies/smoke.yaml")
    )
    assert again.returncode == 0, again.stderr[-3000:]
    assert unchanging.tables(smoke) == before


REFUSED = {
    "unknown key": ("training: {stepz: 5}", "stepz"),
    "epsilon 0": ("0", "modes[1].epsilon"),
    "negative epsilon": ("-1.0e-3", "modes[1].epsilon"),
    "epsilon a string": ("1e-5", "1.0e-5"),
    "unknown mode": ("backprop", "backprop"),
    "value out of range": ("datasets: {ring: {sigma: -1.0}}", "sigma"),
}
STUDY = """
studies:
  - name: bad
    datasets: [ring]
    models: [compact]
    losses: [nonsaturating]
    modes: [{{mode: exact}}, {{mode: {mode}, epsilon: {epsilon}}}]
"""


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_config_is_one_clear_line_and_starts_nothing(tmp_path, case):
    text, named = REFUSED[case]
    if "epsilon" in case or "mode" in case:
        mode = text if "mode" in case else "forward_difference"
        text = STUDY.format(mode=mode, epsilon="1.0e-3" if "mode" in case else text)
    folder = copied(tmp_path)
    (folder / "bad.yaml").write_text(text)
    done = snakemake(folder, "--cores", CORES, "--configfile", "bad.yaml")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if named in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("approxgan: ")
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("results/*"))


def test_a_target_that_is_no_cell_is_one_clear_line(tmp_path):
    cell = "none/ring/compact/nonsaturating/exact/none/seeds0-9"
    done = snakemake(copied(tmp_path), "--cores", CORES, f"results/runs/{cell}/trace.npz")
    assert done.returncode == 1
    told = done.stderr.split("Building DAG of jobs...\n")[1].splitlines()
    assert told == [f"approxgan: '{cell}' is not a cell of this config"]
    assert not list((tmp_path / ".snakemake" / "locks").glob("*"))
