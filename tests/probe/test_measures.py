"""Gradient errors, outcomes and the probe against cases with a known answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from worlds.games import SMALL, game, objectives
from worlds.variants import example

from approxgan.collect import outcomes
from approxgan.config import registry
from approxgan.models.dense import Dense
from approxgan.probe.kink_crossings import Watched
from approxgan.probe.measure import WHOLE, Point, measure
from approxgan.storage import tables
from approxgan.storage.tables import COLUMNS, COUNTS
from approxgan.training import errors
from approxgan.training.setup import Method
from approxgan.training.trace import true_gradient

G = torch.tensor([[3.0, 4.0, 0.0, 0.0]], dtype=torch.float64)


def compared(values):
    result = errors.gradient_errors(torch.tensor([values], dtype=torch.float64), G)
    return {name: float(value[0]) for name, value in result.items()}


def test_errors_of_known_estimates():
    assert compared([3.0, 4.0, 0.0, 0.0]) == {
        "relative_error": 0.0,
        "cosine": 1.0,
        "sign_agreement": 1.0,
        "zero_fraction": 0.5,
        "norm_ratio": 1.0,
    }
    opposite = compared([-6.0, -8.0, 0.0, 0.0])
    assert opposite["cosine"] == pytest.approx(-1.0)
    assert opposite["relative_error"] == pytest.approx(3.0)
    assert opposite["sign_agreement"] == 0.0
    assert opposite["norm_ratio"] == pytest.approx(2.0)
    mixed = compared([3.0, -4.0, 5.0, 0.0])
    assert mixed["sign_agreement"] == 0.5
    assert mixed["zero_fraction"] == 0.25
    assert mixed["cosine"] == pytest.approx((9 - 16) / (5 * math.sqrt(50)))


def test_errors_without_a_gradient_are_missing():
    none = errors.gradient_errors(torch.zeros(1, 4), G)
    assert math.isnan(none["cosine"][0])
    assert none["relative_error"][0] == 1.0
    assert none["zero_fraction"][0] == 1.0
    lost = errors.gradient_errors(G, torch.zeros_like(G))
    assert math.isnan(lost["relative_error"][0])


def test_the_documented_errors_are_the_computed_ones():
    assert tuple(tables.ERRORS) == errors.NAMES


@pytest.mark.parametrize(
    ("low", "length", "start"),
    [
        ([1, 1, 1, 0, 0], 20, 0),
        ([1, 1, 0, 1, 1], 20, None),
        ([0, 1, 1, 1, 1], 30, 10),
        ([0, 0, 0, 0, 1], 10, None),
        ([0, 0, 0, 1, 1], 10, 30),
    ],
)
def test_a_stretch_is_found_where_it_starts(low, length, start):
    steps = np.arange(5) * 10
    assert outcomes.first_stretch(steps, np.array(low, dtype=bool), length) == start


def test_how_a_run_ended_is_read_off_its_trace():
    norms = np.full((6, 2), 1.0)
    norms[2:, 1] = 1e-12
    arrays = {
        "step": np.arange(6) * 10,
        "diverged_step": np.array([37, -1]),
        **{f"{name}_total": np.array(number) for number, name in enumerate(COUNTS)},
        "generator_gradient_norm": norms,
        "discriminator_gradient_norm": np.full((6, 2), 1.0),
        "generator_loss": np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 1)).T,
        "discriminator_loss": np.full((6, 2), np.nan),
    }
    training = {"steps": 60, "trace_every": 10, "vanishing_threshold": 1e-8, "vanishing_steps": 30}
    first, second = (outcomes.of(arrays, row, training) for row in (0, 1))
    assert first["diverged"]
    assert first["diverged_step"] == 37
    assert [first[name] for name in COUNTS] == list(range(len(COUNTS)))
    assert not first["vanished"]
    assert not second["diverged"]
    assert (second["vanished_step"], second["vanished_player"]) == (20, "generator")
    assert second["generator_loss_mean"] == 5.0
    assert second["generator_loss_variance"] == 1.0
    assert math.isnan(second["discriminator_loss_mean"])
    named = {"seed", *(set(COLUMNS["outcomes"]) - set(tables.RUN))}
    assert set(first) == named - {"seed"}


def measured(name, draws, epsilon=None, settings=None, step=5):
    mode = registry.build("modes", name, settings or {})
    f, theta = objectives(game(), seeds=(0, 1))["discriminator"]
    at = Point(f, theta, [0, 1], "discriminator", step)
    return measure(at, Method(mode, epsilon), draws)


def whole(rows):
    return [row for row in rows if row["layer"] == WHOLE]


def test_the_exact_mode_has_no_error():
    for row in whole(measured("exact", 1)):
        assert row["relative_error"] < 1e-12
        assert row["cosine"] == pytest.approx(1.0)
        assert row["variance"] == 0.0
        assert row["draws"] == 1


def test_bias_and_variance_of_a_random_mode_are_told_apart():
    draws = 400
    dimension = SMALL.size("discriminator", 2)
    for row in whole(measured("forward_gradient", draws, settings={"directions": 2})):
        expected = (dimension + 1) / 2
        # The squared error of one draw has a relative spread of about √(2/q)·... below 2 here.
        assert row["variance"] == pytest.approx(expected, rel=4.5 * 2 / draws**0.5)
        assert abs(row["bias_squared"]) < 4.5 * expected / draws
        assert row["theory"] == pytest.approx(math.sqrt(expected))


def test_a_biased_mode_has_bias_and_no_variance():
    for row in whole(measured("forward_difference", 1, epsilon=0.1)):
        assert row["variance"] == 0.0
        assert row["bias_squared"] == pytest.approx(row["relative_error"] ** 2)


def test_the_direction_stream_differs_between_points():
    one, two = (measured("spsa", 2, 1e-4, {"directions": 3}, step=n) for n in (1, 2))
    assert one[0]["cosine"] != two[0]["cosine"]


def test_layers_add_up_to_the_whole():
    rows = measured("forward_difference", 1, epsilon=0.3)
    f, theta = objectives(game(), seeds=(0, 1))["discriminator"]
    sizes = SMALL.layer_sizes("discriminator", 2)
    truth = true_gradient(f, theta).split(sizes, 1)
    for seed in (0, 1):
        mine = [row for row in rows if row["seed"] == seed]
        assert [row["layer"] for row in mine] == [WHOLE, 0, 1, 2]
        parts = [(r["relative_error"] * float(g[seed].norm())) ** 2
                 for r, g in zip(mine[1:], truth, strict=True)]  # fmt: skip
        total = float(torch.cat([g[seed] for g in truth]).norm())
        assert mine[0]["relative_error"] == pytest.approx(math.sqrt(sum(parts)) / total)


def test_crossings_are_counted_at_the_points_that_are_evaluated():
    f, theta = objectives(game(), seeds=(0, 1))["discriminator"]
    steps = torch.randn(
        3, *theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(0)
    )
    watched = Watched(f, theta)
    watched.many(torch.cat([theta[None], theta + steps]))
    signs = f.preactivations(theta) > 0
    flips = torch.stack([(f.preactivations(theta + s) > 0) != signs for s in steps])
    assert torch.allclose(watched.crossing(), flips.double().mean((0, 2)))
    assert watched.crossing().min() > 0


def test_small_steps_cross_fewer_kinks_and_the_exact_mode_none():
    few, many = (whole(measured("forward_difference", 1, e))[0] for e in (1e-9, 3.0))
    assert few["kink_crossing"] == 0
    assert many["kink_crossing"] > 0
    assert math.isnan(whole(measured("exact", 1))[0]["kink_crossing"])


def test_the_dominant_period_of_a_sine_is_its_own():
    steps = np.arange(200) * 5.0
    noise = np.random.default_rng(0).normal(size=200)
    period, share = outcomes.dominant_period(3 * np.sin(2 * np.pi * steps / 100) + 0.01 * steps, 5)
    assert period == pytest.approx(100)
    assert share > 0.9
    assert outcomes.dominant_period(noise, 5)[1] < 0.2
    assert np.isnan(outcomes.dominant_period(np.ones(20), 5)).all()
    assert np.isnan(outcomes.dominant_period(noise[:7], 5)).all()


def test_the_truth_of_a_generator_that_counts_is_the_expected_losss_gradient():
    """Estimates at other draws scatter around it, with new draws in each evaluation or not."""
    g = game(model=Dense(0, example("generators", "counts"), [6], "tanh"))
    f, theta = objectives(g, batch=400, dtype=torch.float64)["generator"]
    slopes = [float((f.expected(theta + h) - f.expected(theta - h))[0]) for h in steps_of(theta)]
    torch.testing.assert_close(
        true_gradient(f, theta)[0], torch.tensor(slopes, dtype=torch.float64) / 2e-5, rtol=1e-4,
        atol=1e-8,
    )  # fmt: skip
    at = Point(f, theta, (0, 1), "generator", 5)
    for noise in ("common", "fresh"):
        method = Method(registry.build("modes", "central_difference", {}), 0.05, noise=noise)
        (row, _) = whole(measure(at, method, 60))
        assert row["draws"] == 60
        assert row["variance"] > 0
        # With a step so small the bias is below its own standard error.
        assert abs(row["bias_squared"]) < 4 * row["variance"] / 60


def steps_of(theta):
    return 1e-5 * torch.eye(theta.shape[1], dtype=theta.dtype)
