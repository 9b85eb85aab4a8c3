"""One rule says at which ε a mode is judged and shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import synthetic

from approxgan.analysis import epsilon_choice

HERE = {"dataset": "ring", "model": "m", "loss": "l"}
COSINES = {("", 1e-6): (0.2, 0.9), ("", 1e-3): (0.6, 0.1), ("q", 1e-3): (0.7, 0.1)}
"""(settings, ε) -> cosines in float32, which chooses, and in float64."""


def runs(*cells, mode="spsa", **more):
    rows = [
        {**HERE, "mode": mode, "settings": s, "own_settings": s, "epsilon": e, **more}
        for s, e in cells
    ]
    return pd.DataFrame(rows)


def probed(**more):
    rows = [
        {**HERE, "mode": "spsa", "own_settings": s, "epsilon": e, "dtype": dtype, "cosine": value,
         "chooses_epsilon": dtype == "float32", **more}
        for (s, e), cosines in COSINES.items()
        for dtype, centre in zip(("float32", "float64"), cosines, strict=True)
        for value in (centre, centre, centre + 0.05, -1.0, 1.0)
    ]  # fmt: skip
    return synthetic.frame("gradient_error", rows)


def test_the_highest_median_cosine_in_the_precision_that_chooses() -> None:
    assert epsilon_choice.best(runs(*COSINES), probed()) == ("q", 1e-3)
    assert epsilon_choice.best(runs(*list(COSINES)[:2]), probed()) == ("", 1e-3)
    # Rounded on its way through a text, it is the same ε.
    near = runs(("", 1e-6), ("", 1e-3 * (1 + 1e-9)))
    assert epsilon_choice.best(near, probed()) == ("", 1e-3 * (1 + 1e-9))


def test_runs_are_judged_by_the_probe_in_their_own_precision() -> None:
    assert epsilon_choice.best(runs(*COSINES, dtype="float64"), probed()) == ("", 1e-6)
    assert epsilon_choice.best(runs(*COSINES, dtype="bfloat16"), probed()) == ("q", 1e-3)
    # A setting of the training in the name of the cell is none of the estimate.
    named = runs(*COSINES).assign(settings=lambda rows: rows["settings"] + "_learning_rate1e-3")
    assert epsilon_choice.best(named, probed()) == ("q_learning_rate1e-3", 1e-3)


def test_the_own_data_set_counts_and_else_the_model() -> None:
    other = probed(dataset="grid").assign(cosine=lambda rows: -rows["cosine"])
    both = pd.concat([probed(), other])
    assert epsilon_choice.best(runs(*COSINES), both) == ("q", 1e-3)
    assert epsilon_choice.best(runs(*COSINES, dataset="grid"), both) == ("", 1e-6)
    assert epsilon_choice.best(runs(*COSINES), probed(dataset="moons")) == ("q", 1e-3)
    assert epsilon_choice.best(runs(*COSINES), probed(model="wide")) is None


def test_without_a_probe_there_is_no_best_and_figures_show_the_middle() -> None:
    some = runs(("", 1e-6), ("", 1e-4), ("", 1e-2), mode="other")
    assert epsilon_choice.best(some, probed()) is None
    assert epsilon_choice.shown(some, probed()) == 1e-4
    assert epsilon_choice.shown(some, synthetic.empty()["gradient_error"]) == 1e-4
    assert epsilon_choice.shown(some[:0], probed()) == pytest.approx(np.nan, nan_ok=True)


def test_a_single_cell_is_no_choice() -> None:
    assert epsilon_choice.best(runs(("", 0.5)), probed()) == ("", 0.5)
    settings, epsilon = epsilon_choice.best(runs(("x", np.nan), mode="exact"), probed())
    assert settings == "x"
    assert np.isnan(epsilon)
