"""One false verdict in the whole table is as rare as alpha."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from approxgan.analysis import statistics
from approxgan.claims.verdict import COUNT, Claimed, Comparison, Judgement, decide

ALPHA = 0.05
FASTER = Claimed("below", 0.9, 1.0)


def effect(estimate: float, error: float = 0.01, freedom: float = 9.0) -> Comparison:
    made = statistics.student(estimate, error, freedom, 1 - ALPHA)
    return Comparison(made, "jackknife")


def decided(*tests: Judgement | None) -> list[str]:
    return [verdict for verdict, *_ in decide(tests, ALPHA)]


def test_a_false_verdict_anywhere_is_as_rare_as_alpha() -> None:
    """Thirty effects at their bound, any verdict on which is false, and ten that are far off."""
    trials, random = 600, np.random.default_rng(0)
    wrong = 0
    for _ in range(trials):
        noise = 0.01 * random.standard_t(9, size=40)
        truths = np.repeat([0.9, 0.5], [30, 10])
        made = decided(*(Judgement(FASTER, effect(t)) for t in truths + noise))
        wrong += set(made[:30]) != {"undecided"}
        assert set(made[30:]) == {"supported"}
    assert wrong / trials < ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / trials)
    # Uncorrected, it would be 1 − .95³⁰ = .79.


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (0.8, "supported"),
        (0.9, "undecided"),
        (0.95, "no relevant effect"),
        (1.0, "no relevant effect"),
        (1.1, "contradicted"),
        (np.nan, "undecided"),
    ],
)
def test_where_the_effect_lies_decides(estimate: float, verdict: str) -> None:
    assert decided(Judgement(FASTER, effect(estimate))) == [verdict]
    # The same on the other side: the claim says more, and it is less.
    turned = Claimed("above", -0.9, -1.0)
    assert decided(Judgement(turned, effect(-estimate))) == [verdict]


def test_what_is_counted_needs_no_correction_and_makes_none() -> None:
    counted = replace(effect(0.8, error=0.0), kind=COUNT)
    # p of 0.03: alone it decides, in a family of two it does not.
    beside = Judgement(FASTER, effect(0.9 - 0.01 * 2.57))
    assert decided(beside, Judgement(FASTER, counted), None) == [
        "supported",
        "supported",
        "undecided",
    ]
    assert decided(beside, beside) == ["undecided"] * 2


def test_a_gain_over_a_control_needs_a_gain_over_exact() -> None:
    far, none, slow = effect(0.5), effect(1.0), effect(1.5)
    rows = [Judgement(FASTER, far, gain) for gain in (far, none, slow)] + [
        Judgement(FASTER, none, far)
    ]
    made = decide(rows, ALPHA)
    assert [verdict for verdict, *_ in made] == [
        "supported", "no relevant effect", "contradicted", "no relevant effect",
    ]  # fmt: skip
    assert [reason for _, reason, *_ in made] == ["ok", "no_gain", "no_gain", "ok"]
