"""The whole workflow in miniature, as a user runs it, and what it refuses to start."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from worlds.workflow import MINIATURE, copied, snakemake

from approxgan.cli.parser import main
from approxgan.config import registry
from approxgan.storage import tables

CONFIG = ("--configfile", MINIATURE.name)


def complete(folder, empty=()):
    """The page, and every table with its columns, a row, and as many as text."""
    results = folder / "results"
    assert (results / "report.html").stat().st_size > 10_000
    for name, columns in tables.COLUMNS.items():
        table = pd.read_parquet(results / "tables" / f"{name}.parquet")
        assert list(table.columns) == list(columns)
        assert len(table) > 0 or name in empty, name
        assert len(pd.read_csv(results / "tables" / f"{name}.csv")) == len(table)


@pytest.mark.slow
def test_the_miniature_makes_everything(miniature):
    # Exact and another mode have one data set in common: there is nothing to sum up. Nor is there a
    # rule beside a fixed ε of a mode that is judged, nor a generator without a gradient.
    lacking = ["no_gradient", "noise_laws", "guests", "guest_samples"]
    complete(miniature, empty=["aggregates", "epsilon_rules", *lacking])


@pytest.mark.slow
def test_every_figure_is_drawn_from_what_was_collected(miniature, tmp_path, monkeypatch):
    shutil.copytree(miniature / "results" / "tables", tmp_path / "results" / "tables")
    for name in ("config.yaml", MINIATURE.name):
        shutil.copy(miniature / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in registry.names("figures"):
        assert main(["figure", name, *CONFIG]) == 0
        for suffix in ("svg", "png"):
            assert (tmp_path / f"results/figures/{name}.{suffix}").stat().st_size > 1000


@pytest.mark.slow
def test_a_second_call_finds_nothing_to_do(miniature):
    again = snakemake(miniature, "--cores", "2", *CONFIG)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_a_lost_record_of_the_config_is_written_again_where_nothing_is_due(miniature):
    """Without it other commands would judge the results by config.yaml."""
    path = miniature / "results" / "config.json"
    before = path.read_bytes()
    path.unlink()
    assert snakemake(miniature, "-n", *CONFIG).returncode == 0
    assert not path.exists()
    path.write_text('{"config": {}}')
    assert snakemake(miniature, "--cores", "1", *CONFIG).returncode == 0
    assert path.read_bytes() == before


@pytest.mark.slow
def test_snakemakes_own_report_has_the_figures_captions(miniature, tmp_path):
    page = tmp_path / "snakemake.html"
    made = snakemake(miniature, "--report", str(page), *CONFIG)
    assert made.returncode == 0, made.stderr[-3000:]
    assert "Cosine" in page.read_text()


@pytest.mark.slow
@pytest.mark.long
def test_the_smoke_study_has_a_row_in_every_table(tmp_path):
    folder = copied(tmp_path)
    done = snakemake(folder, "--cores", "2", "--configfile", "studies/smoke.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    complete(folder)


STUDY = """
studies:
  - name: bad
    datasets: [ring]
    models: [compact]
    losses: [nonsaturating]
    modes: [{mode: exact}, {mode: forward_difference, epsilon: 1e-5}]
"""
REFUSED = {
    "as the workflow is read": (STUDY, "1.0e-5"),
    "by a variant, before the first job": ("datasets: {ring: {sigma: -1.0}}", "sigma"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_config_is_one_clear_line_and_starts_nothing(tmp_path, case):
    text, named = REFUSED[case]
    folder = copied(tmp_path)
    (folder / "bad.yaml").write_text(text)
    done = snakemake(folder, "--cores", "2", "--configfile", "bad.yaml")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if named in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("approxgan: ")
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("results/*"))


TYPED = {
    "a missing overlay": (["--configfile", "nosuch.yaml"], "nosuch.yaml"),
    "a word for the config": (["--config", "a b"], "'a b'"),
    "a number within --config": (["--config", "training={steps: 10}"], "write an overlay"),
}


@pytest.mark.parametrize("case", TYPED)
def test_a_mistyped_option_is_one_clear_line(tmp_path, case):
    typed, named = TYPED[case]
    for way in (["-n"], ["--cores", "1"]) if "overlay" in case else (["-n"],):
        folder = tmp_path / way[0]
        folder.mkdir()
        done = snakemake(copied(folder), *way, *typed)
        assert done.returncode != 0
        said = done.stdout + done.stderr  # a dry run prints what it finds
        assert sum(named in line for line in said.splitlines()) == 1, said
        assert "  File " not in said


def test_a_target_that_is_no_cell_is_one_clear_line(tmp_path):
    cell = "none/ring/compact/nonsaturating/exact/none/seeds0-9"
    done = snakemake(copied(tmp_path), "--cores", "2", f"results/runs/{cell}/trace.npz")
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if "approxgan: " in line]
    assert told == [f"approxgan: '{cell}' is not a cell of this config"]
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / ".snakemake" / "locks").glob("*"))
