"""What the page is made of: the sentences, the steps, what the picker holds, numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from worlds import synthetic

from approxgan.analysis import frames, text
from approxgan.report import interactive, steps, verdicts


def test_a_strip_is_drawn_in_order_and_only_of_finite_numbers() -> None:
    row = {"unit": "ratio", "effect": 2.0, "low": 1.5, "high": 3.0, "bound": 0.9}
    at = verdicts.strip(row)
    assert at is not None
    assert at["bound"] < at["none"] < at["low"] < at["effect"] < at["high"]
    assert verdicts.strip({**row, "high": float("nan")}) is None


def test_the_best_step_is_the_one_of_least_median_error() -> None:
    where = {"dataset": "ring", "model": "m", "loss": "l", "player": "generator",
             "dtype": "float32", "mode": "forward_difference"}  # fmt: skip
    errors = [
        {**where, "epsilon": epsilon, "rule": rule, "chosen_epsilon": used, "relative_error": error}
        for epsilon, rule, used, errors in (
            (1e-4, "fixed", 1e-4, (0.5, 0.6, 0.7)), (1e-3, "fixed", 1e-3, (0.1, 0.2, 9.0)),
            (1e-2, "fixed", 1e-2, (0.3, 0.4, 0.5)), (np.nan, "dtype", 3e-4, (0.3, 0.3, 0.8)),
        )
        for error in errors
    ]  # fmt: skip
    found = steps.best(pd.DataFrame(errors))
    (row,) = found["rows"]
    assert (row["epsilon"], row["error"]) == (1e-3, 0.2)
    assert row["rules"]["dtype"] == pytest.approx({"epsilon": 3e-4, "error": 0.3, "ratio": 1.5})
    told = " ".join(steps.advice(found))
    assert "forward difference erred least at 0.001 in float32" in told
    assert "The rule dtype, which is not told the gradient, had 1.5 times the error" in told


def test_the_deviation_of_a_game_is_the_largest_over_steps_of_the_median_over_seeds() -> None:
    rows = [
        {"game": "g", "mode": "spsa", "epsilon": 1.0, "settings": "", "seed": seed, "step": step,
         "generator": 3.0 + off, "discriminator": 4.0, "expected_generator": 3.0,
         "expected_discriminator": 4.0}
        for step, offs in ((0, (0.0, 0.0, 0.0)), (1, (0.0, 1.0, 7.0)), (2, (0.0, 0.5, 0.5)))
        for seed, off in enumerate(offs)
    ]  # fmt: skip
    (row,) = steps.dirac(pd.DataFrame(rows))["rows"]
    assert row["off"] == pytest.approx([0.2])
    assert row["seeds"] == 3


def test_the_picker_holds_less_per_cell_the_more_cells_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = synthetic.make()
    tidy = {n: frames.tidy(frame) if "mode" in frame else frame for n, frame in tables.items()}
    monkeypatch.setattr(interactive, "ALL_POINTS", 200)
    data = interactive.data(tidy, ["forward_difference"])
    assert sum(len(cell["x"]) for cell in data["cells"]) <= 200
    assert data["cells"][data["start"]]["mode"] == "forward_difference"
    assert (data["metric"], data["better"]) == ("energy distance", "lower")
    whole = [*data["cells"][0]["x"], *data["sets"]["ring"]["x"]]
    assert all(isinstance(x, int) and 0 <= x <= interactive.SIDE for x in whole)


def test_embedded_json_cannot_end_its_script() -> None:
    value = {"a": "</script><!-- & \u2028", "b": [1, None]}
    made = interactive.embedded(value)
    assert not set("<>&\u2028") & set(made)
    assert json.loads(made) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "–"), (None, "–"), (float("inf"), "∞"), (0.0, "0"), (12000, "12\u202f000"),
        (0.00012345, "1.23·10⁻⁴"), (1e-7, "10⁻⁷"), (-0.5, "−0.5"), (3.14159, "3.14"),
        (123456.7, "1.23·10⁵"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, said: str) -> None:
    assert text.number(value) == said


def test_names() -> None:
    assert text.words("exact+forward_difference") == "G exact, D forward difference"
    assert text.initial("g exact, D spsa") == "G exact, D spsa"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.spans([0, 1, 2, 5]) == "0–2, 5"
    assert text.between([3, 1, float("nan")]) == "1 to 3"
    assert text.markdown("a|b <i>_") == "a\\|b &lt;i>\\_"
