"""The sentences say what the verdicts say and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from approxgan.claims import summary
from approxgan.claims.matching import EPSILON, EQUAL_COST, SAME_STEPS
from approxgan.claims.measures import MEASURES, NO_CONTROL, by_rule
from approxgan.claims.verdict import REASONS
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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"p_holm": 0.0387}, "0.0387"),
        ({"p_holm": 0.0}, "< 10⁻¹²"),
        ({"p_holm": np.nan}, "–"),
        ({"p_holm": 0.0, "interval_kind": "count"}, "counted"),
        ({"p_holm": 0.0, "capped": 9}, "all at the cap"),
        ({"p_holm": 0.0, "capped": 8}, "< 10⁻¹²"),
    ],
)
def test_no_p_is_told_as_zero(more: dict[str, Any], said: str) -> None:
    assert summary.chance({**PLAIN, **more}) == said


def test_numbers_are_told_as_what_they_are() -> None:
    whole = {**PLAIN, "measure": "final_quality"}
    assert summary.value({**whole, "mode_value": np.inf}) == "1 [0.5 to 2]; diverged against 3"
    bare = {**PLAIN, "mode_value": np.nan}
    assert summary.value(bare) == "1 [0.5 to 2]"
    assert summary.value(PLAIN) == "1 [0.5 to 2]; 3 against 3"
    assert summary.value({**bare, "low": 1.0, "high": 1.0}) == "1"
    lost = {**PLAIN, "censored": 9, "effect": 3.37, "low": 3.0, "high": 4.0, "mode_value": np.inf}
    assert summary.value(lost) == "3.37 [3 to 4]; never against 3; never reached (9 of 9)"
    assert summary.value({**PLAIN, "capped": 2}) == "1 [0.5 to 2]; 3 against 3; capped (2 of 9)"
    span = summary.value({**bare, "interval_kind": "holm_range"})
    assert span == "1 [0.5 shown, 2 not ruled out]"
    unknown = {**PLAIN, "effect": np.nan, "reason_code": "lack_of_data"}
    assert summary.value(unknown) == "(no data)"
