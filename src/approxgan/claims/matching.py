"""Which runs the claims rest on: matched by seed, at an ε chosen by gradient error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import epsilon_choice, statistics
from approxgan.analysis.epsilon_choice import Cell
from approxgan.analysis.frames import GROUP, final, same_step, table
from approxgan.claims.verdict import InsufficientData
from approxgan.core.errors import InputError

Rules = Mapping[str, Any]
WORSE = {"lower": 1.0, "higher": -1.0}
"""The sign of more of a number, by the way that is better."""


@dataclass(frozen=True, eq=False)
class Arm:
    """The runs of one cell in one group."""

    group: tuple[str, ...]
    mode: str
    cell: Cell
    runs: pd.DataFrame
    """Outcomes, with the column ``quality``: the deciding number at the last step, turned so
    that lower is better; NaN where the run diverged."""
    path: pd.DataFrame
    """The same number at every snapshot: seed, step, value."""
    cost: pd.DataFrame

    def name(self) -> str:
        """The cell in words."""
        epsilon = "" if np.isnan(self.cell[1]) else f" ε={self.cell[1]:g}"
        settings = f" {self.cell[0]}" if self.cell[0] else ""
        return f"{'/'.join(self.group)} {self.mode}{settings}{epsilon} ({len(self.runs)} seeds)"

    def trains(self, exact: Arm) -> bool:
        """Whether the median run gets more than half as far from its start as exact's does.

        True where the start was not scored.
        """
        start = float(self.path.loc[self.path["step"] == 0, "value"].median())
        halfway = (start + float(exact.runs["quality"].median())) / 2
        # A diverged run has no quality and got nowhere.
        return np.isnan(halfway) or float(self.runs["quality"].fillna(np.inf).median()) < halfway


@dataclass(frozen=True, eq=False)
class Contrast:
    """One cell of a mode beside another on one data set: exact's, a control's or its own."""

    group: Group
    mine: Arm
    other: Arm
    exact: Arm

    def seeds(self) -> list[int]:
        """In common to all three."""
        known = [set(arm.runs["seed"]) for arm in (self.mine, self.other, self.exact)]
        return sorted(set.intersection(*known))

    def both(self, column: str) -> np.ndarray:
        """A column of both [n, 2], by seed, where both have it."""
        own, other = (arm.runs.set_index("seed")[column] for arm in (self.mine, self.other))
        return pd.concat([own, other], axis=1, join="inner").dropna().to_numpy(float)

    def name(self) -> str:
        if self.other is self.exact:
            return self.mine.name()
        return f"{self.mine.name()} against {self.other.name()}"

    def rows(self) -> np.ndarray:
        """Final qualities for ``statistics.mean_in_spreads``, in exact's spread.

        Raises ``InsufficientData`` where exact has no spread.
        """
        mine, other, exact = (
            arm.runs.set_index("seed")["quality"] for arm in (self.mine, self.other, self.exact)
        )
        if not statistics.spread(exact.to_numpy(float)) > 0:
            raise InsufficientData(
                f"exact's final quality has no seed-to-seed spread in {'/'.join(self.mine.group)}"
            )
        seeds = self.seeds()
        rows = pd.concat([mine, other, exact], axis=1, keys=range(3)).reindex(exact.index)
        rows = rows.assign(pair=rows.index.isin(seeds))
        return rows.to_numpy(float)


@dataclass(frozen=True)
class Matches:
    """What a claim about one mode rests on."""

    found: list[Contrast]
    left_out: list[str]
    """Groups that ran both but cannot be compared, with the reason."""


@dataclass(frozen=True, eq=False)
class Group:
    """One data set, model and loss of a study: the runs with a fixed ε or none, of all modes."""

    key: tuple[str, ...]
    runs: pd.DataFrame
    path: pd.DataFrame
    cost: pd.DataFrame
    errors: pd.DataFrame
    """The table gradient_error, of all groups."""
    compared: pd.DataFrame
    """The table comparisons, of the number that decides."""

    def of(self, mode: str) -> pd.DataFrame:
        return self.runs[self.runs["mode"] == mode]

    def arm(self, mode: str, cell: Cell) -> Arm:
        own = [_at(frame, mode, cell) for frame in (self.runs, self.path, self.cost)]
        return Arm(self.key, mode, cell, *own)

    def exact(self, rules: Rules) -> Arm | None:
        cells = epsilon_choice.cells(self.of(rules["baseline"]))
        return self.arm(rules["baseline"], cells[0]) if cells else None

    def chosen(self, runs: pd.DataFrame) -> Cell:
        """The cell at which these runs of one mode are judged."""
        chosen = epsilon_choice.best(runs, self.errors)
        if chosen is None:
            raise InsufficientData(
                f"no ε of {runs['mode'].iloc[0]} could be chosen: the probe has no cosine of it "
                f"for {'/'.join(self.key[1:])} in the precision that chooses (claims.probe_dtype)"
            )
        return chosen

    def steps(self, arm: Arm) -> list[Cell]:
        """The cells with an arm's settings that have an ε, by ε."""
        cells = epsilon_choice.cells(self.of(arm.mode))
        return [cell for cell in cells if cell[0] == arm.cell[0] and not np.isnan(cell[1])]

    def floor(self, arm: Arm) -> float:
        """The noise floor of the arm's quality, in exact's sds; NaN where it was not measured."""
        return float(pd.to_numeric(_at(self.compared, arm.mode, arm.cell)["floor"]).max())


def _at(frame: pd.DataFrame, mode: str, cell: Cell) -> pd.DataFrame:
    here = (frame["mode"] == mode) & (frame["settings"] == cell[0])
    return frame[here & same_step(frame["epsilon"], cell[1])]


def groups(tables: Mapping[str, pd.DataFrame], rules: Rules) -> list[Group]:
    """Every group with one of the losses that count."""
    outcomes, quality = table(tables, "outcomes"), table(tables, "quality")
    cost, errors = table(tables, "cost"), table(tables, "gradient_error")
    compared = table(tables, "comparisons")
    compared = compared[compared["metric"] == rules["metric"]]
    # The article knows fixed steps alone, and the range of ε is one of its claims.
    outcomes = outcomes[outcomes["rule"].isin(["", "fixed"])]
    outcomes = outcomes[outcomes["loss"].isin(rules["losses"])]
    quality = _turned(quality[quality["metric"] == rules["metric"]], rules["metric"])
    found = []
    for key, rows in outcomes.groupby(list(GROUP)):
        here = pd.DataFrame([key], columns=list(GROUP))
        path = quality.merge(here)
        parts = (cost.merge(here), errors, compared.merge(here))
        found.append(Group(key, _with_final(rows, path), path, *parts))
    return found


def _turned(quality: pd.DataFrame, metric: str) -> pd.DataFrame:
    """With the sign at which lower is better."""
    ways = set(quality["better"])
    if not ways <= set(WORSE):
        raise InputError(
            f"claims.metric: neither way of {metric!r} is better; a number of which lower or "
            "higher is better is accepted"
        )
    return quality.assign(value=quality["value"] * quality["better"].map(WORSE).astype(float))


def _with_final(runs: pd.DataFrame, path: pd.DataFrame) -> pd.DataFrame:
    keys = ["mode", "settings", "epsilon", "seed"]
    last = final(path)[[*keys, "value"]].rename(columns={"value": "quality"})
    return runs.merge(last, on=keys, how="left")


def match(groups: Sequence[Group], rules: Rules, mode: str) -> Matches:
    """The mode beside exact in every group that ran both.

    Raises ``InsufficientData`` if there is none with enough seeds.
    """
    matches = Matches([], [])
    for group in groups:
        mine, exact = group.of(mode), group.exact(rules)
        if mine.empty or exact is None:
            continue
        try:
            arm = group.arm(mode, group.chosen(mine))
            contrast = Contrast(group, arm, exact, exact)
            enough(len(contrast.seeds()), rules, contrast.name())
            matches.found.append(contrast)
        except InsufficientData as lack:
            matches.left_out.append(str(lack))
    if not matches.found:
        losses = ", ".join(rules["losses"])
        never = f"no data set was run with {mode}, {rules['baseline']} and one of the losses"
        raise InsufficientData("; ".join(matches.left_out) or f"{never} {losses}")
    return matches


def own_end(contrasts: Sequence[Contrast], end: int) -> list[Contrast]:
    """Each mode at its smallest (0) or largest (-1) ε beside itself at the chosen one.

    Where these are one there is nothing to compare, and where neither trains there is nothing to
    tell apart. Raises ``InsufficientData`` if none is left.
    """
    found, failing = [], []
    for one in contrasts:
        steps = one.group.steps(one.mine)
        if not steps or steps[end][1] == one.mine.cell[1]:
            continue
        made = replace(one, mine=one.group.arm(one.mine.mode, steps[end]), other=one.mine)
        trains = made.mine.trains(one.exact) or made.other.trains(one.exact)
        (found if trains else failing).append(made)
    if not found and failing:
        names = "; ".join(one.name() for one in failing)
        raise InsufficientData(f"two failures are not ranked: neither ε trains: {names}")
    if not found:
        raise InsufficientData("no ε of the range lies on that side of the one of highest cosine")
    return found


def enough(seeds: int, rules: Rules, name: str) -> None:
    """Raise ``InsufficientData`` unless a comparison rests on enough seeds."""
    if seeds < rules["least_seeds"]:
        raise InsufficientData(f"{seeds} seeds in common, of {rules['least_seeds']} needed: {name}")
