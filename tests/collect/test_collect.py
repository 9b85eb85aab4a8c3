"""Samples gathered from the runs' folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from approxgan.analysis import frames
from approxgan.collect import stage as collect
from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.design import cells, names
from approxgan.design.paths import Results
from approxgan.storage import files

TRAINED = {"learning_rate": 1e-3, "dtype": "float32"}


def spec_of(config: dict[str, Any], at: Results) -> dict[str, Any]:
    """What a table is gathered by; every cell's own spec is written."""
    made = cells.cells(config)
    for name, cell in made.items():
        keys = {key: getattr(cell, key) for key in ("study", "dataset", "model", "loss")}
        both = {"generator": cell.generator.spec, "discriminator": cell.discriminator.spec}
        told = {"seeds": list(cell.seeds), "training": {**TRAINED, **cell.training}}
        told |= {"varied": {}, "tuned": "", "axes": {}, "chosen": {}}
        files.write_json(at.run(name, "spec.json"), {**keys, **both, **told})
    return {**config, "cells": list(made)}


def test_evolution_is_gathered_from_the_widest_study(tmp_path: Path) -> None:
    modes = [{"mode": "exact"}, {"mode": "spsa", "epsilon": 1e-3, "directions": 2},
             {"mode": "uniform_shift", "epsilon": [1e-3, 1e-1]}]  # fmt: skip
    base = {"datasets": ["ring"], "models": ["m"], "losses": ["minimax"]}
    config = {
        "datasets": {"ring": {"kind": "ring", "points": 9, "count": 8, "radius": 2.0,
                              "sigma": 0.1}},
        "seeds": {"first": 0, "count": 4, "block": 2}, "training": {}, "points": 5, "probes": [],
        "studies": [{**base, "name": "a", "modes": modes[:1]},
                    {**base, "name": "b", "modes": modes}],
    }  # fmt: skip
    rng = np.random.default_rng(0)
    for name, cell in cells.cells(config).items():
        drawn = rng.normal(size=(2, 3, 7, 2))
        drawn[0, 2] = np.nan if "1e-1" in name else drawn[0, 2]
        path = tmp_path / "runs" / name / "samples.npz"
        kept = {"steps": np.array([0, 4, 8]), "seeds": np.array(cell.seeds), "samples": drawn}
        files.write_arrays(path, kept)
    made = pd.concat(collect.evolution(spec_of(config, Results(tmp_path)), Results(tmp_path)))
    assert set(made["study"]) == {"b"}
    assert set(made["seed"]) == {0}
    counts = made.groupby(["mode", "epsilon"], dropna=False).size().to_dict()
    assert sorted(counts.values()) == [10, 15, 15]
    assert set(made["mode"]) == {"exact", "uniform_shift"}
    exact = [c for c in cells.cells(config).values() if names.mode_name(c) == "exact"]
    (cell,) = [c for c in exact if c.study == "b" and c.seeds[0] == 0]
    arrays = files.read_arrays(tmp_path / "runs" / cells.folder(cell) / "samples.npz")
    rows = made[(made["mode"] == "exact") & (made["step"] == 4)]
    np.testing.assert_array_equal(rows[["x", "y"]], arrays["samples"][0, 1, :5])


def test_directions_are_those_of_the_metrics() -> None:
    known = collect.directions(registry.names("metrics"))
    assert known["energy_distance"] == "lower"
    assert known["high_quality_fraction"] == "higher"
    assert known["nearer_to_training"] == "neither"
    assert set(known.values()) == {"lower", "higher", "neither"}
    assert collect.direction("modes_captured_pca", known) == "higher"
    # Not a view of 'density': the whole name has to be followed by an underscore.
    assert collect.direction("densitypca", known) == "neither"


def test_scores_say_which_way_is_better_and_which_number_decides(tmp_path: Path) -> None:
    study = {"name": "s", "datasets": ["ring"], "models": ["m"], "losses": ["minimax"],
             "modes": [{"mode": "exact"}]}  # fmt: skip
    config = {"seeds": {"first": 0, "count": 1, "block": 1}, "training": {}, "studies": [study],
              "metrics": ["mode_coverage", "memorisation"],
              "metric": "high_quality_fraction"}  # fmt: skip
    numbers = ["high_quality_fraction", "modes_captured_pca", "nearer_to_training"]
    rows = pd.DataFrame({"seed": 0, "step": 9, "samples": 50, "metric": numbers, "value": 1.0})
    for name in cells.cells(config):
        files.write_table(tmp_path / "runs" / name / "quality", rows)
    made = pd.concat(collect.quality(spec_of(config, Results(tmp_path)), Results(tmp_path)))
    assert list(made["better"]) == ["higher", "higher", "neither"]
    assert list(made["is_primary"]) == [True, False, False]


def test_studies_with_first_seeds_of_their_own_are_drawn_too(tmp_path: Path) -> None:
    base = {"models": ["m"], "losses": ["minimax"]}
    entries = [{"mode": "exact", "seeds": {"first": 6, "count": 4}},
               {"mode": "uniform_shift", "epsilon": 1e-3}]  # fmt: skip
    config = {
        "datasets": {"digits": {"kind": "digits", "points": 9, "held_out": 0.3, "components": 2}},
        "seeds": {"first": 0, "count": 4, "block": 2}, "training": {}, "points": 5, "probes": [],
        "studies": [{**base, "name": "a", "datasets": ["digits"], "modes": entries,
                     "seeds": {"first": 3, "count": 3}}],
    }  # fmt: skip
    rng = np.random.default_rng(0)
    files.write_arrays(tmp_path / "data" / "digits.npz", dict.fromkeys(
        ("training", "true"), rng.normal(size=(9, 64))))  # fmt: skip
    drawn = {}
    for name, cell in cells.cells(config).items():
        shots = drawn[cell.seeds[0]] = rng.normal(size=(len(cell.seeds), 2, 7, 64))
        kept = {"steps": np.array([0, 4]), "seeds": np.array(cell.seeds), "samples": shots}
        files.write_arrays(tmp_path / "runs" / name / "samples.npz", kept)
    assert set(drawn) == {3, 4, 6, 8}
    spec = spec_of(config, Results(tmp_path))
    for name in ("samples", "evolution", "images"):
        made = pd.concat(collect.TABLES[name](spec, Results(tmp_path)))
        made = made[made["mode"] != ""]
        seeds = made.groupby("mode")["seed"].agg(lambda found: sorted(set(found)))
        assert seeds.to_dict() == {"exact": [6], "uniform_shift": [3]}, name
        if name == "images":
            pixels = made[made["mode"] == "exact"]["value"].to_numpy()
            np.testing.assert_array_equal(pixels, drawn[6][0, -1].ravel())


def test_a_null_is_gathered_for_every_sample_size_that_is_scored(tmp_path: Path) -> None:
    config = {
        "datasets": {"moons": {}, "ring": {}, "spiral": {}},
        "training": {"samples": 300},
        "studies": [{"datasets": ["ring", "moons"]},
                    {"datasets": ["ring"], "training": {"samples": 50}},
                    {"datasets": ["ring"], "training": {"steps": 9}}],
    }  # fmt: skip
    scored = cells.scored(config)
    assert scored == {"moons": [300], "ring": [50, 300]}
    for name, sizes in scored.items():
        for n in sizes:
            rows = pd.DataFrame({"repeat": [0], "samples": n, "metric": "x", "value": float(n)})
            files.write_table(tmp_path / "null" / name / f"samples{n}", rows)
    collect.table("quality_null", {"scored": scored}, Results(tmp_path))
    made = files.read_table(Results(tmp_path).table("quality_null"))
    expected = [("moons", 300, 300.0), ("ring", 50, 50.0), ("ring", 300, 300.0)]
    found = zip(made["dataset"], made["samples"], made["value"], strict=True)
    assert list(found) == expected
    scores = pd.DataFrame({"dataset": ["ring", "ring"], "samples": [50, 50], "metric": "x"})
    of = frames.null_of(made, scores)
    assert list(of["value"]) == [50.0]


OTHERS = (None, 3, "text", [], {}, [1], True, -1e300)


def other_forms(found: Any) -> Iterator[Any]:
    """A file's content with one value, at any depth, of another form."""
    yield from OTHERS
    if isinstance(found, dict):
        for key, value in found.items():
            yield {k: v for k, v in found.items() if k != key}
            yield from ({**found, key: other} for other in other_forms(value))


def empty_trace(seeds: list[int]) -> dict[str, np.ndarray]:
    """One row, all zeros."""
    lengths = {"traced*": 1, "seeds": len(seeds)}
    kinds = {n: (np.int64 if f.startswith("int") else float) for n, f in collect.FORMS.items()}
    trace = {
        name: np.zeros([lengths[dim] for dim in form.split()[1:]], kinds[name])
        for name, form in collect.FORMS.items()
    }
    return trace | {"seeds": np.array(seeds)}


def test_blocks_of_a_cell_that_have_other_steps_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their seconds were timed apart."""
    at, study = Results(tmp_path), {"name": "a", "datasets": ["ring"], "models": ["m"]}
    config = {
        "seeds": {"first": 0, "count": 4, "block": 2}, "training": {"steps": 9}, "probes": [],
        "studies": [{**study, "losses": ["minimax"], "modes": [{"mode": "exact"}]}],
    }  # fmt: skip
    spec = spec_of(config, at) | {"judging": {"a": {}}}
    monkeypatch.setattr(collect.outcome, "of", lambda *_: {})
    last = at.run(spec["cells"][-1])
    told = files.read_json(last / "spec.json")
    files.write_json(last / "spec.json", {**told, "chosen": {"steps": 8}})
    for cell, seeds in zip(spec["cells"], ([0, 1], [2, 3]), strict=True):
        files.write_arrays(at.run(cell) / "trace.npz", empty_trace(seeds))
    with pytest.raises(InputError, match=rf"^{last}: has 8 steps, other seeds of the cell 9: "):
        list(collect.outcomes(spec, at))


@pytest.mark.parametrize("name", ["spec.json", "cost.json"])
def test_a_run_s_file_of_another_form_is_one_line_that_names_it(tmp_path: Path, name: str) -> None:
    at, study = Results(tmp_path), {"name": "a", "datasets": ["ring"], "models": ["m"]}
    modes = [{"mode": "spsa", "epsilon": 1e-3, "directions": 2}]
    config = {
        "datasets": {}, "seeds": {"first": 0, "count": 2, "block": 2}, "training": {"steps": 3},
        "probes": [], "studies": [{**study, "losses": ["minimax"], "modes": modes}],
    }  # fmt: skip
    spec = spec_of(config, at)
    (cell,) = spec["cells"]
    cost = dict.fromkeys(("seconds", "cpu_seconds", "peak_memory_mb", "dimension"), 1.5) | {
        "sweep": "none"
    }
    files.write_json(at.run(cell, "cost.json"), cost)
    files.write_arrays(at.run(cell, "trace.npz"), empty_trace([0, 1]))
    whole = files.read_json(at.run(cell, name))
    collect.table("cost", spec, at)
    for found in other_forms(whole):
        files.write_json(at.run(cell, name), found)
        try:
            collect.table("cost", spec, at)
        except InputError as error:
            said = str(error)
            assert str(at.run(cell)) in said, said
            assert "\n" not in said, said
