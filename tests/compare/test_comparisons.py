"""Every cell against exact, on tables in which the truth is known."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds import synthetic
from worlds.finals import (
    CONTROL,
    EXACT,
    LUCK,
    MODE,
    RULES,
    SCORES,
    SEEDS,
    cell,
    mode,
    one,
    tables,
)

from approxgan.analysis import statistics
from approxgan.compare import stage as comparisons
from approxgan.compare.aggregates import aggregate
from approxgan.compare.stage import compare
from approxgan.core.errors import InputError
from approxgan.storage import files
from approxgan.storage.tables import AGGREGATES, COMPARISONS


def test_a_row_against_independent_arithmetic() -> None:
    row = one(MODE, EXACT, CONTROL, mode(1.0, 0.5))
    sample = 1.0 + 0.5 * LUCK[2]
    assert row["seeds"] == row["finite"] == row["runs"] == SEEDS
    assert row["mean"] == pytest.approx(12.0)
    assert row["baseline_mean"] == pytest.approx(10.0)
    assert row["difference"] == pytest.approx(2.0)
    assert row["difference_sds"] == pytest.approx(1.0)
    # Each seed left out, of the sd too.
    without = [np.delete(2 * sample, k).mean() / np.delete(SCORES, k).std(ddof=1)
               for k in range(SEEDS)]  # fmt: skip
    error = np.sqrt((SEEDS - 1) * np.var(without))
    half = stats.t.ppf(0.975, SEEDS - 1) * error
    assert (row["low"], row["high"]) == pytest.approx((1 - half, 1 + half))
    assert row["p"] < 0.01
    assert row["p_equivalence"] == pytest.approx(stats.t.cdf(0.5 / error, SEEDS - 1))
    # The control's mean of 12 has a standard deviation of 0.3 / √12.
    assert row["floor"] == pytest.approx(1.96 * 0.3 / np.sqrt(SEEDS), rel=0.1)
    assert row["beyond_floor"]
    wilson = statistics.wilson(0, SEEDS, 0.95)
    for name in ("diverged", "baseline_diverged"):
        got = [row[f"{name}_{end}"] for end in ("share", "low", "high")]
        assert got == pytest.approx(list(wilson))


def test_sign_flips_are_all_of_them_for_few_seeds() -> None:
    row = one(MODE, EXACT[:6], CONTROL, mode(0.1, 0.5)[:6])
    spread = SCORES[:6].std(ddof=1)
    sample = 2 * (0.1 + 0.5 * LUCK[2, :6]) / spread
    means = [np.mean(sample * signs) for signs in itertools.product([-1, 1], repeat=6)]
    assert row["p"] == pytest.approx(np.mean(np.abs(means) >= abs(sample.mean()) - 1e-12))


@pytest.mark.parametrize(
    ("cells", "verdict", "says"),
    [
        ([EXACT, CONTROL, mode(2.0)], "worse", "beyond the noise floor"),
        ([EXACT, CONTROL, mode(-2.0)], "better", "beyond the noise floor"),
        ([EXACT, CONTROL, mode(0.1)], "same", "equivalence p"),
        ([EXACT, CONTROL, mode(0.5, 0.5)], "undecided", "reaches into ±0.5"),
        ([EXACT, mode(2.0)], "undecided", "no noise floor: perturbed_start was not run here"),
        ([EXACT, CONTROL[:4], mode(2.0)], "undecided", "no noise floor"),
        ([EXACT, mode(0.1)], "same", "equivalence p"),
        ([EXACT, cell("perturbed_start", SCORES + 20 * LUCK[1]), mode(2.0)], "undecided",
         "within the noise floor"),
        ([EXACT[:4], CONTROL, mode(2.0)], "undecided", "4 seeds in common with exact, of 5"),
        ([CONTROL, mode(2.0)], "undecided", "0 seeds in common with exact"),
        ([EXACT[:1], mode(2.0)[:1]], "undecided", "1 seeds in common"),
        ([cell("exact", np.full(SEEDS, 0.1)), CONTROL, mode(2.0)], "undecided",
         "no seed-to-seed spread"),
        ([EXACT, CONTROL, cell(MODE, np.full(SEEDS, np.nan))], "worse", "noise floor"),
    ],
)  # fmt: skip
def test_verdicts(cells: list[list[dict[str, Any]]], verdict: str, says: str) -> None:
    row = one(MODE, *cells)
    assert row["verdict"] == verdict, row["reason"]
    assert says in row["reason"]


@pytest.mark.parametrize(
    ("metric", "shift", "verdict"),
    [
        ("coverage", 2.0, "better"),
        ("coverage", -2.0, "worse"),
        ("coverage_pca", -2.0, "worse"),
        ("memory", 2.0, "undecided"),
        ("memory", 0.1, "same"),
    ],
)
def test_other_numbers_have_their_own_direction(metric: str, shift: float, verdict: str) -> None:
    cells = ([{**row, "metric": metric} for row in rows] for rows in (EXACT, CONTROL, mode(shift)))
    row = one(MODE, *cells, metric=metric)
    assert row["verdict"] == verdict
    assert row["family"] == "exploratory"
    assert np.isnan(row["p_holm"])


def test_diverged_runs_count_as_in_the_claims() -> None:
    values = SCORES + 2 * 0.2
    values[:3] = np.nan
    row = one(MODE, EXACT, CONTROL, cell(MODE, values))
    assert row["difference_sds"] == pytest.approx((3 * 10 + 9 * 0.2) / 12)
    assert (row["seeds"], row["finite"]) == (12, 9)
    assert row["difference"] == pytest.approx(0.4)
    assert row["diverged_share"] == 0.25
    assert row["diverged_low"] < 0.25 < row["diverged_high"]
    neither = [{**r, "metric": "memory"} for r in [*EXACT, *CONTROL, *cell(MODE, values)]]
    assert one(MODE, neither, metric="memory")["difference_sds"] == pytest.approx(0.2)


def test_holm_is_over_the_primary_rows_of_a_study() -> None:
    cells = [EXACT, CONTROL, mode(0.3), mode(0.15, epsilon=1e-3)]
    other = [[{**row, "dataset": "grid"} for row in rows] for rows in (EXACT, mode(0.2, 1.0))]
    apart = [[{**row, "study": "t"} for row in rows] for rows in (EXACT, mode(0.1, 1.0))]
    extra = [[{**row, "metric": "coverage"} for row in rows] for rows in (EXACT, mode(0.2, 1.0))]
    made = compare(tables(*cells, *other, *apart, *extra), RULES)
    primary = made[made["family"] == "primary"]
    for study, count in (("s", 4), ("t", 1)):
        own = primary[primary["study"] == study]
        assert len(own) == count
        np.testing.assert_allclose(own["p_holm"], statistics.holm(own["p"].to_numpy()))
    assert made.loc[made["family"] == "exploratory", "p_holm"].isna().all()
    assert (made["p_holm"].dropna() >= made["p"][made["p_holm"].notna()]).all()


def test_the_floor_is_the_largest_of_a_controls_settings() -> None:
    wide = cell("perturbed_start", SCORES + 2 * LUCK[3], settings="distance0.1")
    rows = [one(MODE, EXACT, CONTROL, *more, mode(2.0)) for more in ([], [wide])]
    assert rows[1]["floor"] > 2 * rows[0]["floor"]


def test_cells_differ_by_settings_rule_and_epsilon() -> None:
    cells = [mode(0.1, epsilon=1e-3, rule="fixed"), mode(0.2, rule="dtype", settings="dtype"),
             mode(0.3), mode(0.4, epsilon=1e-3, rule="fixed", settings="directions4")]  # fmt: skip
    made = compare(tables(EXACT, CONTROL, *cells), RULES)
    mine = made[made["mode"] == MODE].sort_values("difference_sds")
    assert mine["difference_sds"].to_numpy() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert list(mine["settings"]) == ["", "dtype", "", "directions4"]


def test_only_the_last_step_counts() -> None:
    early = [{**row, "step": 50, "value": 1e6} for row in mode(0.0)]
    assert one(MODE, EXACT, CONTROL, mode(2.0), early)["difference_sds"] == pytest.approx(2.0)


def test_the_interval_covers_at_its_level() -> None:
    """Modes that differ by chance alone, on many data sets."""
    trials = 300
    values = np.random.default_rng(0).normal(size=(trials, 2, 20))
    cells = [
        cell(name, sample, dataset=f"d{trial}")
        for trial, pair in enumerate(values)
        for name, sample in zip(("exact", MODE), pair, strict=True)
    ]
    made = compare(tables(*cells), RULES)
    assert len(made) == trials
    covered = ((made["low"] <= 0) & (made["high"] >= 0)).mean()
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials) < covered < 0.99
    # At least as rare as its level under the null, within 4 standard errors.
    assert (made["p"] < 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / trials)
    assert not (made["verdict"].isin(["better", "worse"])).any()


def test_rows_depend_neither_on_their_order_nor_on_each_other() -> None:
    whole = tables(EXACT, CONTROL, mode(0.7, 0.5), mode(0.2, 0.5, epsilon=1e-3))
    made = compare(whole, RULES)
    mixed = {name: frame.sample(frac=1, random_state=2) for name, frame in whole.items()}
    pd.testing.assert_frame_equal(compare(mixed, RULES), made)
    alone = one(MODE, EXACT, CONTROL, mode(0.7, 0.5))
    same = made[(made["mode"] == MODE) & made["epsilon"].isna()].iloc[0]
    pd.testing.assert_series_equal(alone.drop("p_holm"), same.drop("p_holm"), check_names=False)


@pytest.mark.parametrize("names", [(), ("quality",), ("outcomes",), ("quality", "outcomes")])
def test_missing_tables_and_columns_are_no_crash(names: tuple[str, ...]) -> None:
    whole = tables(EXACT, mode(2.0))
    whole["quality"] = whole["quality"].drop(columns=["rule", "generator_mode"])
    for some in (
        {k: whole[k] for k in names},
        {**synthetic.empty(), **{k: whole[k] for k in names}},
    ):
        made = compare(some, RULES)
        assert list(made.columns) == list(COMPARISONS)
        assert len(made) == ("quality" in names)
        assert list(aggregate(some, RULES).columns) == list(AGGREGATES)


def test_a_control_that_is_no_mode_is_refused(tmp_path: Path) -> None:
    rules = {**RULES, "chaos_control": "perturbed_strat"}
    with pytest.raises(InputError, match="perturbed_strat"):
        comparisons.write(tmp_path, rules, tmp_path)


def test_written_twice_is_the_same_table(tmp_path: Path) -> None:
    for name, frame in synthetic.make().items():
        files.write_table(tmp_path / name, frame)
    for folder in ("a", "b"):
        comparisons.write(tmp_path, RULES, tmp_path / folder)
    for name in ("comparisons", "aggregates"):
        first, second = (tmp_path / folder / f"{name}.parquet" for folder in "ab")
        assert first.read_bytes() == second.read_bytes()
        assert len(pd.read_parquet(first)) > 0


def test_a_study_is_compared_with_the_baseline_of_its_own() -> None:
    other = cell("expected+exact", SCORES)
    rules = {**RULES, "baselines": {"s": "expected+exact"}}
    made = compare(tables(other, CONTROL, mode(1.0)), rules)
    own = one(MODE, EXACT, CONTROL, mode(1.0))
    (row,) = [row for _, row in made.iterrows() if row["mode"] == MODE]
    assert (row["seeds"], row["difference"], row["verdict"]) == (
        own["seeds"], own["difference"], own["verdict"],
    )  # fmt: skip
    lone = compare(tables(mode(1.0)), rules)
    assert "0 seeds in common with expected+exact" in lone["reason"].iloc[0]
