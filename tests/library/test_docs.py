"""The programs of docs/library.md run, and print what they say."""

from __future__ import annotations

import re

import pytest
import torch
from worlds import ROOT

PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.DOTALL)
SAID = ("True\n", "True\n", "True\n", "tensor([", "steps that are none: ε = 0.0 is taken\n")


@pytest.mark.parametrize("number", range(len(SAID)))
def test_a_program_of_the_docs_runs(number, capsys):
    torch.manual_seed(0)
    exec(compile(PROGRAMS[number], "docs/library.md", "exec"), {})
    assert capsys.readouterr().out.startswith(SAID[number])
    assert len(PROGRAMS) == len(SAID)
