"""What every metric promises, and what every distance does."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from worlds.clouds import FINITE, OF_FINITE, RING, compared, normal, rng, truth, value
from worlds.variants import EXAMPLE, example

from approxgan.config.registry import describe, names
from approxgan.core.protocols import Modes, Truth

METRICS = names("metrics")
DISTANCES = {"energy_distance": 1, "frechet": 2, "sliced_wasserstein": 1}
"""Distances between samples, with the power of the data's unit that they are measured in."""
TRAINING = RING.training(250, np.random.default_rng(9))
OF_PARAMETERS = [m for m in METRICS if getattr(example("metrics", m), "of_parameters", False)]
OF_SAMPLES = [name for name in METRICS if name not in OF_PARAMETERS]
DATA: dict[str, Any] = {name: FINITE if name in OF_FINITE else RING for name in METRICS}
"""What a metric gives all its numbers for."""


def given(name: str, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """What the metric with its example settings says of samples x beside true points y."""
    return compared(example("metrics", name), x, y, DATA[name], TRAINING)


def test_no_two_metrics_share_a_name() -> None:
    stated = [name for metric in METRICS for name in example("metrics", metric).directions]
    assert len(stated) == len(set(stated))


@pytest.mark.parametrize("name", METRICS)
def test_gives_finite_numbers_under_its_stated_names(name: str) -> None:
    data = DATA[name]
    found = given(name, data.sample(300, rng(1)), data.sample(200, rng(2)))
    stated = example("metrics", name).directions
    assert list(found) == list(stated) == list(describe("metrics", name).constants["directions"])
    assert all(type(number) is float and math.isfinite(number) for number in found.values())
    assert set(stated.values()) <= {"lower", "higher", "neither"}


@pytest.mark.parametrize("name", METRICS)
def test_is_frozen_and_its_settings_have_no_default(name: str) -> None:
    metric = example("metrics", name)
    fields = dataclasses.fields(metric)
    assert {field.name for field in fields} == set(EXAMPLE["metrics"].get(name, {}))
    assert all(field.default is dataclasses.MISSING for field in fields)


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_follows_from_its_arguments_and_leaves_them_alone(name: str) -> None:
    x, y = (DATA[name].sample(150, rng(k)) for k in (1, 2))
    x.flags.writeable = y.flags.writeable = False
    score = example("metrics", name).against(truth(y, DATA[name], TRAINING))
    first = score(x)
    score(y[:100])
    assert score(x) == given(name, x, y) == first, "whatever was scored before"


@pytest.mark.parametrize("name", OF_SAMPLES)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_refuses_samples_that_are_not_finite(name: str, bad: float) -> None:
    x = normal(20)
    x[3, 1] = bad
    with pytest.raises(ValueError, match="1 of 20 samples are not finite"):
        given(name, x, normal(20))


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_refuses_samples_of_another_shape(name: str) -> None:
    with pytest.raises(ValueError, match=r"3 columns; accepted: 2"):
        given(name, normal(20, 3), normal(20))
    with pytest.raises(ValueError, match=r"shape \(20,\); accepted: \[n, dim\]"):
        given(name, normal(20)[:, 0], normal(20))


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_refuses_finite_samples_whose_distances_overflow(name: str) -> None:
    x = normal(20)
    x[3, 1] = -1e200
    with pytest.raises(FloatingPointError, match="samples lie beyond"):
        given(name, x, normal(20))


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("samples", [2, 4, 6, 60])
@pytest.mark.parametrize("different", [None, 4, 60])
def test_what_is_not_refused_before_can_be_scored(name: str, samples: int, different: Any) -> None:
    dataset: Any = RING
    if different is not None:
        rows = normal(different, seed=7)
        dataset = SimpleNamespace(
            dim=2,
            support=different,
            modes=lambda: None,
            sample=lambda n, rng: rows[rng.integers(different, size=n)],
        )
    metric = example("metrics", name)
    reason = metric.refuses(samples, dataset) if hasattr(metric, "refuses") else None
    assert reason is None or "accepted: " in reason
    for seed in range(3 if reason is None else 0):
        x, y = (dataset.sample(samples, rng(number)) for number in (seed, 99))
        compared(metric, x, y, dataset, TRAINING)


POWERS = {"frechet_distance": 2, "energy_distance": 1, "sliced_wasserstein": 1, "wasserstein_1": 1}
POWERS |= {"wasserstein_2": 1}
"""Of the data's unit, in numbers that have one."""


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("dim", [2, 12])
def test_offsets_and_units_that_floats_hold_exactly_change_nothing(name: str, dim: int) -> None:
    whole = rng().integers(-4000, 4000, size=(3, 120, dim)) / 1024
    centres, sigma = whole[0, :8] + 0.25, 0.5

    def numbers(offset: float, scale: float) -> dict[str, float]:
        x, y, training = scale * (whole + offset)
        metric = example("metrics", name)
        if name == "mmd":
            metric = dataclasses.replace(metric, bandwidths=[scale])
        modes = Modes(scale * (centres + offset), scale * sigma)
        return metric.against(Truth(y, training, modes))(x)

    plain = numbers(0.0, 1.0)
    assert numbers(2.0**38, 1.0) == pytest.approx(plain, rel=1e-9)
    for scale in (2.0**-80, 2.0**80):
        given = numbers(0.0, scale)
        unscaled = {key: given[key] / scale ** POWERS.get(key, 0) for key in given}
        assert unscaled == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_refuse_a_reference_that_is_not_finite(name: str) -> None:
    with pytest.raises(ValueError, match="reference points are not finite"):
        value(example("metrics", name), normal(20), np.full((20, 2), np.nan))


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_are_symmetric_and_move_and_scale_with_the_data(name: str) -> None:
    metric = example("metrics", name)
    x, y = normal(130, seed=1), 1.5 * normal(170, seed=2) + [0.3, -0.2]
    expected = value(metric, x, y)
    near = pytest.approx(expected, rel=1e-12)
    assert value(metric, y, x) == near
    assert value(metric, x[::-1], y) == near
    move = np.array([4.0, -2.0])
    assert value(metric, x + move, y + move) == near
    assert value(metric, 3 * x, 3 * y) / 3 ** DISTANCES[name] == near


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_see_a_shift_beyond_their_null(name: str) -> None:
    metric = example("metrics", name)
    null = [value(metric, normal(200, seed=s), normal(200, seed=99 + s)) for s in range(20)]
    shifted = [value(metric, normal(200, seed=s) + 1, normal(200, seed=99 + s)) for s in range(20)]
    assert min(shifted) > max(null)
