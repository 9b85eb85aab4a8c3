"""The README's own code: a mode and a metric as one file each, modes on a loss of one's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from worlds import ROOT

from approxgan.storage import files

CELL = "mine/article/compact/nonsaturating/backward_difference/epsilon1e-3/seeds0-1"
OVERLAY = """
seeds: {first: 0, count: 2, block: 2}
training: {steps: 4, snapshots: 1, samples: 100, trace_every: 1}
studies:
  - name: mine
    datasets: [article]
    models: [compact]
    losses: [nonsaturating]
    modes: [{mode: exact}, {mode: backward_difference, epsilon: 1.0e-3}]
quality: {metrics: {mean_distance: {}}}
"""


def block(containing: str) -> str:
    """The README's code block with this text in it."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (found,) = [text for text in blocks if containing in text]
    return found


@pytest.fixture
def copy(tmp_path):
    """A copy of the project with the README's mode and metric in it."""
    for name in ("src", "workflow", "config.yaml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    package = tmp_path / "src" / "approxgan"
    (package / "estimators" / "backward_difference.py").write_text(
        block("class BackwardDifference")
    )
    (package / "metrics" / "mean_distance.py").write_text(block("class MeanDistance"))
    (tmp_path / "mine.yaml").write_text(OVERLAY)
    return tmp_path


def approxgan(folder: Path, *calls: list[str]) -> str:
    """What these commands print, called one after the other in one process of that folder."""
    code = "import sys, json; from approxgan.cli.parser import main\n"
    code += "sys.exit(any(main(call) for call in json.loads(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, json.dumps(calls)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_mode_and_a_metric_of_ones_own_are_one_file_and_one_entry_each(copy):
    config = ["--configfile", "mine.yaml"]
    said = approxgan(
        copy,
        ["list", "modes"],
        ["cells", *config],
        ["check", *config],
        ["data", "article"],
        ["train", CELL, *config],
        ["evaluate", CELL, *config],
    )
    assert re.search(r"backward_difference +One-sided differences [a-z ]+. \[epsilon\]", said)
    assert CELL in said
    trace = files.read_arrays(copy / "results" / "runs" / CELL / "trace.npz")
    assert np.isfinite(trace["generator_loss"]).all()
    assert (trace["diverged_step"] == -1).all()
    run = copy / "results" / "runs" / CELL
    samples = files.read_arrays(run / "samples.npz")["samples"][:, -1]
    scores = files.read_table(run / "quality.parquet").query("metric == 'mean_distance'")["value"]
    # The article's data is N(0, I); the reference is 100 fresh draws, its mean within 0.5.
    assert np.allclose(scores, np.linalg.norm(samples.mean(1), axis=1), atol=0.5)


def test_modes_work_on_a_loss_of_ones_own(capsys):
    exec(block("approxgan.estimate(loss"), {})
    told = capsys.readouterr().out
    printed = [float(x) for x in re.findall(r"-?\d\.\d*(?:e[+-]\d+)?", told)]
    # Two-sided differences of Σθ² are exact: 2 uᵢ Σⱼ uⱼ at θ = 1, an odd number doubled; the mean
    # of four directions is a whole number, from -2 to 6. ε = 1e-3 in float32 rounds them.
    assert len(printed) == 3
    assert np.allclose(printed, np.round(printed), rtol=0, atol=5e-3)
    assert -2.01 <= min(printed) <= max(printed) <= 6.01
    assert told.split()[-1] == "10"  # two a direction, the value, and once more to notice noise
