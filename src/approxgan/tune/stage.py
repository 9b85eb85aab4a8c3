"""The tune stage: scores of tries on selection seeds -> the values that the judged runs take."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.design.paths import Results
from approxgan.storage import files
from approxgan.storage.tables import SCORED, read_table


def run(spec: Mapping[str, Any], at: Results, out: Path) -> None:
    """Score every try by the median over its seeds at the end, and write which is best."""
    found = []
    for one in spec["tries"]:
        values = [v for cell in one["cells"] for v in _last(at.quality(cell), spec["metric"])]
        found.append((one["values"], np.array(values, dtype=float)))
    files.write_json(out, choose(found, spec["better"]))


def _last(path: Path, metric: str) -> list[float]:
    rows = read_table(path, ["seed", *SCORED])
    rows = rows[rows["metric"] == metric]
    return rows.loc[rows["step"] == rows["step"].max(), "value"].tolist()


def choose(tries: Sequence[tuple[Mapping[str, Any], np.ndarray]], better: str) -> dict[str, Any]:
    """The try of best median; ``better``: lower or higher.

    ``tries``: values, and a score [S] of each seed, NaN for a run that diverged: such a run is
    worse than any other. Of equal tries the first is chosen, and the first of all where every
    median failed. ``at_end`` names the axes whose first or last value was chosen: a better one may
    lie beyond.
    """
    sign = 1.0 if better == "lower" else -1.0
    ranks = [np.median(np.where(np.isnan(scores), np.inf, sign * scores)) for _, scores in tries]
    best = int(np.argmin(ranks))
    chosen = tries[best][0]
    at_end = []
    for key, value in chosen.items():
        axis = list(dict.fromkeys(values[key] for values, _ in tries))
        if len(axis) > 1 and value in (axis[0], axis[-1]):
            at_end.append(key)
    return {
        "chosen": dict(chosen),
        "at_end": at_end,
        "tries": [
            {
                "values": dict(values),
                "score": sign * float(rank) if math.isfinite(rank) else None,
                "seeds": len(scores),
                "failed": int(np.isnan(scores).sum()),
            }
            for (values, scores), rank in zip(tries, ranks, strict=True)
        ],
    }
