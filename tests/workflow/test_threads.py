"""Threads and devices of a training job: what they may change and what they may not."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from worlds import ROOT

from approxgan.cli.parser import main
from approxgan.config import load
from approxgan.design import specs
from approxgan.objective.sweep import direct
from approxgan.storage import files
from approxgan.training import stage as run

SMOKE = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
RING = "smoke/ring/compact/nonsaturating"
CELLS = {
    "exact": f"{RING}/exact/none/seeds0-2",
    "compiled sweep": f"{RING}/forward_difference/epsilon1e-3/seeds0-2",
    "batched sweep": "smoke_models/ring/tanh/nonsaturating/forward_difference/epsilon1e-3/seeds0-2",
    "adaptive": f"{RING}/forward_difference/adaptive/seeds0-2",
    "gradient sampling": f"{RING}/gradient_sampling/epsilon1e-3_minimum_norm_points3/seeds0-2",
}
MADE = ("trace.npz", "samples.npz", "parameters.npz", "spec.json")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["data", "ring", "--results", str(folder)]) == 0
    return folder


@pytest.fixture(autouse=True)
def _one_thread_again():
    yield
    torch.set_num_threads(1)


def spec_of(name: str) -> dict:
    """A short run."""
    spec = copy.deepcopy(specs.train(SMOKE, CELLS[name]))
    spec["training"]["steps"] = 20
    return spec


@pytest.mark.parametrize("name", ["exact", "compiled sweep", "batched sweep"])
def test_small_networks_train_to_the_same_bytes_on_two_threads(name, results, tmp_path):
    for threads in (1, 2):
        run.run(spec_of(name), results, tmp_path / str(threads), threads)
        assert torch.get_num_threads() == threads
    for made in MADE:
        one, two = ((tmp_path / str(threads) / made).read_bytes() for threads in (1, 2))
        assert one == two, made


def test_a_compiled_sweep_uses_the_threads_of_the_job(results, tmp_path, monkeypatch):
    used = set()
    share = direct.share

    def wrapped(work, tasks, threads):
        used.add(threads)
        share(work, tasks, threads)

    monkeypatch.setattr(direct, "share", wrapped)
    run.run(spec_of("compiled sweep"), results, tmp_path, threads=3)
    assert used == {1, 3}  # one compiles, before the clock starts


@pytest.mark.skipif(not torch.cuda.is_available(), reason="NO GPU HERE: device: cuda is not run")
@pytest.mark.parametrize("name", CELLS)
def test_a_gpu_trains_what_the_processor_trains(name, results, tmp_path):
    """In float64, so that the first steps agree up to rounding: it grows with training."""
    traces = {}
    for device in ("cpu", "cuda"):
        spec = spec_of(name)
        spec["training"] |= {"device": device, "dtype": "float64", "steps": 3, "trace_every": 1}
        run.run(spec, results, tmp_path / device, checkpoint_seconds=0.0)
        traces[device] = files.read_arrays(tmp_path / device / "trace.npz")
    for player in ("generator", "discriminator"):
        for column in ("loss", "gradient_norm"):
            here, there = (traces[d][f"{player}_{column}"][0] for d in ("cpu", "cuda"))
            # A difference of losses divides their rounding by ε, 1e-3.
            np.testing.assert_allclose(there, here, rtol=1e-9)
