"""Made-up results as a folder with tables, figures and the page made from them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure

from approxgan.claims import stage as claims
from approxgan.compare import stage as comparisons
from approxgan.figures import stage as drawing
from approxgan.report import stage as report
from approxgan.storage import files
from worlds import ROOT, synthetic

FIGURES = ["stability", "quality_epsilon", "dirac"]
RULES: dict[str, Any] = {
    **yaml.safe_load((ROOT / "config.yaml").read_text())["claims"],
    "resamples": 99,
    "exploratory_resamples": 19,
    "least_seeds": 2,
}
CONFIG = {
    "claims": RULES,
    "figures": {"names": FIGURES},
    "models": {"compact": {"kind": "dense", "generator": [32, 32], "discriminator": [32]}},
    "remark": "a < b & <i>c</i>",
}
NASTY = "</script><img src=x onerror=alert(1)>"
"""A name that must not end the script it travels in, nor become a picture."""


def compared(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with comparisons."""
    made = comparisons.compare(tables, RULES)
    return {**tables, "comparisons": made}


@cache
def whole() -> dict[str, pd.DataFrame]:
    """Tables of everything, claims included, with a data set of a nasty name."""
    tables = compared(synthetic.make(synthetic.WIDE))
    tables["claims"] = claims.judge(tables, RULES)
    return {
        name: frame.replace({"dataset": {"moons": NASTY}}) if "dataset" in frame else frame
        for name, frame in tables.items()
    }


def write(tables: dict[str, pd.DataFrame], root: Path, config: dict[str, Any] = CONFIG) -> Path:
    """The page's path."""
    for name, frame in tables.items():
        files.write_table(root / "tables" / name, frame)
    for name in FIGURES:
        caption = f"What {name} shows & says <here>. And more."
        drawing.save(
            Figure(figsize=(1, 1)), root / "figures" / name, 20, f"Title of {name}", caption
        )
    found = {"Python": "3.x", "approxgan": "0.0.<1>"}
    report.stage(config, root, found)
    return root / "report.html"
