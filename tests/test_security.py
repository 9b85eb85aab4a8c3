"""Nothing is unpickled, no text becomes code, and what is shown is escaped."""

from __future__ import annotations

import re

import pytest
from worlds import ROOT

from approxgan.analysis.templates import environment

UNSAFE = (
    r"\bpickle\.\w", r"import pickle", r"allow_pickle=True", r"torch\.load\(", r"yaml\.load\(",
    r"yaml\.(unsafe|full)_load", r"(?<![\w.])eval\(", r"(?<![\w.])exec\(",
    r"shell=True", r"os\.system",
)  # fmt: skip


def test_nothing_is_unpickled_and_no_text_becomes_code():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk"), ROOT / "Snakefile"]
    for path in files:
        for pattern in UNSAFE:
            assert not re.search(pattern, path.read_text()), (path.name, pattern)
        # Compiled code alone is unpickled, by Numba, from a private folder: docs/security.md.
        if path.name != "_cache.py":
            assert not re.search(r"(?<!json\.)\bloads\(", path.read_text()), path.name
    for path in (ROOT / "src").rglob("*.py"):
        for call in re.findall(r"np\.load\([^)]*\)", path.read_text()):
            assert "allow_pickle=False" in call, path.name


def test_every_param_of_a_shell_command_is_quoted():
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for used in re.findall(r"\{params\.[^}]*\}", path.read_text()):
            assert used.endswith(":q}"), (path.name, used)


@pytest.mark.parametrize("name", ["report/templates", "reference"])
def test_templates_escape_what_they_are_given(name, tmp_path):
    folder = ROOT / "src" / "approxgan" / name
    pages = sorted(path.name for path in folder.glob("*.html.j2"))
    assert pages
    for page in pages:
        (tmp_path / page).write_text("{{ given }}")
        shown = environment(tmp_path).get_template(page).render(given="<script>'\"&")
        assert shown == "&lt;script&gt;&#39;&#34;&amp;", page


def test_pages_are_made_by_the_environment_that_escapes():
    src = ROOT / "src" / "approxgan"
    made = [
        path
        for path in src.rglob("*.py")
        if re.search(r"jinja2\.\w*(Environment|Template)\(", path.read_text())
    ]
    assert made == [src / "analysis" / "templates.py"]
    for page in src.rglob("*.j2"):
        assert "autoescape" not in page.read_text(), page.name
