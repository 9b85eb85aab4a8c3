"""The page in a browser: its first screen, what can be asked of it, and that it loads nothing."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from worlds import browser, pages
from worlds.browser import look

pytestmark = browser.NEEDED
Seen = tuple[list[dict[str, Any]], list[str]]
"""What each script found, and the console."""
MODES = ["exact", "forward_difference"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One start of the browser for all that is asked of it."""
    page = pages.write(pages.whole(), tmp_path_factory.mktemp("page"))
    view = (
        "#ask?study=main&metric=modes_captured&budget=3000&data=ring&view=losses"
        f"&modes={','.join(MODES)}&run=1"
    )
    return look(
        page, (FIRST, 1400, 900, ""), (ASKED, 1400, 900, ""), (RESTORED, 1400, 900, view),
        (NARROW, 390, 844, ""),
    )  # fmt: skip


def view(number: int) -> Any:
    @pytest.fixture(scope="module")
    def one(seen: Seen) -> dict[str, Any]:
        found = seen[0][number]
        assert "error" not in found, found["error"]
        return found

    return one


first, asked, restored, narrow = (view(number) for number in range(4))

FIRST = """
found.width = [innerWidth, document.documentElement.scrollWidth];
found.answer = document.getElementById("answer").textContent.trim().split(" ").length;
found.seen = ["h1", "#answer", ".learned", ".spent", ".plain tbody"]
  .map((query) => [query, inside(document.querySelector(query), 1400, 900)]);
found.tiles = all(".learned figcaption").map((box) => box.textContent);
found.drawn = all(".learned svg").map((svg) => svg.lastElementChild.getAttribute("d").length);
found.lines = all(".spent path[stroke]:not(.lead)").length;
found.claims = all(".plain tr[id]").map((row) => [...row.cells].map((c) => c.textContent.trim()));
found.strips = all(".plain tr[id] .strip").length;
found.links = all('a[href^="#"]').filter((a) => !a.hash.startsWith("#ask?")
  && !document.querySelector(a.getAttribute("href"))).map((a) => a.href);
found.asks = all('a[href^="#ask?"]').length;
found.images = all("main img").every((img) => img.complete && img.naturalWidth && img.alt);
found.foreign = all("#ranking img, #pictures img, [onerror]").length;

const heads = all("#results-table thead th");
const at = heads.findIndex((head) => head.textContent === "mean");
const button = heads[at].querySelector("button");
button.focus();
found.focused = document.activeElement === button;
button.click();
found.up = [heads[at].getAttribute("aria-sort"), column(at)];
button.click();
found.down = [heads[at].getAttribute("aria-sort"), column(at)];
found.sorted = heads.map((head) => head.getAttribute("aria-sort")).filter((s) => s !== "none");
const plate = document.querySelector(".plate .saves button");
plate.click();
all(".saves button").find((b) => /Results by cell/.test(b.ariaLabel)).click();
await new Promise((done) => setTimeout(done, 200));
found.saved = saved.map(([name]) => name);
found.svg = await text(saved[1][0].endsWith("svg") ? saved[1][0] : saved[0][0]);
found.csv = (await text("results-by-cell.csv")).trim().split("\\n").length - 1;
found.rows = shown().length;
const evidence = document.querySelector(".plain a").hash;
location.hash = evidence;
await new Promise((done) => setTimeout(done, 200));
found.evidence = document.querySelector(evidence).closest("details").open;
"""


def test_nothing_fails_and_nothing_is_loaded(seen: Seen, first: dict[str, Any]) -> None:
    assert seen[1] == []
    assert all(found["requests"] == [] for found in seen[0])
    assert first["links"] == []
    assert first["images"]
    assert first["foreign"] == 0


def test_the_first_screen_has_question_answer_picture_and_claims(first: dict[str, Any]) -> None:
    assert all(seen for _, seen in first["seen"]), first["seen"]
    assert first["width"][1] <= first["width"][0]
    assert first["answer"] <= 45
    assert first["tiles"] == [
        "The data", "The exact slope", "Nudging each weight", "Nudging all weights at once",
    ]  # fmt: skip
    assert all(length > 100 for length in first["drawn"])
    assert first["lines"] >= 3


def test_every_claim_is_a_line_with_a_plain_answer(first: dict[str, Any]) -> None:
    assert [row[0].split()[0] for row in first["claims"]] == [f"C{n}" for n in range(1, 7)]
    assert {row[1] for row in first["claims"]} <= {"yes", "no", "not shown"}
    assert all(re.search(r"\d|as many|none", row[2]) for row in first["claims"] if row[2])
    assert first["strips"] >= 4
    assert first["asks"] > 0
    assert first["evidence"]


def test_headers_sort_by_number(first: dict[str, Any]) -> None:
    assert first["focused"]
    way, up = first["up"]
    known = [float(value) for value in up if value]
    assert way == "ascending"
    assert known == sorted(known)
    assert len(set(known)) > 5
    way, down = first["down"]
    assert way == "descending"
    assert [float(value) for value in down if value] == known[::-1]
    assert down[len(known) :] == [""] * (len(down) - len(known))
    assert first["sorted"] == ["descending"]


def test_tables_and_figures_can_be_saved(first: dict[str, Any]) -> None:
    assert sorted(first["saved"]) == ["results-by-cell.csv", "stability.svg"]
    assert first["svg"].lstrip().startswith("<?xml")
    assert first["svg"].rstrip().endswith("</svg>")
    assert first["csv"] == first["rows"]


ASKED = """
const part = (name) => document.getElementById("ask-" + name);
const boxes = (kind) => [...part(kind).querySelectorAll("input")];
const value = (cell) => cell.dataset.value ?? cell.textContent.trim();
const state = () => ({
  rows: all("#ranking tbody tr").map((row) => [...row.cells].map(value)),
  heads: all("#ranking thead th").map((head) => head.textContent),
  panels: all("#ask-figure metadata").map((data) => data.textContent.split("\\n")),
  cells: shown().map((row) => row.cells[4].textContent), hash: location.hash,
});
found.start = state();
found.labels = all("#chooser select, #chooser input").every((box) => box.labels.length);
set(part("study"), "main");
found.main = state();
found.sets = boxes("data").map((box) => box.parentElement.textContent);
for (const name of boxes("modes").map((box) => box.dataset.value)) {
  if (["exact", "uniform_shift"].includes(name)) continue;
  const box = boxes("modes").find((other) => other.dataset.value === name);
  box.checked = false;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}
found.two = state();
set(part("metric"), "mmd2");
found.metric = state();
set(part("budget"), "0");
found.budget = state();
set(part("study"), "");
set(part("study"), "main");
found.views = Object.fromEntries([...part("view").options].map(({ value: name }) => {
  set(part("view"), name);
  const drawn = all("#ask-figure svg").map((svg) => svg.querySelectorAll("path").length);
  return [name, { ...state(), drawn, notes: all("[role=status]").map((note) => note.textContent) }];
}));
set(part("view"), "cost");
const score = document.querySelector("#ranking td button");
score.focus();
score.click();
const dialog = document.getElementById("run");
found.open = [dialog.open, dialog.querySelector("h2").textContent, all("#pictures svg").length];
found.opened = location.hash;
found.spec = document.getElementById("run-spec").textContent;
found.command = document.getElementById("run-command").textContent;
all("#pictures .saves button").slice(0, 2).forEach((button) => button.click());
found.samples = [await text("samples.svg"), await text("samples.csv")];
document.getElementById("run-close").click();
found.closed = [location.hash, document.activeElement === score];
document.querySelector("#results-table tbody tr:not([hidden]) .opens").click();
found.table = [dialog.open, dialog.querySelector("h2").textContent];
"""


def test_the_ranking_and_the_figure_follow_what_is_chosen(asked: dict[str, Any]) -> None:
    assert asked["labels"]
    assert asked["start"]["hash"] == ""
    assert set(asked["sets"]) == {"ring", pages.NASTY}
    main, two, metric, budget = (asked[name] for name in ("main", "two", "metric", "budget"))
    assert len(main["panels"]) == 2
    assert pages.NASTY in " ".join(main["heads"])
    assert len(two["rows"]) < len(main["rows"])
    assert {row[1] for row in two["rows"]} == {"exact", "uniform shift"}
    assert set(two["cells"]) == {"exact", "uniform shift"}
    assert two["rows"][0][0] == "1"
    means = [float(row[-1]) for row in two["rows"]]
    assert means == sorted(means)
    assert metric["rows"] != two["rows"]
    assert "mmd2" in metric["panels"][0][0]
    assert budget["rows"] != metric["rows"]
    assert "budget=" in budget["hash"]


def test_each_figure_draws_what_is_chosen(asked: dict[str, Any]) -> None:
    views = asked["views"]
    assert list(views) == ["cost", "epsilon", "losses", "samples"]
    assert "view=" not in views["cost"]["hash"]
    for name, view in views.items():
        assert name == "cost" or f"view={name}" in view["hash"]
        assert len(view["drawn"]) == (24 if name == "samples" else 2)
        assert min(view["drawn"]) >= 2
        assert any("of the chosen cells" in note for note in view["notes"])
    lines = [row for row in csv.reader(views["epsilon"]["panels"][0][1:]) if row]
    steps = sorted({float(x) for name, x, _ in lines if name == "forward difference"})
    assert len(steps) > 2
    # A mode without ε is a level across all ε that were chosen.
    exact = [(float(x), y) for name, x, y in lines if name == "exact"]
    assert [x for x, _ in exact] == [min(steps), max(steps)]
    assert len({y for _, y in exact}) == 1
    assert {row.strip('"').split(":")[0] for row in views["losses"]["panels"][0][1:] if row} == {
        "generator", "discriminator",
    }  # fmt: skip
    assert views["samples"]["panels"][0][0] == "points,x,y"


def test_a_score_and_a_row_of_a_table_open_their_runs(asked: dict[str, Any]) -> None:
    is_open, title, plots = asked["open"]
    assert is_open
    assert title == "exact on ring" or pages.NASTY in title
    assert plots == 3
    assert "run=" in asked["opened"]
    assert "run=" not in asked["closed"][0]
    assert asked["closed"][1]
    svg, points = asked["samples"]
    assert svg.startswith("<svg")
    assert points.splitlines()[0] == "points,x,y"
    assert points.strip() in svg
    assert len(points.splitlines()) > 40
    assert asked["table"][0]
    assert "main/ring" in asked["command"] or "not beside" in asked["command"]


RESTORED = """
found.study = document.getElementById("ask-study").value;
found.metric = document.getElementById("ask-metric").value;
found.modes = all("#ask-modes input").filter((box) => box.checked).map((box) => box.dataset.value);
found.sets = all("#ask-data input").filter((box) => box.checked).map((box) => box.dataset.value);
found.spent = document.getElementById("ask-spent").textContent;
found.view = document.getElementById("ask-view").value;
found.open = document.getElementById("run").open;
found.shown = shown().map((row) => [row.cells[1].textContent, row.cells[4].textContent]);
"""


def test_a_view_is_restored_from_its_address(restored: dict[str, Any]) -> None:
    assert (restored["study"], restored["sets"]) == ("main", ["ring"])
    assert sorted(restored["modes"]) == MODES
    assert restored["metric"] == "modes_captured"
    assert restored["spent"] == "3000"
    assert restored["view"] == "losses"
    assert restored["open"]
    assert {tuple(row) for row in restored["shown"]} == {
        ("ring", "exact"), ("ring", "forward difference"),
    }  # fmt: skip


NARROW = """
found.width = [innerWidth, document.documentElement.scrollWidth];
found.seen = ["h1", "#answer", ".learned"]
  .map((query) => [query, inside(document.querySelector(query), 390, 844)]);
found.small = all(".spent text").map((text) => text.getBoundingClientRect().height);
found.wide = all("main > *, section > *").filter(
  (box) => box.getBoundingClientRect().right > innerWidth + 0.5,
).map((box) => box.outerHTML.slice(0, 80));
for (const details of all("details")) details.open = true;
found.opened = document.documentElement.scrollWidth;
document.querySelector(".opens").click();
found.dialog = document.getElementById("run").getBoundingClientRect().width;
"""


def test_a_phone_shows_the_answer_and_the_picture_and_nothing_overflows(
    narrow: dict[str, Any],
) -> None:
    assert narrow["width"][0] == 390
    assert narrow["width"][1] <= 390
    assert narrow["opened"] <= 390
    assert narrow["wide"] == []
    assert all(seen for _, seen in narrow["seen"]), narrow["seen"]
    assert min(narrow["small"]) >= 10
    assert narrow["dialog"] <= 390


ON_PAPER = """
found.hidden = all("nav, .screen, .saves, #chooser").every((box) => !box.getClientRects().length);
found.heights = ["#answer", ".learned", ".plain", "#results-table", "#limits dd", ".plate img"]
  .map((query) => document.querySelector(query).getBoundingClientRect().height);
found.wide = all("body *").filter((box) => box.getBoundingClientRect().right > 1040.5)
  .map((box) => box.outerHTML.slice(0, 90));
"""


def _style(text: str) -> str:
    found = re.search(r"<style>(.*?)</style>", text, re.S)
    assert found
    return found[1]


def test_print_has_the_first_screen_the_figures_and_no_controls(tmp_path: Path) -> None:
    page = pages.write(pages.whole(), tmp_path)
    made = browser.printed(page)
    assert made.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 60
    text = page.read_text().replace("@media print", "@media all", 1)
    before, after = (browser.digest(_style(one)) for one in (page.read_text(), text))
    page.write_text(text.replace(before, after))
    (found,), _ = look(page, (ON_PAPER, 1040, 720, ""))
    assert "error" not in found, found["error"]
    assert found["hidden"]
    assert all(height > 0 for height in found["heights"])
    assert found["wide"] == []
