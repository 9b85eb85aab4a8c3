"""Arithmetic against closed forms and independent implementations."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

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
    frame = pd.DataFrame(rows)
    paired = statistics.pair(frame, frame["mode"] == "exact")
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
    frame = pd.DataFrame(rows)
    with pytest.raises(pd.errors.MergeError):
        statistics.pair(frame, frame["mode"] == "exact")


def column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, float)[:, None]


def test_the_jackknife_of_a_mean_is_students_t() -> None:
    sample = rng(6).normal(size=8)
    got = statistics.jackknife([column(sample)], statistics.mean, level=0.9)
    low, high = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    assert got.interval == pytest.approx((sample.mean(), low, high))
    for bound in (-0.3, 0.2):
        less = stats.ttest_1samp(sample, bound, alternative="less").pvalue
        assert got.less(bound) == pytest.approx(less)
        assert got.p(bound) == pytest.approx(stats.ttest_1samp(sample, bound).pvalue)


def test_the_jackknife_of_two_groups_is_welchs_t() -> None:
    """The mean of two means has half the error of their difference, with the same freedom."""
    a, b = rng(1).normal(size=7), 3 * rng(2).normal(size=12)
    got = statistics.jackknife([column(a), column(-b)], statistics.mean, level=0.95)
    welch = stats.ttest_ind(a, b, equal_var=False)
    low, high = welch.confidence_interval(0.95)
    expected = ((a.mean() - b.mean()) / 2, low / 2, high / 2)
    assert got.interval == pytest.approx(expected)
    assert got.p(0.0) == pytest.approx(welch.pvalue)


def test_the_jackknife_without_spread_or_with_one_run() -> None:
    flat = statistics.jackknife([np.ones((4, 1)), np.zeros((3, 1))], statistics.mean, level=0.95)
    assert flat.interval == (0.5, 0.5, 0.5)
    assert [flat.p(bound) for bound in (0.4, 0.5, 0.6)] == [0.0, 1.0, 0.0]
    single = statistics.jackknife([np.ones((1, 1))], statistics.mean, level=0.95)
    assert single.interval.estimate == 1.0
    assert np.isnan([single.interval.low, single.p(0.0)]).all()


@pytest.mark.parametrize("sizes", [(5,), (10,), (5, 10, 20)])
@pytest.mark.parametrize("skewed", [False, True])
def test_effects_in_the_baselines_sds_cover_at_their_level(
    sizes: tuple[int, ...], skewed: bool
) -> None:
    """At the margin of 0.5: where the sd counts as known, .73 to .88 of such intervals hold it."""
    trials, margin, random = 400, 0.5, rng(7)
    sd = stats.lognorm(0.6).std() if skewed else 1.0
    hits = above = 0
    for _ in range(trials):
        groups = []
        for n in sizes:
            drawn = random.normal(size=(2, n))
            values, base = np.exp(0.6 * drawn) if skewed else drawn
            groups.append(np.stack([values + margin * sd, base, base, np.ones(n)], 1))
        mean = partial(statistics.mean_in_spreads, cap=10.0, worse=1)
        low, high = statistics.jackknife(groups, mean, level=0.95).interval[1:]
        hits += low <= margin <= high
        above += low > margin
    assert hits / trials > 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)
    # Shown to lie beyond the margin, and it does not: 2.5 %, and 3 binomial sds.
    assert above / trials < 0.025 + 3 * np.sqrt(0.025 * 0.975 / trials)


def test_differences_in_spreads_by_hand() -> None:
    rows = np.array([
        [3.0, 1.0, 1.0, 1], [500.0, 0.0, 0.0, 1], [np.nan, 2.0, 2.0, 1], [1.0, np.nan, np.nan, 1],
        [np.nan, np.nan, 5.0, 0], [np.nan, np.nan, np.nan, 1],
    ])  # fmt: skip
    first = 2 / np.std([1.0, 0.0, 2.0, 5.0], ddof=1)
    for worse, lost in ((1, [10.0, -10.0, 0.0]), (-1, [-10.0, 10.0, 0.0]), (0, [np.nan] * 3)):
        got = statistics.in_spreads(rows, cap=10.0, worse=worse)
        expected = [first, 10.0, *lost[:2], np.nan, lost[2]]
        np.testing.assert_allclose(got, expected)
        mean = statistics.mean_in_spreads(rows, cap=10.0, worse=worse)
        assert mean == pytest.approx(np.nanmean(expected))
    rows[:, 2] = 1.0
    assert np.isnan(statistics.mean_in_spreads(rows, cap=10.0, worse=1))


def test_the_largest_of_several_effects_is_found_and_is_no_false_alarm() -> None:
    """Above a bound where one is, by Bonferroni's p; below it where all are."""
    one, two, far = (statistics.student(at, 1.0, 9.0, 0.95) for at in (0.0, 0.5, 9.0))
    both = statistics.largest([one, two])
    assert both.interval == pytest.approx(two.interval)
    assert both.less(4.0) == two.less(4.0)
    assert 1 - both.less(-4.0) == pytest.approx(2 * (1 - two.less(-4.0)))
    assert 1 - statistics.largest([one, two, far]).less(2.0) == pytest.approx(
        3 * (1 - far.less(2.0))
    )
    # What is not convincing either way is so far from neither: p is 1, not the p of one of many.
    many = statistics.largest([statistics.student(1.0, 0.5, 9.0, 0.95)] * 40)
    assert statistics.student(1.0, 0.5, 9.0, 0.95).p(0.0) < 0.1
    assert many.p(0.0) == 1.0
    assert [statistics.either(1.0, 1.0), statistics.either(0.01, 1.0)] == [0.5, 0.01]
    assert np.isnan(statistics.either(np.nan, 1.0))
    random = rng(9)
    noise = random.normal(size=(500, 4, 10))
    made = [
        statistics.largest(
            [statistics.jackknife([column(v)], statistics.mean, level=0.95) for v in four]
        )
        for four in noise
    ]
    alarms = np.mean([1 - effect.less(0.0) < 0.05 for effect in made])
    assert alarms < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_log_spread_of_scaled_runs() -> None:
    runs = rng(2).normal(size=12)
    got = statistics.jackknife([np.stack([3 * runs, runs], 1)], statistics.log_spread, level=0.95)
    assert got.interval == pytest.approx((np.log(3),) * 3)
    assert statistics.exp(got).interval == pytest.approx((3,) * 3)


def test_log_spreads_have_the_error_of_a_ratio_of_variances() -> None:
    """ln(s₁/s₂) of normal samples has variance about 1 / (n - 1): Bartlett."""
    runs = rng(3).normal(size=(400, 30, 2))
    made = [statistics.jackknife([one], statistics.log_spread, level=0.95) for one in runs]
    widths = [effect.interval.high - effect.interval.low for effect in made]
    assert np.mean(widths) == pytest.approx(2 * 2.05 / np.sqrt(29), rel=0.1)
    assert np.mean([effect.p(0.0) < 0.05 for effect in made]) < 0.05 + 3 * 0.011


def test_log_spread_without_spread_is_unknown() -> None:
    rows = np.stack([np.ones(4), rng().normal(size=4)], 1)
    got = statistics.jackknife([rows], statistics.log_spread, level=0.95)
    assert np.isnan(got.interval).all()


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


def test_spread_is_of_what_is_known() -> None:
    assert statistics.spread(np.array([1.0, np.nan, 3.0])) == pytest.approx(np.sqrt(2))
    # Equal numbers have a computed standard deviation of 1e-17, which is no unit.
    assert np.std([0.1, 0.1, 0.1], ddof=1) > 0
    assert statistics.spread(np.full(3, 0.1)) == 0.0
    assert np.isnan(statistics.spread(np.array([1.0, np.nan])))


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
    effect = statistics.rate_difference((56, 70), (48, 80), 0.95)
    got = effect.interval
    assert got == pytest.approx((difference, low, high), abs=1e-9)
    # The published example.
    assert got == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    # p and interval are two views of one thing.
    assert [effect.p(end) for end in got[1:]] == pytest.approx([0.05] * 2)
    assert effect.p(got.estimate) == pytest.approx(1.0)
    assert [effect.less(bound) for bound in (-1.0, 1.0)] == pytest.approx([1.0, 0.0], abs=1e-9)


@pytest.mark.filterwarnings("error")
def test_quantiles_against_numpy_and_with_infinitely_bad_runs() -> None:
    values = np.random.default_rng(0).normal(size=(3, 9))
    for share in (0.0, 0.1, 0.25, 0.5, 1.0):
        expected = np.quantile(values, share, axis=1)
        assert statistics.quantile(values, share) == pytest.approx(expected)
    lost = np.array([1.0, 2.0, np.inf, np.inf])
    assert statistics.quantile(lost, 0.25) == 1.75
    assert np.isposinf([statistics.quantile(lost, share) for share in (0.5, 0.75)]).all()
    assert np.isneginf(statistics.quantile(-lost, 0.5))
