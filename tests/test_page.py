"""The page in a browser: it fits, it loads nothing, and what can be clicked works."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pages
import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason=f"no browser on the path: needs one of {', '.join(BROWSERS)}"
)
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-extensions", "--disable-sync", "--hide-scrollbars",
    "--enable-logging=stderr", "--v=0",
)  # fmt: skip
BEFORE = """
const watched = [];
IntersectionObserver = class {
  constructor(call) { this.call = call; }
  observe(node) { watched.push([node, this.call]); }
  disconnect() {}
};
"""
"""What comes into view is the test's to say."""
HARNESS = """
const found = {};
const all = (query) => [...document.querySelectorAll(query)];
const column = (k) => all("#results-table tbody tr").map((row) => row.cells[k].dataset.value);
const shown = () => all("#results-table tbody tr").filter((row) => !row.hidden);
const set = (control, value) => {
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
};
try { %s } catch (error) { found.error = String(error.stack || error); }
found.requests = performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => !name.startsWith("data:"));
const told = document.createElement("pre");
told.id = "found";
told.textContent = JSON.stringify(found);
parent.document.body.append(told);
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.write(pages.whole(), tmp_path_factory.mktemp("page"))


def allowed(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def look(page: Path, script: str, width: int, height: int = 900, *flags: str) -> dict[str, Any]:
    """What the script finds on a copy of the page that allows it, and it alone, to run too."""
    code = HARNESS % script
    sources = f"script-src {allowed(BEFORE)} {allowed(code)} "
    text = page.read_text().replace("script-src ", sources, 1)
    text = text.replace("</title>", f"</title><script>{BEFORE}</script>", 1)
    inner = escape(text.replace("</body>", f"<script>{code}</script></body>"))
    # A window has a least width; a frame does not.
    frame = f'<iframe width="{width}" height="{height}" frameborder="0" srcdoc="{inner}"></iframe>'
    copy = page.with_name(f"copy{width}.html")
    copy.write_text(f'<!doctype html><meta charset="utf-8"><body>{frame}</body>')
    done = subprocess.run(
        [str(BROWSER), *FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []),
         f"--user-data-dir={page.parent / 'profile'}", "--window-size=1500,1000", *flags,
         "--dump-dom", copy.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)
    assert told, done.stdout[-500:] + done.stderr[-500:]
    found = json.loads(unescape(told[1]))
    found["console"] = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return found


@pytest.fixture(scope="module")
def wide(page: Path) -> dict[str, Any]:
    return look(page, WIDE, 1400)


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


def test_nothing_fails_and_nothing_is_loaded(wide: dict[str, Any]) -> None:
    assert "error" not in wide, wide["error"]
    assert wide["console"] == []
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
    assert "true ones" in start["labels"][0]
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


def test_nothing_overflows_a_narrow_screen(page: Path) -> None:
    found = look(page, NARROW, 390, 844)
    assert "error" not in found, found["error"]
    assert found["console"] == []
    assert found["width"][0] == 390
    assert found["width"][1] <= 390
    assert found["opened"] <= 390
    assert found["wide"] == []
    assert found["answer"] < 400


MOVES = """
const [which, cell, button, slider, told] = ["set", "cell", "play", "slider", "told"]
  .map((name) => document.getElementById("animate-" + name));
const state = () => ({
  at: Number(slider.value),
  told: told.textContent,
  drawn: all("#animate-stage .made").map((path) => path.getAttribute("d")),
  labels: all("#animate-stage svg").map((svg) => svg.getAttribute("aria-label")),
  button: button.textContent,
});
found.start = state();
found.frames = Number(slider.max) + 1;
found.names = [...cell.options].map((option) => option.text);
found.sets = [...which.options].map((option) => option.text);
set(slider, 0);
found.first = state();
set(cell, cell.options.length - 1);
found.other = state();
// The clock is the test's own: a tick at a time.
let tick = null;
setInterval = (call) => { tick = call; return 1; };
clearInterval = () => { tick = null; };
button.focus();
found.focused = document.activeElement === button;
button.click();
found.playing = state();
tick();
found.ticked = state();
button.click();
found.paused = [tick === null, button.textContent];
button.click();
while (tick) tick();
found.end = state();
button.click();
found.again = state();
slider.focus();
set(slider, 1);
found.dragged = [tick === null, state().at];
found.watched = watched.length;
if (watched.length) watched[0][1]([{ isIntersecting: true }]);
found.seen = state();
"""


@pytest.fixture(scope="module")
def moved(page: Path) -> dict[str, Any]:
    return look(page, MOVES, 1400)


def test_the_animation_steps_through_the_snapshots(moved: dict[str, Any]) -> None:
    assert "error" not in moved, moved["error"]
    assert moved["console"] == []
    assert moved["requests"] == []
    last = moved["frames"] - 1
    assert moved["start"]["at"] == last > 1
    assert moved["start"]["button"] == "Play"
    assert moved["first"]["told"].startswith("step 0 of")
    for before, after in zip(moved["start"]["drawn"], moved["first"]["drawn"], strict=True):
        assert before.count("M") > 10
        assert before != after
    assert moved["first"]["labels"][0].startswith("exact, step 0 of")
    assert any("forward difference" in name for name in moved["names"])
    assert any(pages.NASTY in name for name in moved["sets"])
    assert moved["other"]["at"] == 0
    assert moved["other"]["drawn"][0] == moved["first"]["drawn"][0]
    assert moved["other"]["drawn"][1] != moved["first"]["drawn"][1]


def test_the_animation_plays_once_and_can_be_stopped(moved: dict[str, Any]) -> None:
    last = moved["frames"] - 1
    assert moved["focused"]
    assert (moved["playing"]["at"], moved["playing"]["button"]) == (0, "Pause")
    assert moved["ticked"]["at"] == 1
    assert moved["ticked"]["drawn"] != moved["playing"]["drawn"]
    assert moved["paused"] == [True, "Play"]
    assert (moved["end"]["at"], moved["end"]["button"]) == (last, "Play")
    assert moved["again"]["at"] == 0
    assert moved["dragged"] == [True, 1]


def test_it_starts_by_itself_when_seen_unless_less_motion_is_wanted(
    page: Path, moved: dict[str, Any]
) -> None:
    assert (moved["watched"], moved["seen"]["button"]) == (1, "Pause")
    still = look(page, MOVES, 1400, 900, "--force-prefers-reduced-motion")
    assert "error" not in still, still["error"]
    assert (still["watched"], still["seen"]["button"]) == (0, "Play")
    assert still["ticked"]["at"] == 1
