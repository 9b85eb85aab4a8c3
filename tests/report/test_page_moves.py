"""The animation of the page, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from worlds import browser, pages
from worlds.browser import look

pytestmark = browser.NEEDED


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.write(pages.whole(), tmp_path_factory.mktemp("page"))


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
