"""Figures of quality and gradient error show what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds import synthetic
from worlds.drawn import Tables, draw, keep, last, line, marks, words

from approxgan.analysis.frames import GROUP
from approxgan.config.registry import describe, names
from approxgan.figures import (
    _quality,
    _series,
    _spent,
    _style,
    cost_cosine,
    error_quality,
    quality_metrics,
)  # fmt: skip


def test_gradient_error_shows_medians(tables: Tables) -> None:
    some = keep(tables, dataset="ring")
    title, colour = "ring · float32\ndiscriminator", _style.colour("forward_difference")
    drawn = line(draw("gradient_error", some), title, colour)
    rows = keep(some, mode="forward_difference", player="discriminator")
    errors = rows["gradient_error"]
    errors = errors[errors["dtype"] == "float32"]
    expected = errors.groupby("epsilon")["relative_error"].median().to_dict()
    assert drawn == pytest.approx(expected)


def test_quality_shows_final_medians(tables: Tables) -> None:
    some = keep(tables, study="main")
    drawn = line(draw("quality_epsilon", some), "ring", _style.colour("uniform_shift"))
    rows = keep(some, dataset="ring", mode="uniform_shift", metric="energy_distance")["quality"]
    final = rows[rows["step"] == rows["step"].max()]
    assert drawn == pytest.approx(final.groupby("epsilon")["value"].median().to_dict())


NULLED = [
    n for n in names("figures") if "quality_null" in describe("figures", n).constants["needs"]
]


@pytest.mark.parametrize("name", NULLED)
def test_a_perfect_generator_is_that_of_as_many_samples(name: str, tables: Tables) -> None:
    null = tables["quality_null"]
    others = null.assign(samples=null["samples"] + 1, value=null["value"] + 1e3)
    mixed = {**tables, "quality_null": pd.concat([others, null], ignore_index=True)}
    plain, made = ([[ax.get_ylim(), len(ax.patches)] for ax in draw(name, found).axes]
                   for found in (tables, mixed))  # fmt: skip
    assert made == plain


def test_training_curves_choose_by_the_probe(tables: Tables) -> None:
    errors = tables["gradient_error"].copy()
    here = (errors["mode"] == "uniform_shift") & (errors["dtype"] == "float32")
    errors.loc[here, "cosine"] = np.where(errors.loc[here, "epsilon"] == 1e-6, 0.9, 0.1)
    figure = draw("training_curves", {**tables, "gradient_error": errors})
    assert "uniform shift, ε = 10⁻⁶" in words(figure)


def test_quality_costs_what_was_counted(tables: Tables) -> None:
    errors = tables["gradient_error"].copy()
    errors.loc[errors["mode"] == "uniform_shift", "cosine"] = errors["epsilon"]
    figure = draw("quality_cost", {**tables, "gradient_error": errors})
    assert "uniform shift, ε = 0.01" in words(figure)
    (panel,) = [ax for ax in figure.axes if ax.get_title() == "ring"]
    drawn = marks(panel, _style.colour("uniform_shift"))
    some = keep(tables, study="main", dataset="ring", mode="uniform_shift", epsilon=1e-2)
    energy = keep(some, metric="energy_distance")["quality"]
    expected = energy.groupby("step")["value"].median()
    # The counts of the made-up runs grow evenly; beyond the last traced step they still do.
    traced = some["training"].iloc[-1]
    each = (traced["forwards"] + 2 * traced["backwards"]) / traced["step"]
    spent = {step * each: value for step, value in expected.items() if step}
    np.testing.assert_allclose(sorted(drawn), sorted(spent.items()))


def test_a_diverged_run_counts_as_infinitely_bad() -> None:
    rows = pd.DataFrame({"step": [1] * 4 + [2] * 4, "better": "lower",
                         "value": [4.0, 1.0, 2.0, 8.0, 4.0, np.nan, 2.0, 1.0]})  # fmt: skip
    found = _quality.summary(rows, "step")
    assert found["middle"].tolist() == [3.0, 3.0]
    assert found["whole"].tolist() == [True, False]
    # A band ends at the worst score that is known.
    assert found["high"].tolist() == [5.0, 4.0]
    gone = rows.assign(value=rows["value"].where(rows["value"] < 4))
    assert np.isinf(_quality.summary(gone, "step")["middle"]).tolist() == [True, True]
    up = _quality.summary(rows.assign(better="higher", value=-rows["value"]), "step")
    assert up["middle"].tolist() == [-3.0, -3.0]


def test_rates_are_an_axis_of_their_own(tables: Tables) -> None:
    figure = draw("learning_rate", tables)
    ax = figure.axes[0]
    rows = last(tables, study="rates", mode="uniform_shift", epsilon=1e-4)
    expected = rows.groupby("learning_rate")["value"].median()
    assert len(expected) == 3
    drawn = dict(marks(ax, _style.colour("uniform_shift")))
    assert expected.index.isin(drawn).all()
    some = keep(tables, study="rates", epsilon=1e-4)
    ax = draw("learning_rate", some).axes[0]
    assert dict(marks(ax, _style.colour("uniform_shift"))) == pytest.approx(expected.to_dict())
    # Cells with a rate of their own stand in no panel of ε.
    plain = {**tables, "quality": tables["quality"][tables["quality"]["varied"] == ""]}
    for name in ("quality_epsilon", "error_quality", "quality_metrics", "samples", "quality_cost"):
        assert words(draw(name, tables)) == words(draw(name, plain))


def test_other_scores_are_distances_from_perfect_beside_exact() -> None:
    keys = {"study": "a", "dataset": "a", "model": "a", "loss": "a", "rule": "fixed",
            "settings": "", "own_settings": "{}", "matched_mode": "", "matched_settings": "",
            "varied": "", "is_primary": False}  # fmt: skip
    rows = [{**keys, "mode": mode, "epsilon": epsilon, "metric": "recall", "value": value}
            for mode, epsilon, value in (("exact", np.nan, 0.8), ("spsa", 1.0, 0.4),
                                         ("spsa", 2.0, 1.2), ("spsa", 3.0, np.nan))]  # fmt: skip
    null = pd.DataFrame({"metric": "recall", "value": [0.99, 1.01, 1.0]})
    found = quality_metrics.ratios(pd.DataFrame(rows), null)
    assert found.index.tolist() == ["exact", "spsa, ε = 1", "spsa, ε = 2", "spsa, ε = 3"]
    np.testing.assert_allclose(found["recall"].to_numpy(float), [1, 3, 1, np.nan])


def test_a_reverse_pass_counts_as_two_forwards() -> None:
    training = pd.DataFrame({"step": [0, 10], "forwards": [0, 20], "backwards": [0, 30]})
    steps = np.array([0.0, 5.0, 20.0])
    np.testing.assert_allclose(_spent.counts(training, steps), [0, 40, 160])
    assert np.isnan(_spent.counts(training[:1], steps)).all()
    # A job whose seeds all diverged at once has no step to divide by.
    jobs = pd.DataFrame({"cpu_seconds": [30.0, 5.0, 1.0], "trained_steps": [20, 2, 0]})
    assert _spent.seconds(jobs) == pytest.approx((1.5 + 2.5) / 2)


def test_error_quality_has_a_point_a_cell_and_their_rank_correlation(tables: Tables) -> None:
    some = keep(tables, study="main", dataset="ring")
    figure = draw("error_quality", some)
    cells = ["mode", "settings", "epsilon"]
    score = last(some).groupby(cells, dropna=False)["value"].median().rename("score")
    error = some["training"].groupby(cells, dropna=False)["generator_relative_error"].median()
    both = pd.concat([score, error], axis=1)
    drawn = marks(figure.axes[1], _style.colour("uniform_shift"))
    expected = both.loc["uniform_shift", ["generator_relative_error", "score"]]
    np.testing.assert_allclose(sorted(drawn), np.sort(expected.to_numpy(), 0))
    ranks = stats.spearmanr(both["score"], both["generator_relative_error"]).statistic
    assert f"Spearman {ranks:+.2f} ({len(both)} cells)" in words(figure)


def test_error_quality_ranks_diverged_cells_last_and_zeros_as_no_direction() -> None:
    keys = {**dict.fromkeys(GROUP, "a"), **dict.fromkeys(_series.KIND, ""), "step": 9}
    rows = [(mode, seed) for mode in "abc" for seed in range(3)]
    runs = pd.DataFrame(rows, columns=["mode", "seed"]).assign(**keys, epsilon=np.nan)
    lost = (runs["mode"] == "c") & (runs["seed"] < 2)
    value = runs["mode"].map({"a": 1.0, "b": 2.0, "c": 0.0}).mask(lost)
    quality = runs.assign(metric="energy_distance", value=value, better="lower", samples=9)
    likeness = runs["mode"].map({"a": 1.0, "b": 0.5, "c": np.nan})
    training = runs.assign(generator_cosine=likeness, generator_relative_error=1.0)
    found = error_quality.measured(quality, training)
    assert found["value"].tolist() == [1, 2, np.inf]
    assert found["whole"].tolist() == [True, True, False]
    assert found["generator_cosine"].tolist() == [1, 0.5, 0]
    assert error_quality.correlation(found, "generator_cosine") == pytest.approx(-1)
    # The same scores where higher is better: what diverged is the lowest.
    other = error_quality.measured(quality.assign(better="higher"), training)
    assert other["value"].tolist() == [1, 2, -np.inf]
    assert error_quality.correlation(other, "generator_cosine") == pytest.approx(-0.5)
    assert np.isnan(error_quality.correlation(found, "generator_relative_error"))


def test_cost_cosine_shows_the_best_step_at_what_it_costs(tables: Tables) -> None:
    some = keep(tables, dataset="ring", player="generator", dtype="float32")
    figure = draw("cost_cosine", some)
    (panel,) = [ax for ax in figure.axes if ax.get_title().endswith("generator, d = 29,698")]
    rows = keep(some, mode="forward_difference", rule="fixed")["gradient_error"]
    best = rows.groupby("epsilon")["cosine"].median().max()
    (drawn,) = marks(panel, _style.colour("forward_difference"))
    assert drawn == pytest.approx([29_699, best])
    assert marks(panel, _style.colour("exact"))[0][0] == 3


def test_cosine_of_gaussian_directions() -> None:
    # The root mean square, over 400 draws, of the cosine of one fixed gradient with the mean of its
    # projections on q Gaussian directions is within 4 % of the formula at d = 300.
    d, rng = 300, np.random.default_rng(0)
    for q in (4, 64):
        directions = rng.normal(size=(400, q, d))
        estimate = (directions[:, :, :1] * directions).mean(1)
        measured = np.sqrt((estimate[:, 0] ** 2 / (estimate**2).sum(1)).mean())
        assert measured == pytest.approx(cost_cosine.cosine(np.array([q]), d)[0], rel=0.04)


@pytest.mark.parametrize("name", ["gradient_error", "cosine"])
def test_steps_of_rules_are_no_levels(name: str, tables: Tables) -> None:
    some = keep(tables, dataset="ring", player="generator")
    errors = some["gradient_error"]
    assert errors["rule"].isin(synthetic.RULES).any()
    fixed = {**some, "gradient_error": errors[~errors["rule"].isin(synthetic.RULES)]}
    whole, part = draw(name, some), draw(name, fixed)
    assert words(whole) == words(part)
    assert [len(ax.lines) for ax in whole.axes] == [len(ax.lines) for ax in part.axes]


def test_rules_are_levels_of_the_quality(tables: Tables) -> None:
    assert "forward difference (adaptive)" in words(draw("quality_epsilon", tables))


def test_marks_of_rules_stand_at_what_they_chose(tables: Tables) -> None:
    some = keep(tables, dataset="ring", player="generator", dtype="float64")
    rows = keep(some, mode="forward_difference", rule="adaptive")["gradient_error"]
    figure = draw("epsilon_rules", some)
    (panel,) = [ax for ax in figure.axes if ax.get_title().endswith("generator")]
    marks = [one for one in panel.lines if one.get_marker() == "D" and one.get_markersize() > 5]
    (mark,) = marks
    assert mark.get_xdata()[0] == pytest.approx(rows["chosen_epsilon"].median())
    assert mark.get_ydata()[0] == pytest.approx(rows["relative_error"].median())
    bars = [np.asarray(one.get_xdata(), float).tolist() for one in panel.lines]
    assert [rows[f"chosen_{end}"].median() for end in ("low", "high")] in bars
