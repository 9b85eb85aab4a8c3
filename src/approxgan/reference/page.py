"""Two runs beside each other, as words and as a page that loads nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.analysis.templates import environment
from approxgan.analysis.text import initial, interval, number, words
from approxgan.claims import summary
from approxgan.claims.measures import RATIO
from approxgan.reference.beside import EFFECT, ERROR, MEAN, UNSCORED, Comparison, Difference
from approxgan.storage import files

HERE = Path(__file__).parent
MISSING = "not there"
DEEPEST = 3
"""Levels of the config below which a change is told as one."""


def sentence(found: Comparison) -> str:
    """How much was compared, and how much of it differs."""
    verdicts, means = found.of(EFFECT), found.of(MEAN)
    changed = sum(one.changed for one in verdicts)
    apart = len({one.name for one in found.of(MEAN, UNSCORED) if one.apart})
    effects = sum(one.apart for one in verdicts)
    return (
        f"Of {len(verdicts)} verdicts in both runs, {changed or 'none'} changed. "
        f"By more than chance (Holm, {100 * ERROR:g} %), {apart or 'none'} of the {len(means)} "
        f"cells in both differ, and {effects or 'none'} of the effects behind the verdicts."
    )


def write(found: Comparison, path: Path) -> None:
    """A page with every number of both."""
    style = (HERE / "beside.css").read_text(encoding="utf-8")
    verdicts = [_verdict(one) for one in found.of(EFFECT)]
    page = (
        environment(HERE)
        .get_template("beside.html.j2")
        .render(
            style=style,
            here=found.here,
            there=found.there,
            sentence=sentence(found),
            made=differing(found.there.made, found.here.made),
            settings=differing(_flat(found.there.config), _flat(found.here.config)),
            verdicts=verdicts,
            verdicts_alone={side: _described(rows) for side, rows in found.verdicts_alone.items()},
            cells=_cells(found),
            alone=found.alone,
        )
    )
    files.write_text(path, page)


def differing(there: Mapping[str, Any] | None, here: Mapping[str, Any] | None) -> list[list[str]]:
    """Name, there and here, of what both tell and differ in; nothing unless both tell."""
    if not there or not here:
        return []
    names = [*there, *(name for name in here if name not in there)]
    rows = [[name, str(there.get(name, MISSING)), str(here.get(name, MISSING))] for name in names]
    return [row for row in rows if row[1] != row[2]]


def _flat(value: Any, place: str = "", depth: int = 0) -> dict[str, Any]:
    """A config by its keys, 'training.steps'."""
    if not isinstance(value, Mapping) or depth == DEEPEST:
        return {place: value} if value is not None else {}
    parts = (_flat(own, f"{place}.{key}".lstrip("."), depth + 1) for key, own in value.items())
    return {key: own for part in parts for key, own in part.items()}


def _verdict(one: Difference) -> dict[str, Any]:
    sides = [
        {key.removesuffix(f"_{side}"): value for key, value in one.row.items()}
        for side in ("here", "there")
    ]
    here, there = (summary.value(row) for row in sides)
    (measured,) = _described([sides[0]])
    return {
        **measured,
        "here": f"{one.verdicts[0]} {here}".strip(),
        "there": f"{one.verdicts[1]} {there}".strip(),
        "difference": _difference(one, "× " if one.row["unit_here"] == RATIO else ""),
        "marked": one.changed or one.apart,
        "says": "; ".join(filter(None, _says(one))),
    }


def _says(one: Difference) -> list[str]:
    if np.isnan(one.test.p):
        return ["changed" if one.changed else "", "rests on other cells, not tested"]
    open_ = one.changed and one.is_open and not one.apart
    return [
        ("changed; the effects agree" if open_ else "changed") if one.changed else "",
        f"differs (p {one.p_holm:.2g})" if one.apart else "",
        "the machine decides it" if one.may else "",
    ]


def _described(rows: Any) -> list[dict[str, Any]]:
    """Claim, what is measured, and mode, of verdicts."""
    return [
        {
            "claim": f"{row['claim']}. {summary.STATEMENTS.get(str(row['claim']), '')}",
            "scope": initial(words(f"{row['scope']}, {row['reading']}")),
            "measured": summary.measured(_sided(row)),
            "mode": words(row["mode"]),
        }
        for row in rows
    ]


def _sided(row: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict's row of the one side that has it, by its columns' own names."""
    found = dict(row)
    for side in ("here", "there"):
        if row.get("_merge") == {"here": "left_only", "there": "right_only"}[side]:
            found |= {k.removesuffix(f"_{side}"): v for k, v in row.items() if k.endswith(side)}
    return found


def _difference(one: Difference, sign: str = "") -> str:
    gap, low, high = one.test.ends
    if np.isnan(gap):
        return ""
    ends = interval(low, high) if low != high else ""
    return f"{sign}{number(gap)}" + (f" [{ends}]" if ends else "")


def _cells(found: Comparison) -> list[dict[str, Any]]:
    """A row a cell of both: its mean there and here, and what differs."""
    lost = {one.name: one for one in found.of(UNSCORED)}
    rows = []
    for one in found.of(MEAN):
        unscored = lost.get(one.name)
        parts = [one] if unscored is None else [one, unscored]
        apart = [part for part in parts if part.apart]
        rows.append(
            {
                **one.row,
                "here": _mean(one, "here"),
                "there": _mean(one, "there"),
                "difference": _difference(one),
                "how": one.test.how,
                "says": "; ".join(f"{p.what} differs (p {p.p_holm:.2g})" for p in apart),
                "marked": bool(apart),
            }
        )
    return rows


def _mean(one: Difference, side: str) -> str:
    """'0.034 (10 of 10 runs)'."""
    scored, runs = (int(one.row[f"{part}_{side}"]) for part in ("scored", "runs"))
    return f"{number(getattr(one, side))} ({scored} of {runs})"
