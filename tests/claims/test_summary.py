"""The sentences say what the verdicts say and no more."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from approxgan.claims import summary
from approxgan.claims.matching import EPSILON, EQUAL_COST, SAME_STEPS
from approxgan.claims.measures import MEASURES, NO_CONTROL, by_rule
from approxgan.claims.verdict import REASONS, VERDICTS
from approxgan.storage.tables import CLAIMS

Rows = list[tuple[str, str, str, str]]
PLAIN: dict[str, Any] = {
    "scope": "article", "reading": "same_steps", "dtype": "float32",
    "unit": "ratio", "against": "exact", "is_control": False, "bound": 0.9, "side": "below",
    "reason_code": "ok", "effect": 1.0, "low": 0.5, "high": 2.0, "measure": "steps_to_target",
    "mode_value": 3.0,
    "other_value": 3.0, "interval_kind": "jackknife", "runs": 9, "censored": 0, "capped": 0,
    "datasets": "", "cells": "", "note": "", "is_timed": False,
}  # fmt: skip


def table(rows: Rows, **more: Any) -> pd.DataFrame:
    """(claim, mode, measure, verdict) as a table of claims."""
    names = ("claim", "mode", "measure", "verdict")
    found = [{**PLAIN, **dict(zip(names, row, strict=True)), **more} for row in rows]
    return pd.DataFrame(found, columns=list(CLAIMS))


def answer(*tables: pd.DataFrame) -> str:
    return summary.answer(summary.parts(pd.concat(tables, ignore_index=True)))


@pytest.mark.parametrize("first", VERDICTS)
def test_the_answer_claims_what_the_verdicts_say_and_no_more(first: str) -> None:
    """Every combination of two measures of C1, one of C2 and one of C5, for one mode of two."""
    meaning = {
        name: dict(zip(VERDICTS, words, strict=False)) for name, words in summary.TOLD.items()
    }
    for second, steady, cheap in itertools.product(VERDICTS, repeat=3):
        mine = {"C1": [first, second], "C2": [steady], "C5": [cheap]}
        rows = [(c, "spsa", str(k), kind) for c in mine for k, kind in enumerate(mine[c])]
        said = answer(table([*rows, ("C5", "exact+spsa", "0", "supported")]))
        assert "G exact, D spsa was cheaper (C5) than exact" in said
        said = said.partition("; G exact")[0]
        for name, verdicts in mine.items():
            kinds = set(verdicts) - {"undecided"}
            kinds = kinds - {"no relevant effect"} or kinds
            for verdict, word in meaning[name].items():
                told = re.search(rf"(?<!no ){word} (\(|by|and)", said) is not None
                assert told == (verdict in kinds), (said, word)
            assert said.count(f"{name}") == 1 or set().union(*mine.values()) == {"undecided"}
            alone = len(set(verdicts)) == 1
            assert (f"by some measures ({name})" in said) == (not alone and bool(kinds))


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("supported", "On the article's own experiment, spsa was faster (C1) than exact "
         "(undecided: C3)."),
        ("contradicted", "spsa was slower (C1) than exact"),
        ("no relevant effect", "spsa was no faster (C1) than exact"),
        ("undecided", "do not answer it: all 2 verdicts are undecided"),
    ],
)  # fmt: skip
def test_the_answer_to_few_claims(verdict: str, said: str) -> None:
    assert said in answer(table([("C1", "spsa", "a", verdict), ("C3", "spsa", "b", "undecided")]))


def test_the_whole_answer_is_three_sentences() -> None:
    rows = [("C1", "spsa", "a", "contradicted"), ("C2", "spsa", "b", "no relevant effect")]
    costs = [("spsa", 0.25, 0.25), ("forward_gradient", 3.0, 3.0), ("uniform_shift", 9.0, np.inf)]
    parts = [table(rows), table(rows, scope="other")]
    for mode, effect, mine in costs:
        more = {"effect": effect, "mode_value": mine, "other_value": 1.0, "reading": EQUAL_COST}
        parts.append(table([("C5", mode, "c", "contradicted")], scope="other", **more))
    assert answer(*parts) == (
        "On the article's own experiment, spsa was slower (C1) and no steadier (C2) than exact. "
        "On other data and networks, spsa was slower (C1) and no steadier (C2) than exact. "
        "With each mode tuned, these reached exact's quality: spsa at 0.25 (0.5 to 2) and forward "
        "gradient at 3 (0.5 to 2) times exact's cost, and not uniform shift."
    )
    assert [part.id for part in summary.parts(pd.concat(parts))] == [
        "article-same_steps", "other-same_steps", "other-equal_cost",
    ]  # fmt: skip
    never = answer(parts[0], parts[-1])
    assert never.endswith("these reached exact's quality: none of uniform shift.")


@pytest.mark.parametrize(
    ("verdict", "reason", "said"),
    [
        ("supported", "ok", "faster (C1, which its matched controls do not share)"),
        ("no relevant effect", "ok", "faster (C1, but a matched control shares it)"),
        ("contradicted", "ok", "faster (C1, but a matched control shares it)"),
        ("undecided", "ok", "(C1, whether its matched controls share it is undecided)"),
        ("contradicted", "no_gain", "(C1, whether its matched controls share it is undecided)"),
    ],
)
def test_a_gain_is_told_with_what_its_controls_say(verdict: str, reason: str, said: str) -> None:
    rows: Rows = [("C1", "spsa", "steps_to_target", "supported"), ("C2", "spsa", "b", "undecided")]
    control = table([("C1", "spsa", "steps_to_target", verdict)], is_control=True,
                    against="noisy_exact", reason_code=reason)  # fmt: skip
    (found,) = summary.parts(pd.concat([table(rows), control]))
    assert said in summary.answer([found])
    assert len(found.claim("C1").rows()) == 1
    assert len(found.claim("C1").every()) == 2
    rows[0] = ("C1", "spsa", "steps_to_target", "contradicted")
    assert "control" not in answer(table(rows), control)


@pytest.mark.parametrize("measure", [*MEASURES, by_rule("adaptive")])
def test_every_measure_is_told_with_what_it_is_compared_with(measure: Any) -> None:
    for reading in measure.readings:
        row = {**PLAIN, "measure": measure.name, "unit": measure.unit, "reading": reading}
        told = summary.measured({**row, "against": measure.against or "exact"})
        assert "_" not in told
        assert "{" not in told
        assert ("÷" in told) == (measure.unit == "ratio")
        assert ("float32" in told) == (reading not in (SAME_STEPS, EQUAL_COST))
        assert ("exact" in told) == (not measure.against or measure.unit == "sds of exact")
        assert ("ε" in told) == (reading == EPSILON)
        if measure.is_shared:
            row |= {"is_control": True, "against": "noisy_exact (smallest)"}
            assert "its matched noisy exact (smallest)'s" in summary.measured(row)
            assert "its matched controls'" in summary.measured({**row, "against": NO_CONTROL})


@pytest.mark.parametrize("reason", REASONS)
def test_the_rule_says_what_would_have_decided_and_why_it_did_not(reason: str) -> None:
    told = summary.rule({**PLAIN, "reason_code": reason})
    assert told.startswith(
        "supported below 0.9, no relevant effect above 0.9, contradicted above 1"
    )
    assert told.endswith(summary.WHY[reason])
    zero = summary.rule({**PLAIN, "unit": "decades", "bound": 0.0, "side": "above"})
    assert zero == "supported above 0, contradicted below 0"
    # A claim of no loss: what is not shown to be under the margin is no loss that counts.
    loss = summary.rule({**PLAIN, "unit": "sds of exact", "bound": 0.5, "side": "below"})
    assert loss == "supported below 0.5, contradicted above 0.5"


def test_numbers_are_told_as_what_they_are() -> None:
    whole = {**PLAIN, "measure": "final_quality"}
    assert summary.value({**whole, "mode_value": np.inf}) == "1 [0.5 to 2]; diverged against 3"
    bare = {**PLAIN, "mode_value": np.nan}
    assert summary.value(bare) == "1 [0.5 to 2]"
    assert summary.value(PLAIN) == "1 [0.5 to 2]; 3 against 3"
    assert summary.value({**bare, "low": 1.0, "high": 1.0}) == "1"
    lost = {**PLAIN, "censored": 9, "effect": 3.37, "low": 3.0, "high": 4.0, "mode_value": np.inf}
    assert summary.value(lost) == (
        "at least 3.37 [3 to 4]; never against 3; never reached (9 of 9)"
    )
    assert summary.value({**PLAIN, "capped": 2}) == "1 [0.5 to 2]; 3 against 3; capped (2 of 9)"
    span = summary.value({**bare, "interval_kind": "holm_range"})
    assert span == "1 [0.5 shown, 2 not ruled out]"
    unknown = {**PLAIN, "effect": np.nan, "reason_code": "lack_of_data"}
    assert summary.value(unknown) == "(no data)"
