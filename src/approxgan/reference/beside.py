"""Two runs beside each other: what differs by more than chance, number by number.

The numbers are the mean of the deciding score in every cell, the share of its runs without a score,
and the effect behind every verdict. Each difference has an interval, and a p that is corrected for
the number of differences (Holm 1979).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import frames, statistics
from approxgan.analysis.statistics import UNKNOWN, Interval
from approxgan.analysis.text import interval, listed
from approxgan.claims.measures import RATIO
from approxgan.claims.verdict import SUPPORTED, UNDECIDED
from approxgan.core.errors import InputError
from approxgan.reference import chance
from approxgan.reference.chance import Test
from approxgan.reference.sides import CELL, Side

ERROR = 0.01
"""Probability that anything of an honest rerun is called different (Holm, over all numbers)."""
ROW = ["scope", "claim", "reading", "mode", "measure", "dtype", "against"]
MEAN, UNSCORED, EFFECT = "mean", "share of runs without a score", "effect"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One number of this run and of the other."""

    what: str
    """``MEAN``, ``UNSCORED`` or ``EFFECT``."""
    row: Row
    """The cell or the verdict; of what only one side knows, with _here and _there."""
    here: float
    there: float
    test: Test
    p_holm: float = np.nan
    verdicts: tuple[str, str] = ("", "")
    """Here and there."""
    is_open: bool = False
    """Whether an effect near its bound explains that the verdicts differ."""
    may: bool = False
    """Whether they may differ: the machine decides them, or other cells do."""

    @property
    def apart(self) -> bool:
        return bool(self.p_holm < ERROR)

    @property
    def changed(self) -> bool:
        return self.verdicts[0] != self.verdicts[1]

    @property
    def name(self) -> str:
        return named(self.row, ROW if self.what == EFFECT else CELL)

    def lines(self, other: str) -> Iterator[tuple[bool, str]]:
        """Whether it may differ, and how it differs in words; nothing where it does not."""
        if self.changed:
            here, there = self.verdicts
            excused = self.is_open and not self.apart
            why = "; the effects agree" if excused else ""
            why = "; it rests on other cells" if np.isnan(self.test.p) else why
            yield excused or self.may, f"{self.name}: {here}, {other} says {there}{why}"
        if self.apart:
            both = f"{self.what} {self.here:.4g}, {other} has {self.there:.4g}"
            ends = interval(self.test.ends.low, self.test.ends.high)
            quotient = "quotient" if self.row.get("unit_here") == RATIO else "difference"
            ends = f"; {quotient} {self.test.ends.estimate:.4g} [{ends}]" if ends else ""
            told = f"{both}{ends}; p {self.p_holm:.2g} after Holm's correction"
            yield self.may, f"{self.name}: {told}"


@dataclass(frozen=True)
class Comparison:
    here: Side
    there: Side
    differences: list[Difference]
    alone: dict[str, list[Row]]
    """Cells of one side alone: 'here' and 'there'."""
    verdicts_alone: dict[str, list[Row]]

    def of(self, *kinds: str) -> list[Difference]:
        return [one for one in self.differences if one.what in kinds]

    def tested(self) -> list[Difference]:
        return [one for one in self.differences if not np.isnan(one.test.p)]

    def told(self, other: str) -> tuple[list[str], list[str]]:
        """What differs, and what differs and may, a line each."""
        wrong: list[str] = self._other_cells(other)
        allowed: list[str] = []
        for whose, there in (("here", "only in this run"), ("there", f"only in {other}")):
            lines = [f"{named(row, ROW)}: {there}" for row in self.verdicts_alone[whose]]
            (allowed if any(self.alone.values()) else wrong).extend(lines)
        for one in self.differences:
            for may, line in one.lines(other):
                (allowed if may else wrong).append(line)
        return wrong, allowed

    def _other_cells(self, other: str) -> list[str]:
        """One line where the cells are not the same ones."""
        if not any(self.alone.values()):
            return []
        sides = [(self.alone["there"], f"in {other}"), (self.alone["here"], "in this run")]
        only = []
        for rows, where in sides:
            studies = listed(sorted({str(row["study"]) for row in rows}))
            only += [f"cells only {where}: {len(rows)} ({studies})"] if rows else []
        return [
            f"this is another experiment: {', '.join(only)}; the {len(self.of(MEAN))} cells of "
            "both were compared, and the effects that rest on them"
        ]


def compare(here: Side, there: Side) -> Comparison:
    """Raises ``InputError`` for runs that are judged by other numbers or share no cell.

    Means are compared seed by seed where both sides have the same seeds, all of them scored, and by
    Welch's t otherwise. An effect is compared by Welch's t where both sides have the same cells of
    its modes: runs with the same starts agree rather more than that supposes.
    """
    if here.metric != there.metric:
        raise InputError(
            f"{there.name} is judged by {there.metric}, {here.name} by {here.metric}; accepted: "
            "two runs with the same claims.metric"
        )
    cells = list(_both(here.cells, there.cells, CELL))
    common = [row for row in cells if row["_merge"] == "both"]
    if not common:
        raise InputError(
            f"{there.name} has no cell of {here.name}; accepted: runs with a common cell, of one "
            "study, data set, model, loss, mode and settings"
        )
    judged = list(_both(here.verdicts, there.verdicts, ROW))
    found = [*_means(common, here, there), *_unscored(common)]
    found += [_effect(row, cells) for row in judged if row["_merge"] == "both"]
    return Comparison(here, there, _corrected(found), _alone(cells), _alone(judged))


def _both(here: pd.DataFrame, there: pd.DataFrame, keys: list[str]) -> Iterator[dict[str, Any]]:
    both = here.merge(there, on=keys, how="outer", suffixes=("_here", "_there"), indicator=True)
    for row in both.to_dict("records"):
        yield {str(key): value for key, value in row.items()}


def _alone(rows: Sequence[dict[str, Any]]) -> dict[str, list[Row]]:
    sides = {"here": "left_only", "there": "right_only"}
    return {side: [row for row in rows if row["_merge"] == merge] for side, merge in sides.items()}


def _corrected(found: list[Difference]) -> list[Difference]:
    """With Holm's p over all that must agree; what may differ keeps its own."""
    tested = np.array([np.nan if one.may else one.test.p for one in found])
    adjusted = np.where(np.isnan(tested), [one.test.p for one in found], statistics.holm(tested))
    return [replace(one, p_holm=float(p)) for one, p in zip(found, adjusted, strict=True)]


def named(row: Row, keys: Sequence[str]) -> str:
    return "/".join(str(row[key]) for key in keys if str(row[key]) not in ("", "nan"))


def _numbers(row: Row, *names: str) -> list[np.ndarray]:
    """[2] each: here and there."""
    return [np.array([row[f"{name}_here"], row[f"{name}_there"]], float) for name in names]


def _means(common: Sequence[Row], here: Side, there: Side) -> Iterator[Difference]:
    known = [{} if side.runs is None else frames.by_cell(side.runs) for side in (here, there)]
    for row in common:
        means, errors, counts = _numbers(row, "mean", "error", "scored")
        name = tuple(str(row[key]) for key in CELL)
        seeds = [runs[name].set_index("seed")["value"] if name in runs else None for runs in known]
        test = chance.paired(*seeds) or chance.apart(means, errors, counts - 1)
        if not counts.all():  # what lacks on one side is tested as a share of runs
            test = Test(UNKNOWN, 1.0)
        yield Difference(MEAN, row, float(means[0]), float(means[1]), test)


def _unscored(common: Sequence[Row]) -> Iterator[Difference]:
    """None of cells without any such run: their p could not be but 1 (Tarone 1990)."""
    for row in common:
        scored, runs = _numbers(row, "scored", "runs")
        lost = runs - scored
        if lost.any():
            here, there = (lost / runs).tolist()
            yield Difference(UNSCORED, row, here, there, chance.of_rates(lost, scored))


def _effect(row: Row, cells: Sequence[Row]) -> Difference:
    """Training is chaotic: on another processor other roundings give other runs.

    An effect near its bound may then be decided in one and not in the other.
    """
    here, there = (str(row[f"verdict_{side}"]) for side in ("here", "there"))
    values, errors, freedoms = _numbers(row, "effect", "error", "freedom")
    is_known = bool(np.isfinite(values).all())
    is_open = is_known and (UNDECIDED in (here, there) or SUPPORTED not in (here, there))
    may = bool(row["is_timed_there"])
    if not _same_cells(row, cells):
        may, test = True, Test(UNKNOWN, np.nan)
    elif row["unit_there"] == RATIO and is_known and (values > 0).all():
        test = chance.apart(np.log(values), errors, freedoms)
        test = test._replace(ends=Interval(*np.exp(test.ends).tolist()))
    else:
        test = chance.apart(values, errors, freedoms)
    given: dict[str, Any] = {"verdicts": (here, there), "is_open": is_open, "may": may}
    return Difference(EFFECT, row, float(values[0]), float(values[1]), test, **given)


def _same_cells(row: Row, cells: Sequence[Row]) -> bool:
    """Whether both sides have the same cells of the modes that a verdict compares."""
    wanted = (str(row["mode"]), str(row["against"]))
    return all(
        cell["_merge"] == "both"
        for cell in cells
        if cell["mode"] in (wanted[0], "exact") or wanted[1].startswith(str(cell["mode"]))
    )
