"""The page in a browser: it fits, it loads nothing, and what can be clicked works."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import browser, pages
from worlds.browser import look

pytestmark = browser.NEEDED
Seen = tuple[list[dict[str, Any]], list[str]]
"""What each script found, and the console."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One start of the browser for all that is asked of it."""
    page = pages.write(pages.whole(), tmp_path_factory.mktemp("page"))
    return look(page, (WIDE, 1400, 900), (NARROW, 390, 844))


@pytest.fixture(scope="module")
def wide(seen: Seen) -> dict[str, Any]:
    return seen[0][0]


WIDE = """
found.width = [innerWidth, document.documentElement.scrollWidth];
found.answer = document.getElementById("answer").getBoundingClientRect().bottom;
found.firstVerdict = document.querySelector(".matrix .verdict").getBoundingClientRect().bottom;
found.limits = document.getElementById("limits").getBoundingClientRect().top;
found.links = all('a[href^="#"]').filter((a) => !document.querySelector(a.getAttribute("href")))
  .map((a) => a.href);
found.hiddenTools = all(".tools").filter((box) => box.hidden).length;

const heads = all("#results-table thead th");
const at = heads.findIndex((head) => head.textContent === "mean");
const button = heads[at].querySelector("button");
button.focus();
found.focused = document.activeElement === button;
button.click();
found.up = [heads[at].getAttribute("aria-sort"), column(at)];
button.click();
found.down = [heads[at].getAttribute("aria-sort"), column(at)];
heads[4].querySelector("button").click();
found.modes = all("#results-table tbody tr").map((row) => row.cells[4].textContent);
found.sorted = heads.map((head) => head.getAttribute("aria-sort")).filter((s) => s !== "none");

const tools = document.querySelector("[data-filters]");
const [study, dataset, mode] = tools.querySelectorAll("select");
const find = tools.querySelector("input");
found.rows = shown().length;
set(mode, "forward difference");
set(dataset, "ring");
found.filtered = shown().map((row) => [row.cells[1].textContent, row.cells[4].textContent]);
found.said = tools.querySelector("output").textContent;
set(find, "by adaptive");
found.found = shown().map((row) => row.cells[5].textContent);
set(find, "no such thing");
found.none = shown().length;
tools.querySelector("[data-clear]").click();
found.cleared = shown().length;

const picks = ["study", "dataset", "mode", "cell"].map((n) => document.getElementById("pick-" + n));
const state = () => ({
  chosen: picks.map((pick) => pick.selectedOptions[0].textContent),
  plots: all("#pictures svg").map((svg) => svg.querySelectorAll("path").length),
  labels: all("#pictures svg").map((svg) => svg.getAttribute("aria-label")),
  made: (document.querySelector("#pictures .made") || { getAttribute: () => "" }).getAttribute("d"),
});
found.start = state();
set(picks[2], [...picks[2].options].find((o) => o.text === "uniform shift").value);
found.other = state();
set(picks[3], picks[3].options[picks[3].options.length - 1].value);
found.last = state();
found.sets = [...picks[1].options].map((option) => option.text);
found.images = all("main img").every((img) => img.complete && img.naturalWidth && img.alt);
found.foreign = all("#pictures img, #pictures script, [onerror]").length;
"""


def test_nothing_fails_and_nothing_is_loaded(wide: dict[str, Any], seen: Seen) -> None:
    assert "error" not in wide, wide["error"]
    assert seen[1] == []
    assert wide["requests"] == []
    assert wide["links"] == []
    assert wide["images"]
    assert wide["foreign"] == 0


def test_answer_verdicts_and_limits_are_on_the_first_screen(wide: dict[str, Any]) -> None:
    assert wide["answer"] < wide["firstVerdict"] < 600
    assert wide["limits"] < 600
    assert wide["width"][1] <= wide["width"][0]


def test_headers_sort_by_number_and_by_name(wide: dict[str, Any]) -> None:
    assert wide["focused"]
    way, up = wide["up"]
    known = [float(value) for value in up if value]
    assert way == "ascending"
    assert known == sorted(known)
    assert len(set(known)) > 5
    way, down = wide["down"]
    assert way == "descending"
    assert [float(value) for value in down if value] == known[::-1]
    assert down[len(known) :] == [""] * (len(down) - len(known))
    assert wide["modes"] == sorted(wide["modes"], key=str.lower)
    assert wide["sorted"] == ["ascending"]


def test_filters_leave_the_rows_that_match(wide: dict[str, Any]) -> None:
    assert wide["hiddenTools"] == 0
    assert 0 < len(wide["filtered"]) < wide["rows"]
    assert {tuple(row) for row in wide["filtered"]} == {("ring", "forward difference")}
    assert wide["said"] == f"{len(wide['filtered'])} of {wide['rows']} cells"
    assert wide["found"] == ["by adaptive"]
    assert wide["none"] == 0
    assert wide["cleared"] == wide["rows"]


def test_the_picker_draws_the_chosen_cell(wide: dict[str, Any]) -> None:
    start, other, last = wide["start"], wide["other"], wide["last"]
    assert start["chosen"][2] == "forward difference"
    assert len(start["plots"]) == 3
    assert all(count >= 2 for count in start["plots"])
    assert other["chosen"][2] == "uniform shift"
    assert other["made"] != start["made"]
    assert last["chosen"][3] != other["chosen"][3]
    assert last["made"] != other["made"]
    assert "true points" in start["labels"][0]
    assert pages.NASTY in wide["sets"]


NARROW = """
found.width = [innerWidth, document.documentElement.scrollWidth];
found.wide = all("main > *, section > *, aside").filter(
  (box) => box.getBoundingClientRect().right > innerWidth + 0.5,
).map((box) => box.outerHTML.slice(0, 80));
found.answer = document.getElementById("answer").getBoundingClientRect().top;
for (const details of all("details")) details.open = true;
found.opened = document.documentElement.scrollWidth;
"""


def test_nothing_overflows_a_narrow_screen(
    seen: Seen,
) -> None:
    found = seen[0][1]
    assert "error" not in found, found["error"]
    assert found["width"][0] == 390
    assert found["width"][1] <= 390
    assert found["opened"] <= 390
    assert found["wide"] == []
    assert found["answer"] < 400
