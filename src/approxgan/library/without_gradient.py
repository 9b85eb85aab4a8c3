"""Which estimator to take for a simulator: what the reference results measured nearest by."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError

DRAWS = ("common", "fresh")
KEY = "without_gradient"
"""Of the reference results."""


def nearest(
    dimension: int, samples: float, draws: str, reference: Path
) -> tuple[Mapping[str, Any], str]:
    """The best way measured at the nearest dimension and budget, by ratio, and where that was.

    ``draws`` are those that can be had: the same ones twice (common), or new ones alone (fresh).
    Raises ``InputError``.
    """
    if draws not in DRAWS:
        raise InputError(f"draws is {draws!r}; accepted: {', '.join(DRAWS)}, or none")
    try:
        found = json.loads(reference.read_text("utf-8")).get(KEY, [])
        rows = [row for row in found if draws in row["best_of"].split(", ")]
        row = min(rows, key=lambda one: _away(one, dimension, samples), default=None)
    except FileNotFoundError as error:
        raise InputError(
            f"{reference} is not there; accepted: a file of reference results"
        ) from error
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise InputError(f"{reference} is no file of reference results") from error
    if row is None:
        raise InputError(
            f"{reference} has no results of generators without a gradient; accepted: those of a "
            "run with such studies"
        )
    return row, _told(row)


def _away(row: Mapping[str, Any], dimension: int, samples: float) -> float:
    """Decades between what was measured and what is asked, of dimension and budget together."""
    return sum(
        abs(math.log10(row[key] / asked))
        for key, asked in (("dimension", dimension), ("calls", samples))
    )


def _told(row: Mapping[str, Any]) -> str:
    beside = ""
    if row["ratio"] is not None:
        beside = f", {row['ratio']:.3g} times that of the gradient that knows the generator"
    size = f"{row['dimension']:g} parameter{'s' if row['dimension'] != 1 else ''}"
    return (
        f"measured in the study {row['study']} ({row['dataset']}, {size}, "
        f"{row['calls']:g} simulated samples): {row['metric'].replace('_', ' ')} "
        f"{row['distance']:.3g} ({row['low']:.3g} to {row['high']:.3g}){beside}"
    )
