"""Advice: its formulas against simulations, and what it expects against what happens."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from worlds import ROOT
from worlds.laws import LAWS

import approxgan
from approxgan.cli.parser import main
from approxgan.core.errors import InputError

ROUGH = 0.015
"""The simulated curve has a third derivative, and steps on a grid; the formulas have neither."""


@pytest.mark.parametrize("name", LAWS)
def test_a_formula_holds_in_simulation(name):
    law = LAWS[name]
    value, error = law.simulate(1)
    assert value == pytest.approx(law.theory, abs=4.5 * error + ROUGH * law.theory)


def test_the_table_of_the_docs_is_these_formulas():
    text = (ROOT / "docs" / "library.md").read_text()
    for name, law in LAWS.items():
        (line,) = (x for x in text.splitlines() if x.startswith(f"| {name} |"))
        cells = [cell.strip() for cell in line.replace("\\|", "!").strip("|").split("|")]
        assert cells[1] == law.formula.replace("\\|", "!")
        assert cells[2] == f"{law.theory:.4g}"
        value, _, error = cells[3].partition(" ± ")
        allowed = 4.5 * 1.5 * float(error or 0) + ROUGH * law.theory
        assert float(value) == pytest.approx(law.theory, abs=allowed)


CASES = [
    {"evaluations": 41, "noise": 1e-6},
    {"evaluations": 81, "noise": 1e-3},
    {"evaluations": 21, "noise": 1e-8},
    {"evaluations": 20, "noise": 1e-2},
    {"evaluations": 2, "noise": 1e-4},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_it_expects_is_what_happens(case):
    """On g·θ + c|θ|²/2 with noise; the noise is drawn anew at each evaluation."""
    slopes = torch.linspace(-1.0, 2.0, 40, dtype=torch.float64)
    size, curvature, third = float(slopes.norm()), 2.0, 0.5
    advice = approxgan.advise(
        dimension=40, steps=1, precision="float64", gradient=size, curvature=curvature,
        third=third, **case,
    )  # fmt: skip
    noise = torch.Generator().manual_seed(0)

    def loss(theta):
        value = theta @ slopes + curvature * theta.square().sum() / 2
        value = value + third * theta.pow(3).sum() / 6
        return value + case["noise"] * torch.randn((), dtype=torch.float64, generator=noise)

    best = advice.best
    assert best.evaluations <= case["evaluations"]
    squared = []
    for seed in range(100):
        made = approxgan.estimate(
            loss, torch.zeros(40, dtype=torch.float64), best.mode, eps=best.eps, generator=seed,
            common=False, **best.settings,
        )  # fmt: skip
        assert made.forwards == best.evaluations
        squared.append(float((made.grads - slopes).square().sum()) / size**2)
    measured = math.sqrt(sum(squared) / len(squared))
    assert measured == pytest.approx(best.relative_error, rel=0.15)


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
def test_coordinates_from_d_plus_1_evaluations_on_and_random_below(precision):
    def best(evaluations):
        return approxgan.advise(
            dimension=100, evaluations=evaluations, steps=1, precision=precision
        ).best

    assert best(100).mode == "structured_directions"
    assert best(100).settings["directions"] < 100
    assert best(101).relative_error < 1 or precision == "bfloat16"
    assert best(2).settings["directions"] == 1
    modes = {best(n).mode for n in (201, 1000, 10**6)}
    assert modes <= {"forward_difference", "central_difference"} or precision == "bfloat16"


def test_more_evaluations_are_never_worse_and_noise_never_better():
    errors = [
        approxgan.advise(dimension=50, evaluations=n, steps=1).best.relative_error
        for n in range(2, 140)
    ]
    assert errors == sorted(errors, reverse=True)
    noisy = [
        approxgan.advise(dimension=50, evaluations=60, steps=1, noise=s).best.relative_error
        for s in (0.0, 1e-6, 1e-3, 1.0)
    ]
    assert noisy == sorted(noisy)


def test_evaluations_are_divided_over_the_steps():
    default = approxgan.advise(dimension=30000, evaluations=1e6)
    assert default.best.evaluations == 1000
    assert default.steps == 1000
    few = approxgan.advise(dimension=30000, evaluations=1e6, steps=20)
    assert few.best.mode == "forward_difference"
    assert few.steps == 33
    assert approxgan.advise(dimension=30000, evaluations=10).steps == 5
    exact, forward = default.differentiable
    assert (exact.mode, exact.relative_error, exact.evaluations) == ("exact", 0.0, 3)
    assert forward.mode == "forward_gradient"


def test_numbers_of_numpy_are_numbers():
    plain = approxgan.advise(dimension=10, evaluations=1000, noise=0.5)
    given = {"dimension": np.int64(10), "evaluations": np.int32(1000), "noise": np.float32(0.5)}
    assert approxgan.advise(**given) == plain


def test_it_tells_what_was_measured(tmp_path):
    place = tmp_path / "reference.json"
    cell = {"study": "s", "dataset": "ring", "model": "m", "loss": "l"}
    place.write_text(json.dumps({"cells": [
        {**cell, "mode": "exact", "mean": 0.5}, {**cell, "mode": "spsa", "mean": 1.0},
        {**cell, "mode": "forward_difference", "mean": 0.75},
        {**cell, "mode": "forward_difference", "mean": 9.0},
        {**cell, "study": "t", "mode": "exact", "mean": 1.0}]}))  # fmt: skip
    told = str(approxgan.advise(dimension=2, evaluations=3, steps=1, reference=place))
    assert "measured in the study s (ring, m): energy distance 0.75, exact 0.5" in told
    assert "study t" not in told
    place.write_text("{}")
    with pytest.raises(InputError, match="no file of reference results"):
        approxgan.advise(dimension=2, evaluations=3, steps=1, reference=place)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dimension": 0}, r"dimension is 0; accepted: a whole number, 1 to 1e\+30"),
        ({"dimension": 2.5}, "dimension is 2.5"),
        ({"evaluations": 1}, r"evaluations is 1; accepted: a finite number, 2 to 1e\+30"),
        ({"evaluations": float("inf")}, "evaluations is inf"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"noise": 1e300}, r"noise is 1e\+300"),
        ({"third": 1e300}, r"third is 1e\+300"),
        ({"dimension": np.True_}, "dimension is True"),
        ({"precision": ["float32"]}, "precision is .*accepted: float64"),
        ({"reference": 3}, "reference is 3; accepted: the path"),
        ({"precision": "float8"}, "precision is 'float8'; accepted: float64"),
        ({"steps": 1000}, "evaluations=100 are fewer than 2 for each of steps=1000"),
        ({"curvature": 0.0}, "curvature is 0.0"),
        ({"reference": "nowhere"}, "nowhere is not there; accepted: a file of reference results"),
        ({"reference": "nowhere", "draws": "fresh"}, "nowhere is not there"),
    ],
)
def test_bad_input_is_one_line(changed, said):
    with pytest.raises(InputError, match=said) as raised:
        approxgan.advise(**{"dimension": 10, "evaluations": 100, **changed})
    assert "\n" not in str(raised.value)


def test_the_command_says_the_same(capsys):
    call = "advise --dimension 30000 --evaluations 1e6 --precision float32 --noise 1e-6"
    assert main(call.split()) == 0
    printed = capsys.readouterr().out
    assert printed == f"{approxgan.advise(dimension=30000, evaluations=1e6, noise=1e-6)}\n"
    assert printed.startswith("take structured_directions (directions ")
    with pytest.raises(SystemExit, match="2"):
        main(["advise", "--dimension", "x", "--evaluations", "10"])
    assert "--dimension: 'x' is not a whole number from 1" in capsys.readouterr().err
    assert main(["advise", "--dimension", "3", "--evaluations", "10", "--steps", "100"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_simulator_is_told_what_was_measured_nearest_by(tmp_path):
    place = tmp_path / "reference.json"
    row = {"study": "s", "dataset": "d", "metric": "total_variation", "distance": 0.1, "low": 0.09,
           "high": 0.11, "ratio": 1.5, "calls_per_step": 192.0, "own_settings": '{"directions": 1}',
           "mode": "spsa", "epsilon": 1.0, "best_of": "common"}  # fmt: skip
    rows = [
        {**row, "dimension": 10, "calls": 1e5},
        {**row, "dimension": 1000, "calls": 1e5, "epsilon": 0.3},
        {**row, "dimension": 10, "calls": 1e5, "mode": "avo", "own_settings": "{}",
         "best_of": "fresh, all", "ratio": None},
    ]  # fmt: skip
    place.write_text(json.dumps({"cells": [], "without_gradient": rows}))

    def told(**asked):
        return approxgan.advise(**{"dimension": 20, "evaluations": 1e5, **asked}, reference=place)

    common = told(draws="common")
    assert (common.best.mode, common.best.eps, common.steps) == ("spsa", 1.0, 520)
    assert "1.5 times that of the gradient that knows the generator" in str(common)
    assert str(common).startswith("take spsa (directions 1, eps 1): 192 simulated samples")
    assert told(draws="common", dimension=500).best.eps == 0.3
    assert told(draws="fresh").best.mode == "avo"
    with pytest.raises(InputError, match=r"evaluations=100 pay for no estimate .* 192 simulated"):
        told(draws="common", evaluations=100)
    with pytest.raises(InputError, match="draws is 'old'; accepted: common, fresh"):
        told(draws="old")
    place.write_text(json.dumps({"cells": []}))
    with pytest.raises(InputError, match="no results of generators without a gradient"):
        told(draws="fresh")
