"""What the page is made of: the sentences, the steps, what the picker holds, numbers."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from worlds import synthetic

from approxgan.analysis import text
from approxgan.report import cells, interactive, steps, verdicts
from approxgan.storage.tables import COLUMNS

KINDS = verdicts.KINDS


def table(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """(claim, measure, verdict) as a table of claims."""
    found = [
        {"claim": claim, "statement": "It is.", "verdict": verdict, "measure": measure,
         "effect": 1.0, "low": 0.5, "high": 2.0, "cells": "", "rule": "contradicted if not; more"}
        for claim, measure, verdict in rows
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS["claims"]))


@pytest.mark.parametrize("first", KINDS)
def test_the_answer_claims_what_the_verdicts_say_and_no_more(first: str) -> None:
    """Every combination of two measures of C1, one of C2 and one of C5, for one mode of two."""
    for second, steady, cheap in itertools.product(KINDS, repeat=3):
        rows = [("C1", "spsa: a", first), ("C1", "spsa: b", second), ("C2", "spsa: c", steady),
                ("C5", "spsa: d", cheap), ("C5", "exact+spsa: d", "supported")]  # fmt: skip
        found = verdicts.claims(table(rows), [])
        mine = verdicts.answer(found).partition("training, ")[2].partition("; G exact")[0]
        shown, _, rest = mine.partition(" (contradicted" if "contradicted" in mine else " (und")
        assert ("faster training (C1)" in shown) == (first == second == "supported")
        assert ("faster training in part (C1)" in shown) == (
            {first, second} == {"supported", "undecided"}
        )
        assert ("faster training by some measures but not by others (C1)" in shown) == (
            {first, second} == {"supported", "contradicted"}
        )
        assert ("steadier training (C2)" in shown) == (steady == "supported")
        assert ("cheaper training (C5)" in shown) == (cheap == "supported")
        assert ("none" in shown) == ("supported" not in (first, second, steady, cheap))
        assert ("C2" in rest) == (steady != "supported")
        assert "G exact, D spsa showed cheaper training (C5)" in verdicts.answer(found)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("supported", "spsa showed faster training (C1)"),
        ("contradicted", "spsa showed none (contradicted: C1; not judged: C2 and C5)"),
        ("undecided", "do not answer it: all 2 verdicts are undecided"),
    ],
)
def test_the_answer_to_few_claims(verdict: str, said: str) -> None:
    rows = [("C1", "spsa: a", verdict), ("C3", "spsa: b", "undecided")]
    assert said in verdicts.answer(verdicts.claims(table(rows), []))


def test_a_gain_with_worse_samples_is_said_in_one_breath() -> None:
    rows = [("C2", "spsa: a", "supported"), ("C3", "spsa: b", "supported")]
    said = verdicts.answer(verdicts.claims(table(rows), []))
    assert "steadier training (C2), but ended with worse samples than exact (C3)" in said
    rows[1] = ("C3", "spsa: b", "contradicted")
    assert "worse" not in verdicts.answer(verdicts.claims(table(rows), []))


@pytest.mark.parametrize("counts", [c for c in itertools.product((0, 1, 2), repeat=3) if any(c)])
def test_the_sentence_on_a_mode_names_every_claim_once(counts: tuple[int, ...]) -> None:
    kinds = [kind for kind, count in zip(KINDS, counts, strict=True) for _ in range(count)]
    rows = [(c, f"spsa: {k}", kind) for c in verdicts.MEANING for k, kind in enumerate(kinds)]
    said = verdicts.sentence(verdicts.claims(table(rows), []), "spsa")
    assert all(said.count(claim) == 1 for claim in verdicts.MEANING), said
    whole = len(set(kinds)) == 1
    for claim, (yes, no) in verdicts.MEANING.items():
        assert (f"{yes} ({claim})" in said) == (whole and kinds[0] == "supported")
        assert (f"{no} ({claim})" in said) == (whole and kinds[0] == "contradicted")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("supported", "faster training (C1, which its matched controls do not share)"),
        ("contradicted", "faster training (C1, but a matched control shares it)"),
        ("undecided", "faster training (C1, whether its matched controls share it is undecided)"),
    ],
)
def test_a_gain_is_told_with_what_its_controls_say(verdict: str, said: str) -> None:
    control = "spsa: steps to the target ÷ its matched noisy_exact's (1)"
    rows = [("C1", "spsa: steps to the target, ÷ exact's (1)", "supported"),
            ("C1", control, verdict), ("C2", "spsa: b", "undecided")]  # fmt: skip
    found = verdicts.claims(table(rows), [])
    assert said in verdicts.answer(found)
    assert len(found[0].rows()) == 1
    assert len(found[0].every()) == 2


def test_the_deciding_clauses_of_a_rule_are_told_apart_from_the_rest() -> None:
    rule = (
        "a gain: supported if it lies below 1, contradicted if it lies above; it is 2 to 3; that "
        "counts where there is one, otherwise the verdict over exact stands; over exact it is "
        "undecided, 1 (0 to 2): supported if not, contradicted if; more"
    )
    rows = table([("C1", "spsa: a", "undecided")]).assign(rule=rule)
    (row,) = verdicts.claims(rows, [])[0].rows()
    assert row["decided"].startswith("a gain: supported if it lies below 1")
    assert row["decided"].endswith(
        "; that counts where there is one, otherwise the verdict over exact stands"
    )
    assert "it is 2 to 3" not in row["decided"]
    assert row["further"] == (
        "over exact it is undecided, 1 (0 to 2): supported if not, contradicted if; more"
    )


def test_a_strip_is_drawn_in_order_and_only_of_finite_numbers() -> None:
    rule = "supported if the whole interval lies below 0.9, contradicted if it lies above"
    row = {"effect": 2.0, "low": 1.5, "high": 3.0, "rule": rule, "what": "steps ÷ exact's"}
    at = verdicts.forest(row)
    assert at is not None
    assert at["bound"] < at["none"] < at["low"] < at["effect"] < at["high"]
    assert verdicts.forest({**row, "high": float("nan")}) is None


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
    tidy = {n: cells.tidy(frame) if "mode" in frame else frame for n, frame in tables.items()}
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
