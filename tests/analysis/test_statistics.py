"""Arithmetic against closed forms and independent implementations."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from approxgan.analysis import statistics

ROW = {"study": "s", "dataset": "ring", "model": "m", "loss": "l"}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_pair_matches_group_and_seed() -> None:
    rows = [
        {**ROW, "mode": mode, "dataset": dataset, "seed": seed, "value": value}
        for mode, dataset, seed, value in [
            ("exact", "ring", 0, 1.0),
            ("exact", "ring", 1, 2.0),
            ("exact", "moons", 0, 10.0),
            ("spsa", "ring", 1, 5.0),
            ("spsa", "ring", 0, 3.0),
            ("spsa", "moons", 0, np.nan),
            ("spsa", "moons", 7, 1.0),
        ]
    ]
    paired = statistics.pair(pd.DataFrame(rows), "exact")
    got = {(r.dataset, r.seed): r.difference for r in paired[paired["paired"]].itertuples()}
    assert got.keys() == {("ring", 0), ("ring", 1), ("moons", 0)}
    alone = paired[~paired["paired"]]
    assert list(alone["seed"]) == [7]
    assert alone["difference"].isna().all()
    assert got["ring", 0] == 2.0
    assert got["ring", 1] == 3.0
    assert np.isnan(got["moons", 0])


def test_pair_refuses_two_baselines_for_one_run() -> None:
    rows = [{**ROW, "mode": mode, "seed": 0, "value": 1.0} for mode in ("exact", "exact", "spsa")]
    with pytest.raises(pd.errors.MergeError):
        statistics.pair(pd.DataFrame(rows), "exact")


def test_mean_interval_of_one_group_is_near_students() -> None:
    sample = rng(1).normal(3, 2, size=200)
    got = statistics.mean_interval([sample], rng(), level=0.95, resamples=4000)
    student = statistics.t_interval(sample, 0.95)
    width = student.high - student.low
    assert got.estimate == pytest.approx(sample.mean())
    # A quantile of 4000 resamples has a standard error of about 1 % of this interval's width.
    assert got.low == pytest.approx(student.low, abs=0.05 * width)
    assert got.high == pytest.approx(student.high, abs=0.05 * width)


def test_mean_interval_covers_at_its_level() -> None:
    trials, n = 300, 20
    hits = 0
    for trial in range(trials):
        sample = rng(1000 + trial).normal(size=n)
        got = statistics.mean_interval([sample], rng(trial), level=0.9, resamples=400)
        hits += got.low <= 0 <= got.high
    # Bootstrap intervals of 20 values cover a few points under their level; 4 binomial sds.
    assert 0.86 - 4 * np.sqrt(0.86 * 0.14 / trials) < hits / trials < 0.98


def test_mean_interval_is_stratified_and_weights_groups_equally() -> None:
    # Groups differ by 100; within a group all but nothing varies: so must the interval.
    far = [np.array([0.0, 0.1, 0.2]), np.array([100.0, 100.1, 100.2, 100.2, 100.2, 100.2])]
    got = statistics.mean_interval(far, rng(), level=0.95, resamples=500)
    assert got.estimate == pytest.approx((far[0].mean() + far[1].mean()) / 2)
    assert got.high - got.low < 0.3


def test_mean_interval_is_the_same_for_the_same_generator() -> None:
    sample = rng(5).normal(size=9)
    made = [statistics.mean_interval([sample], rng(3), level=0.95, resamples=99) for _ in "ab"]
    assert made[0] == made[1]


def test_mean_interval_without_spread_or_with_one_run() -> None:
    flat = statistics.mean_interval([np.ones(4), np.zeros(3)], rng(), level=0.95, resamples=9)
    assert flat == (0.5, 0.5, 0.5)
    single = statistics.mean_interval([np.ones(1)], rng(), level=0.95, resamples=9)
    assert single.estimate == 1.0
    assert np.isnan(single.low)
    half_flat = statistics.mean_interval(
        [np.ones(4), rng().normal(size=4)], rng(), level=0.95, resamples=99
    )
    assert half_flat.low < half_flat.estimate < half_flat.high


def test_log_spread_of_scaled_runs() -> None:
    runs = rng(2).normal(size=12)
    got = statistics.log_spread_interval([(3 * runs, runs)], rng(), level=0.95, resamples=500)
    assert got == pytest.approx((np.log(3),) * 3)


def test_log_spread_agrees_with_scipy_bootstrap() -> None:
    a, b = rng(3).normal(size=15), 2 * rng(4).normal(size=15)
    ours = statistics.log_spread_interval([(a, b)], rng(), level=0.9, resamples=20_000)
    theirs = stats.bootstrap(
        (a, b),
        lambda x, y, axis: np.log(x.std(axis, ddof=1) / y.std(axis, ddof=1)),
        paired=True,
        vectorized=True,
        method="percentile",
        confidence_level=0.9,
        n_resamples=20_000,
        rng=rng(9),
    ).confidence_interval
    # Standard error of a 5 % quantile of 20,000 resamples: about 1 % of the width.
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * width)


def test_log_spread_without_spread_is_unknown() -> None:
    got = statistics.log_spread_interval(
        [(np.ones(4), rng().normal(size=4))], rng(), level=0.95, resamples=9
    )
    assert np.isnan(got).all()


def test_t_interval_against_scipy() -> None:
    sample = rng(6).normal(size=8)
    low, high = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    assert statistics.t_interval(sample, 0.9) == pytest.approx((sample.mean(), low, high))
    assert np.isnan(statistics.t_interval(np.array([2.0]), 0.9).low)


def test_sign_flip_is_exact_for_few_runs() -> None:
    x = np.array([0.3, 1.2, -0.2, 0.9, 0.5])
    means = [np.mean(x * s) for s in itertools.product([-1, 1], repeat=len(x))]
    expected = np.mean(np.abs(means) >= abs(x.mean()) - 1e-12)
    assert statistics.sign_flip(x, rng(), 10_000) == pytest.approx(expected)
    assert np.isnan(statistics.sign_flip(x[:1], rng(), 10))


def test_holm_by_hand() -> None:
    got = statistics.holm([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(got, [0.03, np.nan, 0.06, 0.06])
    assert statistics.holm([]).size == 0


def test_holm_against_statsmodels() -> None:
    p = rng(7).random(9) ** 3
    np.testing.assert_allclose(statistics.holm(p), multipletests(p, method="holm")[1])


def test_equivalence_against_statsmodels() -> None:
    x = 0.2 * rng(8).normal(size=12)
    expected = DescrStatsW(x).ttost_mean(-0.5, 0.5)[0]
    assert statistics.equivalence(x, 0.5) == pytest.approx(expected)
    assert statistics.equivalence(x + 1, 0.5) > 0.9
    assert np.isnan(statistics.equivalence(x[:1], 0.5))


def test_spread_is_of_what_is_known() -> None:
    assert statistics.spread(np.array([1.0, np.nan, 3.0])) == pytest.approx(np.sqrt(2))
    # Equal numbers have a computed standard deviation of 1e-17, which is no unit.
    assert np.std([0.1, 0.1, 0.1], ddof=1) > 0
    assert statistics.spread(np.full(3, 0.1)) == 0.0
    assert np.isnan(statistics.spread(np.array([1.0, np.nan])))


def test_differences_in_spreads_by_hand() -> None:
    values = np.array([3.0, 500.0, np.nan, 1.0, np.nan])
    reference = np.array([1.0, 0.0, 1.0, np.nan, np.nan])

    def scaled(worse: int) -> list[float]:
        kwargs = {"spread": 2.0, "cap": 10.0, "worse": worse}
        return statistics.in_spreads(values, reference, **kwargs).tolist()

    assert scaled(1) == [1.0, 10.0, 10.0, -10.0, 0.0]
    assert scaled(-1) == [1.0, 10.0, -10.0, 10.0, 0.0]
    assert scaled(0) == [1.0, 10.0]


def test_floor_by_brute_force() -> None:
    """All 3^3 resamples of three differences."""
    x = np.array([-1.0, 0.5, 3.0])
    means = [abs(np.mean(pick)) for pick in itertools.product(x, repeat=3)]
    for level in (0.5, 0.9):
        got = statistics.floor(x, 3, rng(), level=level, resamples=20_000)
        # No jump of the distribution lies within sampling error of these levels.
        assert got == pytest.approx(np.quantile(means, level, method="inverted_cdf"))


def test_floor_falls_with_the_number_of_runs_as_a_normal_mean() -> None:
    x = rng(11).normal(size=4000)
    x = (x - x.mean()) / x.std()
    for n in (5, 20):
        got = statistics.floor(x, n, rng(), level=0.95, resamples=20_000)
        # A 95 % quantile of |z| of 20,000 draws has a standard error of 0.013.
        assert got * np.sqrt(n) == pytest.approx(stats.norm.ppf(0.975), abs=0.05)


def test_floor_keeps_the_effect_that_chance_was_seen_to_have() -> None:
    assert statistics.floor(np.full(5, 2.0), 9, rng(), level=0.95, resamples=99) == 2.0
    assert np.isnan(statistics.floor(np.ones(1), 9, rng(), level=0.95, resamples=99))


@pytest.mark.parametrize(("value", "p"), [(0.4, 0.0), (0.5, 1.0), (0.6, 1.0)])
def test_below_for_equal_runs(value: float, p: float) -> None:
    assert statistics.below(np.full(3, value), 0.5) == p


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (20, 20)])
def test_wilson_against_closed_form_and_statsmodels(k: int, n: int) -> None:
    z, p = stats.norm.ppf(0.975), k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    got = statistics.wilson(k, n, 0.95)
    assert got == pytest.approx((p, centre - half, centre + half), abs=1e-12)
    assert got[1:] == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)
    assert np.isnan(statistics.wilson(0, 0, 0.95).low)


def test_rate_difference_against_newcombe_by_hand() -> None:
    # Newcombe (1998), method 10: combine the two Wilson intervals in quadrature.
    a, b = statistics.wilson(56, 70, 0.95), statistics.wilson(48, 80, 0.95)
    difference = a.estimate - b.estimate
    low = difference - np.hypot(a.estimate - a.low, b.high - b.estimate)
    high = difference + np.hypot(a.high - a.estimate, b.estimate - b.low)
    got = statistics.rate_difference((56, 70), (48, 80), 0.95)
    assert got == pytest.approx((difference, low, high), abs=1e-9)
    # The published example.
    assert got == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
