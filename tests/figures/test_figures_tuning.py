"""What was tried, and what each mode's best costs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from worlds.drawn import Tables, draw, keep, marks, words

from approxgan.figures import _style


def test_tries_are_shown_with_the_choice(tables: Tables) -> None:
    figure = draw("tuning", tables)
    (ax,) = (ax for ax in figure.axes if ax.has_data())
    drawn = marks(ax, _style.colour("forward_gradient"))
    tries = keep(tables, mode="forward_gradient")["tuning"]
    assert tries["chosen"].sum() == 1
    chosen = [1e-3, tries.loc[tries["chosen"], "score"].item()]
    assert drawn.count(chosen) == 2
    assert "learning rate" in words(figure)
    # What failed has no score, and is not left out.
    failed = list(map(json.loads, tries.loc[tries["score"].isna(), "values"]))
    crosses = [one.get_xdata()[0] for one in ax.lines if one.get_marker() == "x"
               and one.get_color() == _style.colour("forward_gradient")]  # fmt: skip
    assert crosses == [values["learning_rate"] for values in failed]
    assert crosses
    assert "chosen" in words(figure)


def test_runs_with_a_budget_stand_against_what_they_spent(tables: Tables) -> None:
    figure = draw("equal_cost", tables)
    ax = figure.axes[0]
    drawn = dict(marks(ax, _style.colour("forward_gradient")))
    best = keep(tables, study="best", mode="forward_gradient", metric="energy_distance")
    expected = best["quality"].groupby("step")["value"].median().iloc[1:]
    counts = best["training"].iloc[-1]
    each = (counts["forwards"] + 2 * counts["backwards"]) / counts["step"]
    np.testing.assert_allclose(sorted(drawn), [step * each for step in expected.index])
    assert sorted(drawn.values()) == pytest.approx(sorted(expected))
    # What the machine took stands beside it.
    drawn = dict(marks(figure.axes[1], _style.colour("forward_gradient")))
    jobs = best["cost"]
    each = (jobs["cpu_seconds"] / jobs["trained_steps"]).mean()
    np.testing.assert_allclose(sorted(drawn), [step * each for step in expected.index])


@pytest.mark.parametrize("unit", ["forward_equivalents", "seconds", "calls"])
def test_the_common_budget_is_on_the_axis_that_counts_it(tables: Tables, unit: str) -> None:
    cost = tables["cost"].assign(budget_unit=unit)
    figure = draw("equal_cost", {**tables, "cost": cost}, laid_out=False)
    lines = [sum([*line.get_xdata()] == [7e4, 7e4] for line in ax.lines) for ax in figure.axes[:2]]
    assert lines == [unit == "forward_equivalents", unit == "seconds"]
    if unit == "seconds":  # then a run ends where its budget does, whatever the job took
        drawn = dict(marks(figure.axes[1], _style.colour("forward_gradient")))
        assert max(drawn) == pytest.approx(7e4)


def test_runs_without_a_budget_are_not_shown_at_equal_cost(tables: Tables) -> None:
    some = keep(tables, study="main")
    assert "no data" in words(draw("equal_cost", some, laid_out=False))
