"""The page: whole by itself, complete, and safe."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from worlds import pages, synthetic
from worlds.pages import CONFIG, FIGURES, NASTY, RULES

from approxgan.claims import stage as claims
from approxgan.claims import summary
from approxgan.core.errors import InputError
from approxgan.design.paths import Results
from approxgan.figures import stage as drawing
from approxgan.report import stage as report
from approxgan.report import svg
from approxgan.storage.tables import COLUMNS

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


def unpacked(data: str) -> dict[str, Any]:
    return json.loads(gzip.decompress(base64.b64decode(data)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.write(pages.whole(), tmp_path_factory.mktemp("report")).parent


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
    assert {t.removeprefix("#") for t in targets if not t.startswith("#ask?")} <= set(ids)


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
    assert kinds == ["application/octet-stream", *[None] * len(scripts)]
    for part in (style, *scripts):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert unpacked(data)["cells"]


def test_escapes_every_value(source: str, page: Page) -> None:
    assert NASTY not in source
    assert NASTY in page.text
    assert {NASTY, "ring"} <= {cell["dataset"] for cell in unpacked(page.scripts[1])["cells"]}
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
    first = " ".join(page.text.partition("Choose runs.")[0].split())
    assert "Nudging each weight beside the exact slope." in first
    assert first.count("On other data and networks") == len(summary.STATEMENTS.keys() - {"C7"})
    # No generator without a gradient was run.
    for claim in summary.STATEMENTS.keys() - {"C7"}:
        assert {
            "href": f"#other-same_steps-{claim}",
            "aria-label": f"Evidence on {claim}: all measures and rules",
        } in page.all("a")
    assert "only compact (dense; hidden G 32–32, D 32)" in first
    assert "the verdicts rest on" in first


def test_an_incomplete_run_says_what_is_missing_once(tmp_path: Path) -> None:
    tables = dict(pages.whole())
    rules = {**RULES, "least_seeds": 9}
    tables["claims"] = claims.judge(tables, rules)
    path = pages.write(tables, tmp_path, {**CONFIG, "claims": rules})
    made = " ".join(Page(path.read_text()).text.split())
    told = "A claim needs 9 seeds of each cell. These runs have 4 at most."
    assert made.count(told) == 1
    assert made.count("These runs cannot tell") == 1
    lack = "seeds in common, of 9 needed"
    assert made.count(lack) == sum(note.count(lack) for note in set(tables["claims"]["note"]))


def test_tells_what_was_run_and_at_what_cost(page: Page) -> None:
    flat = " ".join(page.text.split())
    assert "training runs" in flat
    assert "never moves" in flat
    assert "swaps the roles" not in flat
    assert "core-hours" in flat
    assert "0–3" in flat


def test_headers_have_scope_and_tables_scroll(page: Page) -> None:
    assert all(a.get("scope") in {"col", "row", "rowgroup"} for a in page.all("th"))
    boxes = [a for a in page.all("div") if "scroll" in (a.get("class") or "").split()]
    assert len(boxes) == len(page.all("table")) - 1
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
    assert all(line.count(" | ") == 6 for line in judged)
    for verdict, rows in table.groupby("verdict"):
        assert sum(f"| {verdict} |" in line for line in judged) == len(rows)
    assert all("supported below" in line or "supported above" in line for line in judged)


def test_results_hold_mean_and_comparison_of_a_cell(tmp_path: Path) -> None:
    tables = synthetic.make()
    quality = tables["quality"]
    chosen = (quality["mode"] == "uniform_shift") & (quality["epsilon"] == 1e-4)
    quality.loc[chosen & (quality["metric"] == "energy_distance"), "value"] = 0.123
    tables = pages.compared(tables)
    tables["comparisons"] = tables["comparisons"].assign(difference_sds=9.87)
    made = Page(pages.write(tables, tmp_path).read_text())
    assert "0.123" in made.text
    assert "9.87" in made.text
    (tmp_path / "tables" / "comparisons.parquet").unlink()
    report.stage(CONFIG, tmp_path)
    without = (tmp_path / "report.html").read_text()
    assert "energy distance (lower is better)" in " ".join(Page(without).text.split())
    assert "9.87" not in without
    assert "against exact" not in without


def test_stands_with_empty_tables(tmp_path: Path) -> None:
    made = Page(pages.write(synthetic.empty(), tmp_path).read_text())
    assert not made.open
    for said in ("No run.", "No claim was judged", "The game was not played"):
        assert said in made.text


@pytest.mark.parametrize("cut", [0, 10, 23, 40, -9])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_damaged_figure_is_named(tmp_path: Path, kind: str, cut: int) -> None:
    at = Results(tmp_path)
    drawing.save(Figure(figsize=(1, 1)), at.figures / "f", 20, "title", "caption")
    path = at.figure("f", kind)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=rf"f\.{kind}: no.*remove it and make it again"):
        svg.figure(at, "f")


def test_names_what_is_missing(tmp_path: Path) -> None:
    pages.write(synthetic.empty(), tmp_path)
    with pytest.raises(InputError, match="nothing_there"):
        report.stage({**CONFIG, "figures": {"names": ["nothing_there"]}}, tmp_path)
    for name in report.NEEDS:
        path = tmp_path / "tables" / f"{name}.parquet"
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(InputError, match=rf"{name}\.parquet"):
            report.stage(CONFIG, tmp_path)
        path.write_bytes(data)
