"""What a script finds on a page in a headless browser."""

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

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NEEDED = pytest.mark.skipif(
    BROWSER is None, reason=f"no browser on the path: needs one of {', '.join(BROWSERS)}"
)
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-extensions", "--disable-sync", "--hide-scrollbars",
    "--enable-logging=stderr", "--v=0",
)  # fmt: skip
HARNESS = """
const frames = Array.from({ length: parent.length }, (_, k) => parent[k]);
const found = { number: frames.indexOf(window) };
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
told.className = "found";
told.textContent = JSON.stringify(found);
parent.document.body.append(told);
"""


def allowed(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


View = tuple[str, int, int]
"""A script, and the width and height in pixels of the window that it looks at."""


def look(page: Path, *views: View) -> tuple[list[dict[str, Any]], list[str]]:
    """What each script finds on a copy of the page that allows it to run too; and the console."""
    frames = "".join(framed(page.read_text(), *view) for view in views)
    copy = page.with_name("copy.html")
    copy.write_text(f'<!doctype html><meta charset="utf-8"><body>{frames}</body>')
    done = subprocess.run(
        [str(BROWSER), *FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []),
         f"--user-data-dir={page.parent / 'profile'}", "--window-size=1500,1000",
         "--dump-dom", copy.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told = re.findall(r'<pre class="found">(.*?)</pre>', done.stdout, re.S)
    assert len(told) == len(views), done.stdout[-500:] + done.stderr[-500:]
    found = {view["number"]: view for view in (json.loads(unescape(text)) for text in told)}
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return [found[number] for number in sorted(found)], console


def framed(text: str, script: str, width: int, height: int) -> str:
    """A window has a least width; a frame does not."""
    code = HARNESS % script
    text = text.replace("script-src ", f"script-src {allowed(code)} ", 1)
    inner = escape(text.replace("</body>", f"<script>{code}</script></body>"))
    return f'<iframe width="{width}" height="{height}" frameborder="0" srcdoc="{inner}"></iframe>'
