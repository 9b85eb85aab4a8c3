"""The sentences say what the verdicts say and no more."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from approxgan.claims import summary
from approxgan.claims.measures import MEASURES, NO_CONTROL
from approxgan.claims.verdict import REASONS, VERDICTS
from approxgan.storage.tables import CLAIMS

Rows = list[tuple[str, str, str, str]]
PLAIN: dict[str, Any] = {
    "unit": "ratio", "against": "exact", "is_control": False, "bound": 0.9, "side": "below",
    "reason_code": "ok", "effect": 1.0, "low": 0.5, "high": 2.0, "interval_kind": "jackknife",
    "runs": 9, "censored": 0, "datasets": "", "cells": "", "note": "", "is_timed": False,
}  # fmt: skip


def table(rows: Rows, **more: Any) -> pd.DataFrame:
    """(claim, mode, measure, verdict) as a table of claims."""
    names = ("claim", "mode", "measure", "verdict")
    found = [{**PLAIN, **dict(zip(names, row, strict=True)), **more} for row in rows]
    return pd.DataFrame(found, columns=list(CLAIMS))


@pytest.mark.parametrize("first", VERDICTS)
def test_the_answer_claims_what_the_verdicts_say_and_no_more(first: str) -> None:
    """Every combination of two measures of C1, one of C2 and one of C5, for one mode of two."""
    for second, steady, cheap in itertools.product(VERDICTS, repeat=3):
        mine = {"C1": [first, second], "C2": [steady], "C5": [cheap]}
        rows = [
            *(
                (claim, "spsa", str(k), kind)
                for claim in mine
                for k, kind in enumerate(mine[claim])
            ),
            ("C5", "exact+spsa", "0", "supported"),
        ]
        answer = summary.answer(summary.claims(table(rows)))
        rest = answer.partition("training, ")[2].partition("; G exact")[0]
        shown = rest.partition(" (contradicted")[0].partition(" (no relevant")[0]
        shown = shown.partition(" (und")[0]
        both = {first, second}
        assert ("faster training (C1)" in shown) == (both == {"supported"})
        assert ("faster training by some measures but not by others (C1)" in shown) == (
            both == {"supported", "contradicted"}
        )
        assert ("faster training in part (C1)" in shown) == (
            "supported" in both and len(both) == 2 and "contradicted" not in both
        )
        assert ("steadier training (C2)" in shown) == (steady == "supported")
        assert ("cheaper training (C5)" in shown) == (cheap == "supported")
        assert ("none" in shown) == ("supported" not in {*both, steady, cheap})
        assert ("no relevant benefit" in rest) == (
            "no relevant effect" in (steady, cheap)
            or ("no relevant effect" in both and not both & {"supported", "contradicted"})
        )
        assert "effect" not in rest
        assert "G exact, D spsa showed cheaper training (C5)" in answer


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("supported", "spsa showed faster training (C1)"),
        ("contradicted", "spsa showed none (contradicted: C1; not judged: C2 and C5)"),
        ("no relevant effect", "spsa showed none (no relevant benefit: C1; not judged: C2 and C5)"),
        ("undecided", "do not answer it: all 2 verdicts are undecided"),
    ],
)
def test_the_answer_to_few_claims(verdict: str, said: str) -> None:
    rows = [("C1", "spsa", "a", verdict), ("C3", "spsa", "b", "undecided")]
    assert said in summary.answer(summary.claims(table(rows)))


def test_a_gain_with_worse_samples_is_said_in_one_breath() -> None:
    rows = [("C2", "spsa", "a", "supported"), ("C3", "spsa", "b", "supported")]
    said = summary.answer(summary.claims(table(rows)))
    assert "steadier training (C2), but ended with worse samples than exact (C3)" in said
    rows[1] = ("C3", "spsa", "b", "contradicted")
    assert "worse" not in summary.answer(summary.claims(table(rows)))


@pytest.mark.parametrize("counts", [c for c in itertools.product((0, 1, 2), repeat=4) if any(c)])
def test_the_sentence_on_a_mode_names_every_claim_once(counts: tuple[int, ...]) -> None:
    kinds = [kind for kind, count in zip(VERDICTS, counts, strict=True) for _ in range(count)]
    rows = [(c, "spsa", str(k), kind) for c in summary.MEANING for k, kind in enumerate(kinds)]
    said = summary.sentence(summary.claims(table(rows)), "spsa")
    assert all(said.count(claim) == 1 for claim in summary.MEANING), said
    for claim, meanings in summary.MEANING.items():
        for kind, meaning in zip(VERDICTS[:3], meanings, strict=True):
            assert (f"{meaning} ({claim})" in said) == (set(kinds) == {kind})


@pytest.mark.parametrize(
    ("verdict", "reason", "said"),
    [
        ("supported", "ok", "faster training (C1, which its matched controls do not share)"),
        ("no relevant effect", "ok", "faster training (C1, but a matched control shares it)"),
        ("contradicted", "ok", "faster training (C1, but a matched control shares it)"),
        ("undecided", "ok", "(C1, whether its matched controls share it is undecided)"),
        ("contradicted", "no_gain", "(C1, whether its matched controls share it is undecided)"),
    ],
)
def test_a_gain_is_told_with_what_its_controls_say(verdict: str, reason: str, said: str) -> None:
    rows: Rows = [("C1", "spsa", "steps_to_target", "supported"), ("C2", "spsa", "b", "undecided")]
    control = table([("C1", "spsa", "steps_to_target", verdict)], is_control=True,
                    against="noisy_exact", reason_code=reason)  # fmt: skip
    found = summary.claims(pd.concat([table(rows), control]))
    assert said in summary.answer(found)
    assert len(found[0].rows()) == 1
    assert len(found[0].every()) == 2


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_told_with_what_it_is_compared_with(measure: Any) -> None:
    against = measure.against or "exact"
    row = {**PLAIN, "measure": measure.name, "unit": measure.unit, "against": against}
    told = summary.measured(row)
    assert "_" not in told
    assert ("÷" in told) == (measure.unit == "ratio")
    assert ("exact" in told) == (measure.claim != "C4" or measure.unit == "sds of exact")
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


def test_numbers_are_told_as_what_they_are() -> None:
    assert summary.value(PLAIN) == "1 [0.5 to 2]"
    assert summary.value({**PLAIN, "low": 1.0, "high": 1.0}) == "1"
    never = summary.value({**PLAIN, "censored": 9, "effect": 3.37, "low": 3.0, "high": 4.0})
    assert never == "at least 3.37 [3 to 4]; never reached (9 of 9)"
    span = summary.value({**PLAIN, "interval_kind": "holm_range"})
    assert span == "1 [0.5 shown, 2 not ruled out]"
    unknown = {**PLAIN, "effect": np.nan, "reason_code": "lack_of_data"}
    assert summary.value(unknown) == "(no data)"
