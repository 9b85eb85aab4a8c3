"""Scores of tries on selection seeds -> the values that the judged runs take."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


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
