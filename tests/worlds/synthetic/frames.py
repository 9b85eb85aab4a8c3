"""Rows as tables, and the cells that they are rows of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from approxgan.storage import tables
from worlds.synthetic.laws import CONTROLS, COORDINATE, PLAIN, RANDOM
from worlds.synthetic.sizes import Size, Study

COLUMNS = {name: list(columns) for name, columns in tables.COLUMNS.items()}
TEXTS = ("mode", "rule", "settings", "varied", "tuned")


def frame(name: str, rows: Sequence[Any]) -> pd.DataFrame:
    """Rows as a table with all its columns, in order; numbers that a row lacks are missing."""
    further = dict.fromkeys(key for row in rows for key in row if key not in COLUMNS[name])
    made = pd.DataFrame(rows, columns=[*COLUMNS[name], *further])
    texts = [key for key in made if key in TEXTS or key.endswith(("_mode", "_settings"))]
    return made.assign(**{key: made[key].astype(object).fillna("").astype(str) for key in texts})


def empty() -> dict[str, pd.DataFrame]:
    """Every table without a row."""
    return {name: frame(name, []) for name in COLUMNS}


class Step(NamedTuple):
    """ε, how it came about, and the settings that stand with it."""

    epsilon: float
    rule: str
    settings: str = ""
    own_settings: str = "{}"
    matched_mode: str = ""


def steps(study: Study, mode: str, size: Size) -> list[Step]:
    own: tuple[str, ...] = ()
    if mode in ("forward_gradient", *RANDOM[1:]):
        own = ("directions16", '{"directions": 16}')
    if mode == "subgradient":
        own = ("alpha0.6", '{"alpha": 0.6}')
    if mode in PLAIN:
        return [Step(np.nan, "", *own)]
    if mode in CONTROLS:
        own = ("like_forward_difference", "{}", "forward_difference")
    fixed = [Step(epsilon, "fixed", *own) for epsilon in size.epsilons]
    rules = study.rules if mode in COORDINATE else ()
    return fixed + [Step(np.nan, rule, rule) for rule in rules]


def cell(
    study: Study, dataset: str, loss: str, mode: str, step: Step, rate: float | None = None
) -> dict[str, Any]:
    generator, _, discriminator = mode.partition("+")
    tuned = "" if np.isnan(study.budget) else '{"learning_rate": 0.001}'
    return {"study": study.name, "dataset": dataset, "model": study.model, "loss": loss,
            "mode": mode, **step._asdict(), "generator_mode": generator,
            "discriminator_mode": discriminator or generator, "learning_rate": rate or 1e-3,
            "dtype": "float32", "budget": study.budget, "tuned": tuned,
            **({"varied": f'{{"learning_rate": {rate}}}', "settings": f"learning_rate{rate}"}
               if rate else {"varied": ""})}  # fmt: skip


def tries(study: Study) -> list[dict[str, Any]]:
    """Three learning rates of every mode and data set; the middle one is best."""
    if np.isnan(study.budget):
        return []
    scores = {1e-4: 0.9, 1e-3: 0.1, 1e-2: np.nan}
    return [
        {"study": study.name, "dataset": dataset, "model": study.model, "loss": loss,
         "mode": mode, "settings": "learning_rate_tuned", "score": score, "seeds": 4,
         "values": f'{{"learning_rate": {rate}}}', "failed": 4 * int(np.isnan(score)),
         "chosen": rate == 1e-3, "at_end": ""}
        for dataset in study.datasets for loss in study.losses for mode in study.modes
        for rate, score in scores.items()
    ]  # fmt: skip
