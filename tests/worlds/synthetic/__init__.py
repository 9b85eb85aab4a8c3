"""Made-up result tables with the shape, and roughly the course, of real ones.

Nothing is trained: gradient errors follow the textbook laws and quality follows the errors.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from worlds.synthetic.frames import COLUMNS, cell, empty, frame, steps, tries
from worlds.synthetic.games import add_dirac, add_kinks
from worlds.synthetic.guests import VALUES, invited
from worlds.synthetic.laws import RULES
from worlds.synthetic.points import data, evolution, images, samples
from worlds.synthetic.probe import probe
from worlds.synthetic.runs import add_runs
from worlds.synthetic.scores import comparisons, null
from worlds.synthetic.sizes import SMALL, WIDE, Size

__all__ = ["RULES", "SMALL", "VALUES", "WIDE", "comparisons", "empty", "frame", "invited", "make"]


def make(size: Size = SMALL, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Every table of ``COLUMNS`` except the claims."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    for study in size.studies:
        parts["tuning"] += tries(study)
        for dataset in study.datasets:
            for loss in study.losses:
                for mode in study.modes:
                    for step, rate in product(steps(study, mode, size), (None, *study.rates)):
                        add_runs(parts, cell(study, dataset, loss, mode, step, rate), size, rng)
    for kinks in size.kinks:
        add_kinks(parts, kinks, size, rng)
    add_dirac(parts, rng)
    made = {name: frame(name, rows) for name, rows in parts.items()}
    made["samples"] = samples(made["outcomes"], size, rng)
    made["images"] = images(made["outcomes"], size, rng)
    made["data"] = data(size, rng)
    made["gradient_error"], made["probe_points"] = probe(size, rng)
    made["quality_null"] = null(made["quality"], size, rng)
    made["evolution"] = evolution(made["outcomes"], size, rng)
    return made
