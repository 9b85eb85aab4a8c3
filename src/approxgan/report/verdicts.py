"""Where verdicts are shown: the figures they rest on, and strips of their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from approxgan.claims.matching import EQUAL_CALLS
from approxgan.claims.measures import RATIO
from approxgan.claims.plain import Line
from approxgan.claims.summary import no_effect, part_of


def links(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Claim -> the names of the figures that say that they show it."""
    found: dict[str, list[str]] = {}
    for name, figure in figures.items():
        for claim in figure["claims"]:
            found.setdefault(claim, []).append(name)
    return found


def evidence(lines: Sequence[Line]) -> dict[str, str]:
    """Claim -> where its rows are on the page: the part of the row that answers it."""
    return {line.claim: f"{line.row['scope']}-{part_of(line.row)}-{line.claim}" for line in lines}


def asked(row: Mapping[str, Any]) -> str:
    """The address of a row's runs in the chooser: its mode and exact on its data sets."""
    blind = row["reading"] == EQUAL_CALLS
    modes = dict.fromkeys([f"{row['mode']}+exact"] if blind else ["exact", str(row["mode"])])
    chosen = {"study": "", "data": row["datasets"].replace(", ", ","), "modes": ",".join(modes)}
    return f"ask?{urlencode(chosen)}"


def strip(row: Mapping[str, Any]) -> dict[str, float] | None:
    """Places from 0 to 100 of a row's interval, its bound and no effect; None without numbers.

    From ``from`` on over ``width`` the claim would hold.
    """
    marks = {name: float(row[name]) for name in ("effect", "low", "high", "bound")}
    marks["none"] = no_effect(row)
    values = np.array(list(marks.values()))
    if not np.isfinite(values).all():
        return None
    scale = np.log if row["unit"] == RATIO and (values > 0).all() else np.asarray
    scaled = scale(values)
    places = 8 + 84 * (scaled - scaled.min()) / (float(np.ptp(scaled)) or 1.0)
    at = {name: round(float(place), 1) for name, place in zip(marks, places, strict=True)}
    below = row["side"] == "below"
    return at | {
        "from": 0.0 if below else at["bound"],
        "width": at["bound"] if below else round(100 - at["bound"], 1),
    }
