"""Nothing is unpickled, no text becomes code, and what is shown is escaped."""

from __future__ import annotations

import re

from worlds import ROOT

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
    for path in (ROOT / "src").rglob("*.py"):
        for call in re.findall(r"np\.load\([^)]*\)", path.read_text()):
            assert "allow_pickle=False" in call, path.name


def test_every_param_of_a_shell_command_is_quoted():
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for used in re.findall(r"\{params\.[^}]*\}", path.read_text()):
            assert used.endswith(":q}"), (path.name, used)


def test_templates_escape_what_they_are_given():
    text = (ROOT / "src" / "approxgan" / "report" / "stage.py").read_text()
    assert "autoescape" in text
    assert "autoescape=False" not in text
