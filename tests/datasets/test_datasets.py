from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist, pdist
from worlds.variants import EXAMPLE, example

from approxgan.config.registry import build, names
from approxgan.core.errors import InputError
from approxgan.data.stage import make
from approxgan.datasets.ring import Ring

N = 100_000
POINTS = 1000
"""A number of training points that every dataset accepts."""

DATASETS = names("datasets")
RESAMPLED = ("digits", "file")
"""Datasets whose true density is that of finitely many rows: draws repeat them."""
MIXTURES = [name for name in DATASETS if example("datasets", name).modes() is not None]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_moments(points: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> None:
    """Mean and covariance agree within five standard errors of the sample."""
    centred = points - mean
    products = centred[:, :, None] * centred[:, None, :]  # [n, dim, dim]
    for values, expected in ((points, mean), (products, covariance)):
        error = values.std(axis=0, ddof=1) / math.sqrt(len(values))
        assert np.all(np.abs(values.mean(axis=0) - expected) <= 5 * error)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (np.zeros((5, 3)), r"float64 \[5, 3\]; accepted: finite float64 \[5, 2\]"),
        (np.zeros((1, 5, 2)), r"float64 \[1, 5, 2\]; accepted"),
        ([1, 2], r"int64 \[2\]; accepted"),
        (np.full((5, 2), np.nan), "not all finite"),
        (None, "object"),
    ],
)
def test_points_that_are_none_are_told_of_the_dataset_and_not_written(
    made, said, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(Ring, "training", lambda *_: made)
    with pytest.raises(InputError, match=f"ring: the training points are .*{said}"):
        make(
            {"kind": "ring", "points": 5, **example("datasets", "ring").__dict__},
            tmp_path / "x.npz",
        )
    assert not list(tmp_path.iterdir())


def test_every_dataset_has_example_settings() -> None:
    assert set(EXAMPLE["datasets"]) == set(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_is_frozen_and_its_settings_have_no_default(name: str) -> None:
    dataset = example("datasets", name)
    fields = dataclasses.fields(dataset)
    assert {field.name for field in fields} == set(EXAMPLE["datasets"][name])
    assert all(field.default is dataclasses.MISSING for field in fields)
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        dataset.dim = 3


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("draw", ["sample", "training"])
def test_draws_are_finite_float64_of_the_stated_shape(name: str, draw: str) -> None:
    dataset = example("datasets", name)
    points = getattr(dataset, draw)(POINTS, rng())
    assert points.shape == (POINTS, dataset.dim)
    assert points.dtype == np.float64
    assert np.isfinite(points).all()
    repeats = (draw == "sample" and name in RESAMPLED) or hasattr(dataset, "law")
    assert (len(np.unique(points, axis=0)) == POINTS) != repeats


@pytest.mark.parametrize("name", DATASETS)
def test_draws_follow_from_the_generator_alone(name: str) -> None:
    dataset = example("datasets", name)
    # A state that no dataset can have left behind.
    np.random.seed(31415)
    state = np.random.get_state(legacy=False)["state"]
    for draw in (dataset.sample, dataset.training):
        np.testing.assert_array_equal(draw(POINTS, rng()), draw(POINTS, rng()))
    one = rng()
    assert not np.array_equal(dataset.sample(POINTS, one), dataset.sample(POINTS, one))
    after = np.random.get_state(legacy=False)["state"]
    np.testing.assert_array_equal(state["key"], after["key"])
    assert state["pos"] == after["pos"]


@pytest.mark.parametrize("name", DATASETS)
def test_points_are_refused_without_making_any_where_there_are_not_as_many(name: str) -> None:
    dataset = example("datasets", name)
    refuses = getattr(dataset, "refuses", lambda points: None)
    for points in (2, 999, 1000, 1258, 1259):
        reason = refuses(points)
        if reason is None:
            assert len(dataset.training(points, rng())) == points
        else:
            with pytest.raises(ValueError, match=f"^points is {points}; .*accepted: "):
                dataset.training(points, rng())
    assert (refuses(10**15) is None) == (name not in {*RESAMPLED, "article"})


@pytest.mark.parametrize("name", RESAMPLED)
def test_the_support_is_the_number_of_different_draws(name: str) -> None:
    dataset = example("datasets", name)
    draws = dataset.sample(30 * dataset.support, rng())
    assert len(np.unique(draws, axis=0)) == dataset.support


@pytest.mark.parametrize("name", MIXTURES)
def test_moments_are_those_of_the_stated_modes(name: str) -> None:
    dataset = example("datasets", name)
    modes = dataset.modes()
    centres = modes.centres
    covariance = np.cov(centres, rowvar=False, ddof=0) + modes.sigma**2 * np.eye(dataset.dim)
    assert_moments(dataset.sample(N, rng()), centres.mean(axis=0), covariance)


@pytest.mark.parametrize("name", MIXTURES)
def test_modes_are_equally_likely_gaussians(name: str) -> None:
    dataset = example("datasets", name)
    modes = dataset.modes()
    assert modes.centres.shape[1] == dataset.dim
    assert pdist(modes.centres).min() > 10 * modes.sigma, "apart: a draw's nearest mode is its own"
    distances = cdist(dataset.sample(N, rng()), modes.centres)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(modes.centres))
    assert stats.chisquare(counts).pvalue > 1e-3
    radii = (distances.min(axis=1) / modes.sigma) ** 2
    assert stats.kstest(radii, stats.chi2(dataset.dim).cdf).pvalue > 1e-3


def test_article_points_are_those_of_the_article() -> None:
    saved = np.random.get_state()
    try:
        np.random.seed(0)
        expected = np.random.randn(1000, 2)
    finally:
        np.random.set_state(saved)
    article = example("datasets", "article")
    np.testing.assert_array_equal(article.training(1000, rng()), expected)
    # NumPy promises that its legacy generator never changes.
    np.testing.assert_allclose(expected[0], [1.764052345967664, 0.4001572083672233], rtol=1e-15)


def test_article_has_a_fixed_number_of_points() -> None:
    with pytest.raises(ValueError, match=r"999; .*fixed.*accepted: 1000"):
        example("datasets", "article").training(999, rng())


def test_article_density_is_standard_normal() -> None:
    article = example("datasets", "article")
    points = article.sample(N, rng())
    assert_moments(points, np.zeros(2), np.eye(2))
    assert stats.kstest(points.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert article.modes() is None


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_ring_modes_are_distinct_and_equally_spaced(count: int) -> None:
    modes = build("datasets", "ring", {"count": count, "radius": 2.0, "sigma": 0.1}).modes()
    assert modes.centres.shape == (count, 2)
    np.testing.assert_allclose(np.linalg.norm(modes.centres, axis=1), 2.0, rtol=1e-15)
    np.testing.assert_allclose(modes.centres[0], [2.0, 0.0], atol=1e-15)
    if count > 1:
        gaps = np.linalg.norm(modes.centres - np.roll(modes.centres, 1, axis=0), axis=1)
        np.testing.assert_allclose(gaps, 4.0 * np.sin(np.pi / count), rtol=1e-14)


def test_grid_modes_are_centred_on_the_origin() -> None:
    modes = build("datasets", "grid", {"side": 5, "spacing": 2, "sigma": 0.05}).modes()
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(centre) for centre in modes.centres.tolist()} == expected
    assert len(modes.centres) == 25
    even = build("datasets", "grid", {"side": 2, "spacing": 2, "sigma": 0.05}).modes()
    assert {tuple(c) for c in even.centres.tolist()} == {(-1, -1), (-1, 1), (1, -1), (1, 1)}


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("ring", "count", 0),
        ("ring", "count", 8.0),
        ("ring", "count", True),
        ("ring", "radius", 0.0),
        ("ring", "radius", "2"),
        ("ring", "sigma", -0.1),
        ("ring", "sigma", math.nan),
        ("grid", "side", 0),
        ("grid", "spacing", math.inf),
        ("grid", "sigma", 0),
    ],
)
def test_settings_out_of_range_are_refused_by_name(name: str, setting: str, value: object) -> None:
    settings = {**EXAMPLE["datasets"][name], setting: value}
    with pytest.raises(InputError, match=f"{name}: {setting} is .*; accepted: "):
        build("datasets", name, settings)
