"""The page: whole by itself, complete, and safe."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pages
import pandas as pd
import pytest
import synthetic
import yaml
from pages import CONFIG, FIGURES, NASTY, RULES

from approxgan import _report_cells as cells
from approxgan import _report_picker as picker
from approxgan import _report_steps as steps
from approxgan import _report_text as text
from approxgan import _report_verdicts as verdicts
from approxgan import claims, report
from approxgan.core import InputError
from approxgan.tables import COLUMNS

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether all tags are closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = pages.named(pages.judged(synthetic.make(synthetic.WIDE)))
    return pages.write(tables, tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="module")
def source(folder: Path) -> str:
    return (folder / "report.html").read_text()


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_closes_what_it_opens(page: Page) -> None:
    assert not page.open
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(set(ids)) == len(ids)
    targets = [a["href"] or "" for a in page.all("a")]
    assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_loads_nothing(source: str, page: Page) -> None:
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/", "#")), value
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    assert not page.all("link")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|\bimport\b\s*[({'\"]", source)


def test_runs_no_script_and_style_but_its_own(page: Page) -> None:
    policy = next(a["content"] or "" for a in page.all("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    kinds = [a.get("type") for a in page.all("script")]
    style, data, *scripts = page.scripts
    assert kinds == ["application/json", *[None] * len(scripts)]
    for part in (style, *scripts):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert json.loads(data)["cells"]


def test_escapes_every_value(source: str, page: Page) -> None:
    assert NASTY not in source
    assert NASTY in page.text
    assert {NASTY, "ring"} <= {cell["dataset"] for cell in json.loads(page.scripts[1])["cells"]}
    assert "a < b & <i>c</i>" in page.text
    assert "0.0.<1>" in page.text


def test_shows_every_figure_once_with_its_caption(page: Page) -> None:
    images = page.all("img")
    assert sorted(a["alt"] or "" for a in images) == sorted(
        f"Title of {name}. What {name} shows & says <here>" for name in FIGURES
    )
    for name in FIGURES:
        assert f"What {name} shows & says <here>. And more." in page.text


def test_the_first_screen_has_the_answer_all_claims_and_the_limits(page: Page) -> None:
    first = " ".join(page.text.partition("What was run")[0].split())
    assert "Of the three benefits that the article promises" in first
    for claim, statement in claims.STATEMENTS.items():
        assert f"{claim}. {statement}" in first
        assert {"href": f"#{claim}"} in page.all("a")
    assert "only compact (dense; hidden G 32–32, D 32)" in first
    assert "the verdicts rest on" in first


def test_tells_what_was_run_and_at_what_cost(page: Page) -> None:
    flat = " ".join(page.text.split())
    assert "training runs" in flat
    assert "never moves" in flat
    assert "swaps the roles" not in flat
    assert "core-hours" in flat
    assert "0–3" in flat


def test_headers_have_scope_and_tables_scroll(page: Page) -> None:
    assert all(a.get("scope") in {"col", "row", "rowgroup"} for a in page.all("th"))
    boxes = [a for a in page.all("div") if {"scroll", "glance"} & {*(a.get("class") or "").split()}]
    assert len(boxes) == len(page.all("table"))
    assert all(a.get("role") == "region" and a.get("aria-label") for a in boxes)
    assert page.all("html") == [{"lang": "en"}]


def test_documents_columns_config_and_versions(page: Page) -> None:
    for table, meanings in COLUMNS.items():
        assert table in page.text
        assert all(meaning in page.text for meaning in meanings.values())
    assert yaml.safe_dump(RULES, sort_keys=False).splitlines()[0] in page.text
    assert "The approxgan authors" in page.text


def test_the_summary_has_every_verdict_as_text(folder: Path) -> None:
    lines = (folder / "summary.md").read_text().splitlines()
    table = pd.read_parquet(folder / "tables" / "claims.parquet")
    judged = [line for line in lines if line.startswith("| C")]
    assert len(judged) == len(table)
    assert all(line.count(" | ") == 5 for line in judged)
    for verdict, rows in table.groupby("verdict"):
        assert sum(f"| {verdict} |" in line for line in judged) == len(rows)


def test_results_hold_mean_and_comparison_of_a_cell(tmp_path: Path) -> None:
    tables = synthetic.make()
    quality = tables["quality"]
    chosen = (quality["mode"] == "uniform_shift") & (quality["epsilon"] == 1e-4)
    quality.loc[chosen & (quality["metric"] == "energy_distance"), "value"] = 0.123
    tables = pages.judged(tables)
    tables["comparisons"] = tables["comparisons"].assign(difference_sds=9.87)
    made = Page(pages.write(tables, tmp_path).read_text())
    assert "0.123" in made.text
    assert "9.87" in made.text
    (tmp_path / "tables" / "comparisons.parquet").unlink()
    report.stage(CONFIG, tmp_path)
    without = (tmp_path / "report.html").read_text()
    assert "9.87" not in without
    assert "against exact" not in without


def test_stands_with_empty_tables(tmp_path: Path) -> None:
    made = Page(pages.write(synthetic.empty(), tmp_path).read_text())
    assert not made.open
    for said in ("No run.", "No claim was judged", "The game was not played"):
        assert said in made.text


def test_names_what_is_missing(tmp_path: Path) -> None:
    pages.write(synthetic.empty(), tmp_path)
    folders = (tmp_path / "tables", tmp_path / "figures")
    with pytest.raises(InputError, match="nothing_there"):
        report.write(*folders, ["nothing_there"], CONFIG, {}, tmp_path / "r.html")
    for name in report.NEEDS:
        path = tmp_path / "tables" / f"{name}.parquet"
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(InputError, match=rf"{name}\.parquet"):
            report.write(*folders, FIGURES, CONFIG, {}, tmp_path / "r.html")
        path.write_bytes(data)


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
            first != second and "supported" in (first, second)
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
    monkeypatch.setattr(picker, "ALL_POINTS", 200)
    data = picker.data(tidy, "energy_distance", ["forward_difference"])
    assert sum(len(cell["x"]) for cell in data["cells"]) <= 200
    assert data["cells"][data["start"]]["mode"] == "forward_difference"
    whole = [*data["cells"][0]["x"], *data["sets"]["ring"]["x"]]
    assert all(isinstance(x, int) and 0 <= x <= picker.SIDE for x in whole)


def test_embedded_json_cannot_end_its_script() -> None:
    value = {"a": "</script><!-- & \u2028", "b": [1, None]}
    made = picker.embedded(value)
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
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.spans([0, 1, 2, 5]) == "0–2, 5"
    assert text.between([3, 1, float("nan")]) == "1 to 3"
    assert text.markdown("a|b <i>_") == "a\\|b &lt;i>\\_"
