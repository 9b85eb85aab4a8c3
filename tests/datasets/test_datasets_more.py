from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits, make_moons
from worlds.variants import EXAMPLE, example

from approxgan.config.registry import build
from approxgan.core.errors import InputError

N = 100_000


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_moons_are_those_of_scikit_learn() -> None:
    moons = build("datasets", "moons", {"noise": 0.1})
    ours = moons.sample(N, rng())
    peer, _ = make_moons(N, noise=0.1, random_state=0)
    # Its angles are equally spaced, hence less random than ours: the test errs on the safe side.
    for direction in np.stack([np.cos(t := np.pi * np.arange(8) / 8), np.sin(t)], axis=1):
        assert stats.ks_2samp(ours @ direction, peer @ direction).pvalue > 1e-3


def test_moons_without_noise_lie_on_either_half_circle_equally_often() -> None:
    points = build("datasets", "moons", {"noise": 1e-12}).sample(N, rng())
    outer = np.abs(np.hypot(*points.T) - 1) < 1e-9
    inner = np.abs(np.hypot(*(points - [1, 0.5]).T) - 1) < 1e-9
    assert np.all(outer | inner)
    assert stats.binomtest(int(outer.sum()), N).pvalue > 1e-3
    angle = np.arctan2(points[outer, 1], points[outer, 0])
    assert stats.kstest(angle / np.pi, stats.uniform.cdf).pvalue > 1e-3


@pytest.mark.parametrize("side", [2, 3, 8])
def test_checkerboard_is_uniform_on_its_black_squares(side: int) -> None:
    points = build("datasets", "checkerboard", {"side": side, "width": 4.0}).sample(N, rng())
    squares, within = np.divmod((points / 4.0 + 0.5) * side, 1)
    assert np.all((squares >= 0) & (squares < side))
    column, row = squares.astype(int).T
    counts = np.zeros((side, side), int)
    np.add.at(counts, (column, row), 1)
    black = np.indices((side, side)).sum(axis=0) % 2 == 0
    assert np.all(counts[~black] == 0)
    assert stats.chisquare(counts[black]).pvalue > 1e-3
    cells = np.histogram2d(*within.T, bins=8, range=[(0, 1), (0, 1)])[0]
    assert stats.chisquare(cells.ravel()).pvalue > 1e-3


def test_a_checkerboard_of_any_size_takes_no_memory() -> None:
    wide = build("datasets", "checkerboard", {"side": 1_000_000, "width": 1e6}).sample(1000, rng())
    squares = np.floor(wide + 500_000).astype(int)
    assert np.all(squares.sum(axis=1) % 2 == 0)
    assert np.ptp(squares, axis=0).min() > 900_000


@pytest.mark.parametrize(("arms", "turns"), [(2, 0.01), (2, 1.5), (5, 0.5), (3, 100)])
def test_spiral_is_uniform_along_the_length_of_its_arms(arms: int, turns: float) -> None:
    settings = {"arms": arms, "turns": turns, "noise": 1e-12}
    points = build("datasets", "spiral", settings).sample(N, rng())
    radius = np.hypot(*points.T)
    # The lengths of many chords of r = 2 φ / end, instead of the formula.
    share = np.linspace(0, 1, 200_001)
    x, y = share * np.cos(2 * np.pi * turns * share), share * np.sin(2 * np.pi * turns * share)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    before = np.interp(radius / 2, share, length / length[-1])
    assert stats.kstest(before, stats.uniform.cdf).pvalue > 1e-3
    turned = np.arctan2(points[:, 1], points[:, 0]) - 2 * np.pi * turns * radius / 2
    arm = turned / (2 * np.pi / arms)
    # Near the origin the noise turns a point far.
    assert np.all(np.abs(arm - arm.round())[radius > 1e-3] < 1e-6)
    assert stats.chisquare(np.bincount(arm.round().astype(int) % arms)).pvalue > 1e-3


@pytest.mark.parametrize("name", ["moons", "spiral"])
def test_noise_has_the_stated_deviation(name: str) -> None:
    settings = {**EXAMPLE["datasets"][name], "noise": 1e3}
    points = build("datasets", name, settings).sample(N, rng())
    # So much noise that the curve, within 2 of the origin, does not show.
    assert stats.kstest(points.ravel() / 1e3, stats.norm.cdf).pvalue > 1e-3
    assert stats.pearsonr(*points.T).pvalue > 1e-3


@pytest.mark.parametrize("name", ["digits", "file"])
def test_rows_are_split_in_two(name: str) -> None:
    dataset = example("datasets", name)
    if name == "digits":
        rows = load_digits().images.reshape(-1, 64) / 8 - 1
    else:
        rows = np.loadtxt(EXAMPLE["datasets"]["file"]["path"], delimiter=",", skiprows=1)
    kept = round(EXAMPLE["datasets"][name]["held_out"] * len(rows))
    training = dataset.training(len(rows) - kept, rng())
    held_out = np.unique(dataset.sample(50 * kept, rng()), axis=0)
    assert len(held_out) == kept, "each is missed with probability e^-50"
    together = np.concatenate([training, held_out])
    np.testing.assert_array_equal(np.unique(together, axis=0), np.unique(rows, axis=0))
    np.testing.assert_array_equal(dataset.training(10, rng(2)), training[:10])
    with pytest.raises(ValueError, match=f"accepted: 1 to {len(training)}$"):
        dataset.training(len(training) + 1, rng())


@pytest.mark.parametrize("name", ["digits", "file"])
def test_held_out_rows_are_drawn_equally_often_and_training_rows_belong_to_the_caller(
    name: str,
) -> None:
    dataset = example("datasets", name)
    _, counts = np.unique(dataset.sample(20_000, rng()), axis=0, return_counts=True)
    assert stats.chisquare(counts).pvalue > 1e-3
    first = dataset.training(5, rng())
    first[:] = math.nan
    assert np.isfinite(dataset.training(5, rng())).all()


def test_digits_are_images_seen_through_their_principal_components() -> None:
    digits = example("datasets", "digits")
    assert digits.image == (8, 8)
    assert digits.dim == math.prod(digits.image)
    training = digits.training(1258, rng())
    assert (training.min(), training.max()) == (-1, 1)
    images = digits.sample(300, rng())
    seen = digits.views()["pca"](images)
    assert seen.shape == (300, 5)
    axes = np.linalg.svd(training - training.mean(axis=0), full_matrices=False)[2][:5]
    expected = (images - training.mean(axis=0)) @ axes.T
    # Principal axes have no sign of their own.
    signs = np.sign((seen * expected).sum(axis=0))
    np.testing.assert_allclose(seen, signs * expected, atol=1e-10)
    # Copies are the same row wherever they stand: metrics count them by that.
    for some in (images[7:8], images[::-3], np.concatenate([images, images])):
        rows = np.array([np.flatnonzero((images == row).all(axis=1))[0] for row in some])
        np.testing.assert_array_equal(digits.views()["pca"](some), seen[rows])


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("moons", "noise", 0),
        ("spiral", "arms", 0),
        ("spiral", "turns", 0.0),
        ("spiral", "turns", math.inf),
        ("spiral", "turns", "1"),
        ("spiral", "noise", -1.0),
        ("checkerboard", "side", 1),
        ("checkerboard", "side", 4.0),
        ("checkerboard", "width", math.nan),
        ("digits", "held_out", 0),
        ("digits", "held_out", 0.0001),
        ("digits", "components", 65),
        ("digits", "components", True),
        ("file", "held_out", 1.0),
        ("file", "held_out", 0.9999),
        ("file", "held_out", "0.5"),
        ("file", "path", 3),
    ],
)
def test_settings_out_of_range_are_refused_by_name(name: str, setting: str, value: object) -> None:
    settings = {**EXAMPLE["datasets"][name], setting: value}
    with pytest.raises(InputError, match=f"{name}: {setting} is .*; accepted: "):
        build("datasets", name, settings)


def test_digits_has_no_more_components_than_training_images() -> None:
    with pytest.raises(InputError, match="components is 19; accepted: a whole number, 1 to 18"):
        build("datasets", "digits", {"held_out": 0.99, "components": 19})


def test_cells_of_a_rounded_ring_are_as_frequent_as_their_probabilities():
    ring = build("datasets", "rounded_ring", {"count": 5, "radius": 1.5, "sigma": 0.3, "grid": 0.5})
    n = 200_000
    points = ring.sample(n, np.random.default_rng(0))
    law = ring.law
    place = {tuple(cell): k for k, cell in enumerate(law.outcomes)}
    found = np.bincount([place[tuple(point)] for point in points], minlength=len(place)) / n
    p = law.probabilities
    assert p.sum() == pytest.approx(1.0)
    z = (found - p)[p > 1e-4] / np.sqrt(p * (1 - p) / n)[p > 1e-4]
    assert np.abs(z).max() < 4.5
    with pytest.raises(ValueError, match="a power of 2"):
        build("datasets", "rounded_ring", {"count": 5, "radius": 1.5, "sigma": 0.3, "grid": 0.3})
