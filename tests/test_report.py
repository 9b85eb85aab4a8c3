"""The page: whole by itself, complete, and safe."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import synthetic
import yaml
from matplotlib.figure import Figure

from approxgan import claims, drawing, record, report
from approxgan.core import InputError
from approxgan.tables import COLUMNS

FIGURES = ["stability", "quality_epsilon"]
RULES = {
    "metric": "energy_distance", "baseline": "exact", "modes": ["forward_difference"],
    "losses": ["nonsaturating"], "probe_dtype": "float32", "alpha": 0.05, "resamples": 99,
    "seed": 1, "least_seeds": 2, "equivalence_sds": 0.5, "cap_sds": 10.0, "never_runs": 2.0,
    "speed_margin": 0.1, "rate_margin": 0.1, "spread_margin": 0.2, "cost_margin": 0.1,
}  # fmt: skip
CONFIG = {"claims": RULES, "figures": {"names": FIGURES}, "remark": "a < b & <i>c</i>"}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether all tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def write(tables: dict[str, pd.DataFrame], root: Path) -> str:
    for name, frame in tables.items():
        record.write_table(root / "tables" / name, frame)
    if tables["claims"].empty:
        claims.write(root / "tables", RULES, root / "tables" / "claims")
    for name in FIGURES:
        figure = Figure(figsize=(1, 1))
        caption = f"What {name} shows & says <here>. And more."
        drawing.save(figure, root / "figures" / name, 20, f"Title of {name}", caption)
    found = {"Python": "3.x", "approxgan": "0.0.<1>"}
    folders = (root / "tables", root / "figures")
    report.write(*folders, FIGURES, CONFIG, found, root / "report.html")
    return (root / "report.html").read_text()


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    tables = synthetic.make()
    for name, frame in tables.items():
        if "dataset" in frame:
            tables[name] = frame.replace({"dataset": {"moons": "<script>alert(1)</script>"}})
    return write(tables, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_closes_what_it_opens(page: Page) -> None:
    assert not page.open
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(set(ids)) == len(ids)
    targets = [a["href"] or "" for a in page.all("a")]
    assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_loads_nothing(text: str, page: Page) -> None:
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/", "#")), value
    assert not page.all("link")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|\bimport\b\s*[({'\"]", text)
    assert "default-src 'none'" in text


def test_escapes_every_value(text: str, page: Page) -> None:
    assert len(page.all("script")) == 1
    assert "<script>alert" not in text
    assert "<script>alert(1)</script>" in page.text
    assert "a < b & <i>c</i>" in page.text
    assert "0.0.<1>" in page.text


def test_shows_every_figure_with_its_caption(page: Page) -> None:
    images = page.all("img")
    assert len(images) == len(FIGURES)
    for name, image in zip(FIGURES, images, strict=True):
        assert image["alt"] == f"Title of {name}. What {name} shows & says <here>"
        assert f"What {name} shows & says <here>. And more." in page.text


def test_tells_what_was_run_and_what_came_out(page: Page) -> None:
    flat = " ".join(page.text.split())
    assert "72training runs" in flat
    assert "4gradient modes" in flat
    for claim, statement in claims.STATEMENTS.items():
        assert f"{claim}. {statement}" in flat
    assert "never moves" in flat
    assert "swaps the roles" not in flat


def test_headers_have_scope_and_tables_scroll(page: Page) -> None:
    assert all(a.get("scope") in {"col", "row"} for a in page.all("th"))
    boxes = [a for a in page.all("div") if "scroll" in (a.get("class") or "")]
    assert len(boxes) == len(page.all("table"))


def test_documents_columns_config_and_versions(page: Page) -> None:
    for table, meanings in COLUMNS.items():
        assert table in page.text
        assert all(meaning in page.text for meaning in meanings.values())
    assert yaml.safe_dump(RULES, sort_keys=False).splitlines()[0] in page.text
    assert "The approxgan authors" in page.text


def test_results_hold_the_mean_of_a_cell(tmp_path: Path) -> None:
    tables = synthetic.make()
    quality = tables["quality"]
    chosen = (quality["mode"] == "uniform_shift") & (quality["epsilon"] == 1e-4)
    quality.loc[chosen & (quality["metric"] == "energy_distance"), "value"] = 0.123
    assert "0.123" in Page(write(tables, tmp_path)).text


def test_stands_with_empty_tables(tmp_path: Path) -> None:
    tables = synthetic.empty()
    tables["claims"] = synthetic.frame("claims", [])
    made = Page(write(tables, tmp_path))
    assert not made.open
    assert "No run." in made.text


def test_names_what_is_missing(tmp_path: Path) -> None:
    write(synthetic.empty(), tmp_path)
    folders = (tmp_path / "tables", tmp_path / "figures")
    with pytest.raises(InputError, match="nothing_there"):
        report.write(*folders, ["nothing_there"], CONFIG, {}, tmp_path / "r.html")
    (tmp_path / "tables" / "claims.parquet").unlink()
    with pytest.raises(InputError, match=r"claims\.parquet"):
        report.write(*folders, FIGURES, CONFIG, {}, tmp_path / "r.html")


def test_stage_takes_its_names_from_the_config(tmp_path: Path) -> None:
    write(synthetic.make(), tmp_path)
    (tmp_path / "report.html").unlink()
    report.stage(CONFIG, tmp_path)
    assert len(Page((tmp_path / "report.html").read_text()).all("img")) == len(FIGURES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "–"), (None, "–"), (float("inf"), "∞"), (0.0, "0"), (12000, "12\u202f000"),
        (0.00012345, "1.23·10⁻⁴"), (1e-7, "10⁻⁷"), (-0.5, "−0.5"), (3.14159, "3.14"),
        (123456.7, "1.23·10⁵"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    assert report.number(value) == text
