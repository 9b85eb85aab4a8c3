"""What a script finds on a page in a headless browser, and the page as it is printed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NEEDED = pytest.mark.skipif(
    BROWSER is None, reason=f"no browser on the path: needs one of {', '.join(BROWSERS)}"
)
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-extensions", "--disable-sync", "--hide-scrollbars",
    "--enable-logging=stderr", "--v=0", "--window-size=1500,1000",
    "--virtual-time-budget=20000",
)  # fmt: skip
HARNESS = """
const found = {};
const all = (query) => [...document.querySelectorAll(query)];
const column = (k) => all("#results-table tbody tr").map((row) => row.cells[k].dataset.value);
const shown = () => all("#results-table tbody tr").filter((row) => !row.hidden);
const inside = (box, width, height) => {
  const at = box.getBoundingClientRect();
  return at.top >= 0 && at.left >= 0 && at.bottom <= height && at.right <= width;
};
const set = (control, value) => {
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
};
const saved = [];
HTMLAnchorElement.prototype.click = function () { saved.push([this.download, this.href]); };
const text = async (name) => (await fetch(saved.find(([own]) => own === name)[1])).text();
(async () => {
  const data = await page.data;
  await page.run;
  await new Promise((done) => setTimeout(done, 300));
  try { %s } catch (error) { found.error = String(error.stack || error); }
  found.requests = performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => !/^(data|blob):/.test(name));
  parent.postMessage([NUMBER, JSON.stringify(found)], "*");
})();
"""
OUTER = """
addEventListener("message", ({ data: [number, told] }) => {
  const box = document.createElement("pre");
  box.className = "found";
  box.dataset.number = number;
  box.textContent = told;
  document.body.append(box);
});
"""


def digest(code: str) -> str:
    """What the page's policy calls a style or a script by."""
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()


View = tuple[str, int, int, str]
"""A script, the width and height in pixels of its window, and the end of the address."""


def look(page: Path, *views: View) -> tuple[list[dict[str, Any]], list[str]]:
    """What each script finds on a copy of the page that allows it to run too; and the console."""
    frames = "".join(_framed(page, number, *view) for number, view in enumerate(views))
    outer = page.with_name("frames.html")
    outer.write_text(
        f'<!doctype html><meta charset="utf-8"><body><script>{OUTER}</script>{frames}</body>'
    )
    done = _browse(page, "--dump-dom", outer.as_uri())
    told = re.findall(r'<pre class="found" data-number="(\d+)">(.*?)</pre>', done.stdout, re.S)
    assert len(told) == len(views), done.stdout[-500:] + done.stderr[-500:]
    found = {int(number): json.loads(unescape(text)) for number, text in told}
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return [found[number] for number in sorted(found)], console


def printed(page: Path) -> bytes:
    """The page as a PDF file."""
    out = page.with_name("page.pdf")
    _browse(page, "--no-pdf-header-footer", f"--print-to-pdf={out}", page.as_uri())
    return out.read_bytes()


def _browse(page: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BROWSER), *FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []),
         f"--user-data-dir={page.parent / 'profile'}", *arguments],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


def _framed(page: Path, number: int, script: str, width: int, height: int, end: str) -> str:
    """A window has a least width; a frame does not. The copy lets it read what it saves."""
    code = f"const NUMBER = {number};" + HARNESS % script
    text = page.read_text().replace("script-src ", f"script-src 'sha256-{digest(code)}' ", 1)
    text = text.replace("default-src 'none';", "default-src 'none'; connect-src blob:;", 1)
    copy = page.with_name(f"view{number}.html")
    copy.write_text(text.replace("</body>", f"<script>{code}</script></body>"))
    size = f'width="{width}" height="{height}"'
    return f'<iframe {size} frameborder="0" src="{copy.name}{end}"></iframe>'
