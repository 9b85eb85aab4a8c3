"""What the claims are told to a reader who knows no term of them."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claims.test_summary import PLAIN, Rows, table

from approxgan.claims import plain, summary
from approxgan.claims.matching import EQUAL_COST
from approxgan.claims.measures import MEASURES, by_rule
from approxgan.claims.plain import MOST_WORDS, SAID
from approxgan.claims.verdict import VERDICTS

FIRST = {"C1": "steps_to_target", "C2": "diverged_runs", "C3": "final_quality",
         "C5": "seconds_per_step"}  # fmt: skip


def found(*tables: pd.DataFrame) -> list[summary.Part]:
    return summary.parts(pd.concat(tables, ignore_index=True))


def rows(mode: str, **verdicts: str) -> Rows:
    return [(name, mode, FIRST[name], kind) for name, kind in verdicts.items()]


@pytest.mark.parametrize("quality", VERDICTS)
def test_the_answer_says_what_the_verdicts_say_and_no_more(quality: str) -> None:
    for faster, steadier, cheaper in itertools.product(VERDICTS, repeat=3):
        mine = rows("forward_difference", C1=faster, C2=steadier, C3=quality, C5=cheaper)
        other = rows("uniform_shift", C3="supported")
        said = plain.answer(found(table([*mine, *other])))
        assert len(said.split(" ")) <= MOST_WORDS
        assert "_" not in said
        (own,) = [*re.findall(r"Nudging each weight [^.]*(?:\.\d[^.]*)*\.", said), ""][:1]
        assert "Nudging all weights at once gives worse results." in said
        assert ("gives worse results" in own) == (quality == "supported")
        assert ("gets as good" in own) == (quality == "no relevant effect")
        assert ("gets better" in own) == (quality == "contradicted")
        gains = [faster, steadier, cheaper]
        if quality == "supported":
            assert said.startswith("No benefit over the exact slope was shown.")
            continue
        begins = "Yes." if set(gains) == {"supported"} else "In part."
        begins = begins if "supported" in gains else "No benefit over the exact slope was shown."
        assert said.startswith(begins)
        assert ("faster (" in own) == (faster == "supported")
        assert ("slower" in own) == (faster == "contradicted")
        assert (re.search(r"no [^.(]*steadier", own) is not None) == (
            steadier == "no relevant effect"
        )
        assert ("times the time per step" in own) == (cheaper in ("supported", "contradicted"))
        assert ("cheaper per step" in own) == (cheaper == "no relevant effect")


def test_the_answer_of_a_whole_run() -> None:
    own = rows("forward_difference", C1="no relevant effect", C2="no relevant effect",
               C3="no relevant effect", C5="contradicted")  # fmt: skip
    shift = rows("uniform_shift", C1="contradicted", C3="supported", C5="supported")
    made = table([*own, *shift])
    made.loc[made["mode"].eq("uniform_shift") & made["claim"].eq("C1"), "mode_value"] = np.inf
    made.loc[made["claim"].eq("C5"), "effect"] = 33.3
    best = table([("C5", "spsa", "x", "contradicted")], reading=EQUAL_COST)
    assert plain.answer(found(made, best)) == (
        "No benefit over the exact slope was shown. Nudging each weight gets as good, but no "
        "faster or steadier, at 33 times the time per step. Nudging all weights at once never "
        "gets as good. At their best, all need more evaluations."
    )
    mixed = table([("C5", "exact", "x", "undecided")], reading=EQUAL_COST)
    assert plain.answer(found(best, mixed)).endswith("At their best, none was shown to be cheaper.")
    cheap = table([("C5", "spsa", "x", "supported")], reading=EQUAL_COST, effect=0.5)
    assert plain.answer(found(cheap)).endswith(
        "At its best, spsa gets as good at 0.50 times the cost."
    )


def test_an_incomplete_run_says_so_once() -> None:
    short = table(rows("spsa", C1="undecided", C3="undecided"), reason_code="lack_of_data",
                  effect=np.nan)  # fmt: skip
    told = "These runs cannot tell: they lack data for every claim."
    assert plain.answer(found(short)) == told
    assert [line.said for line in plain.lines(found(short))] == ["not shown"] * 2
    assert [line.amount for line in plain.lines(found(short))] == [""] * 2
    undecided = table(rows("spsa", C1="undecided"))
    assert plain.answer(found(undecided)) == "These runs cannot tell."
    assert plain.answer([]) == "No claim was judged: these runs answer nothing."


def test_a_line_rests_on_the_articles_own_experiment_unless_that_is_undecided() -> None:
    for own, other in itertools.product(VERDICTS, repeat=2):
        (line,) = plain.lines(
            found(table(rows("spsa", C1=own)), table(rows("spsa", C1=other), scope="other"))
        )
        from_own = own != "undecided" or other == "undecided"
        assert (line.place == "the article's own experiment") == from_own
        assert line.said == SAID[own if from_own else other]
        unlike = SAID[own] != SAID[other]
        apart = plain.PLACES["other" if from_own else "article"]
        kind = SAID[other if from_own else own]
        assert line.unlike == ([(f"On {apart}", kind)] if unlike else [])


def test_a_line_is_of_the_first_mode_and_the_plainest_measure_with_data() -> None:
    made = table(
        [("C2", "spsa", "diverged_runs", "undecided"),
         ("C2", "uniform_shift", "diverged_runs", "supported"),
         ("C2", "spsa", "spread_of_final_quality", "contradicted"),
         ("C2", "uniform_shift", "spread_of_final_quality", "supported"),
         ("C2", "spsa", "variance_of_generator_loss", "supported")]
    )  # fmt: skip
    made.loc[0, "reason_code"] = "none_to_spare"
    (line,) = plain.lines(found(made))
    assert (line.row["mode"], line.row["measure"]) == ("spsa", "spread_of_final_quality")
    assert line.unlike == [("Nudging all weights at once", "yes"), ("By other measures", "yes")]


def test_a_count_of_evaluations_has_the_time_beside_it() -> None:
    both = [("C5", "spsa", "forward_equivalents_per_step", "contradicted"),
            ("C5", "spsa", "seconds_per_step", "contradicted")]  # fmt: skip
    made = table(both)
    made["effect"] = [6700.0, 1.27]
    (line,) = plain.lines(found(made))
    assert line.unlike == [("Time in this program", "1.27 × as long")]
    (line,) = plain.lines(found(table([both[1]])))
    assert line.unlike == []


@pytest.mark.parametrize(
    ("verdict", "reason", "said"),
    [
        ("supported", "ok", "which noise alone does not"),
        ("no relevant effect", "ok", "as noise alone does"),
        ("contradicted", "ok", "as noise alone does"),
        ("undecided", "ok", "as noise alone may"),
        ("contradicted", "no_gain", "as noise alone may"),
    ],
)
def test_a_gain_is_told_with_what_its_controls_say(verdict: str, reason: str, said: str) -> None:
    gain = table(rows("spsa", C1="supported", C3="no relevant effect"))
    control = table(rows("spsa", C1=verdict), is_control=True, against="noisy_exact",
                    reason_code=reason)  # fmt: skip
    parts = found(gain, control)
    assert plain.lines(parts)[0].remark == said
    assert f"faster (1.00 × as many steps, {said})" in plain.answer(parts)
    (line,) = plain.lines(found(table(rows("spsa", C1="contradicted")), control))
    assert line.remark == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"effect": 1.078}, "1.08 × as many steps"),
        ({"effect": 6675.1}, "6\u202f700 × as many steps"),
        ({"effect": 3.4, "censored": 2}, "3.40 × as many steps; 2 of 9 runs never got there"),
        ({"effect": 3.4, "censored": 9, "mode_value": np.inf}, "9 of 9 runs never got there"),
        ({"measure": "seconds_per_step", "effect": 4.0}, "4.00 × as long"),
        ({"measure": "final_quality", "unit": "sds of exact", "effect": -0.5},
         "0.50 run-to-run gaps better"),
        ({"measure": "final_quality", "unit": "sds of exact", "effect": 10.0, "capped": 3},
         "at least 10 run-to-run gaps worse"),
        ({"measure": "diverged_runs", "unit": "share of runs", "effect": -0.25},
         "25 of 100 runs fewer break down"),
        ({"measure": "diverged_runs", "unit": "share of runs", "effect": 0.0},
         "as many runs break down"),
        ({"measure": "range_of_good_steps", "unit": "decades", "effect": 3.5, "low": 2.0},
         "shown over a 100-fold range"),
        ({"measure": "range_of_good_steps", "unit": "decades", "effect": 3.5, "low": 0.0},
         "none was shown"),
        ({"measure": "range_of_good_steps", "unit": "decades", "effect": 0.0},
         "none that was tried"),
        ({"effect": np.nan}, ""),
    ],
)  # fmt: skip
def test_an_effect_is_told_in_everyday_units(more: dict[str, Any], said: str) -> None:
    assert plain.amount({**PLAIN, **more}) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "0.5 to 2"),
        ({"low": 1.0, "high": 1.0}, ""),
        ({"unit": "sds of exact", "low": -0.0856, "high": 0.0676}, "0.09 better to 0.07 worse"),
        ({"unit": "decades"}, ""),
        ({"censored": 9, "mode_value": np.inf}, ""),
    ],
)
def test_intervals_are_told_in_the_same_units(more: dict[str, Any], said: str) -> None:
    assert plain.ends({**PLAIN, **more}) == said


@pytest.mark.parametrize("measure", [*MEASURES, by_rule("adaptive")])
def test_every_measure_has_a_plain_statement(measure: Any) -> None:
    for reading in measure.readings:
        row = {**PLAIN, "measure": measure.name, "unit": measure.unit, "reading": reading}
        said = plain.statement(row)
        assert "_" not in said
        assert measure.rule or measure.name in plain.MEASURES
        assert ("learning rate" in said) == (reading == "learning_rate")


def test_the_other_half_of_a_claim_and_the_precision_stand_beside_a_line() -> None:
    halves = [("C4", "spsa", "final_quality_at_smaller_steps", "supported"),
              ("C4", "spsa", "final_quality_at_larger_steps", "undecided")]  # fmt: skip
    (line,) = plain.lines(found(table(halves, reading="epsilon", against="own_step")))
    assert line.place == "the article's own experiment in float32"
    assert line.unlike == [("Too large a nudge gives worse results", "not shown")]
    rates = table(halves[1:], reading="learning_rate", against="own_step")
    rates = found(table(halves[:1], reading="epsilon", against="own_step"), rates)
    assert plain.lines(rates)[0].unlike == []


def test_a_line_says_what_it_is_beside() -> None:
    own = table(rows("spsa", C1="supported"))
    step = table([("C4", "spsa", "final_quality_at_smaller_steps", "supported")],
                 against="own_step", reading="epsilon")  # fmt: skip
    other = table([("C7", "spsa", "final_quality", "supported")], against="score_function")
    lines = plain.lines(found(own, step, other))
    told = [line.against for line in lines]
    assert told == ["the exact slope", "", "score function"]
    assert [line.beside for line in lines] == ["", "", "score function"]


def test_a_claim_of_a_new_kind_gets_its_line() -> None:
    own = [*rows("spsa", C1="supported"), ("C7", "spsa", "length_of_its_name", "contradicted")]
    lines = plain.lines(found(table(own)))
    assert [line.claim for line in lines] == ["C1", "C7"]
    assert (lines[1].statement, lines[1].said) == ("Length of its name", "no")
