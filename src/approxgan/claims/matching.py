"""Which runs the claims rest on: matched by seed, at an ε chosen by gradient error."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import epsilon_choice, statistics
from approxgan.analysis.frames import CELL, GROUP, by_cell, table
from approxgan.claims.verdict import InsufficientData
from approxgan.config.check import BUDGETS
from approxgan.core.errors import InputError

Rules = Mapping[str, Any]
WORSE = {"lower": 1.0, "higher": -1.0}
"""The sign of more of a number, by the way that is better."""
ARTICLE, OTHER = SCOPES = ("article", "other")
"""The article's own experiment, and other data and networks."""
SAME_STEPS, EQUAL_COST, EPSILON, LEARNING_RATE, EQUAL_CALLS = READINGS = (
    "same_steps", "equal_cost", "epsilon", "learning_rate", "equal_calls",
)  # fmt: skip
"""How modes are compared; and what the article's step is, where it may be either."""
TUNED = "tuned"
"""The rule of an ε that was chosen on other seeds."""
FREE = {*BUDGETS}
"""Keys of training in which cells may differ and are compared all the same."""


class Absent(Exception):
    """A group in which there is nothing of the kind."""


@dataclass(frozen=True, eq=False)
class Arm:
    """The runs of one cell."""

    runs: pd.DataFrame
    """Outcomes by seed, with the column ``quality``: the deciding number at the step ``end``,
    turned so that lower is better; NaN where the run had diverged."""
    curves: pd.DataFrame
    """The same number [seed, step] at every snapshot."""
    cost: pd.DataFrame
    end: float
    """The step at which runs are judged: their last, or that at which the smallest budget of their
    group is spent."""
    sign: float
    """Of the deciding number in ``quality``."""
    floor: float
    """The noise floor of the quality, in exact's sds; NaN where it was not measured."""
    about: Mapping[str, Any]
    """What all runs share, by column: also read as attributes."""

    def __getattr__(self, column: str) -> Any:
        if column == "about" or column not in self.about:
            raise AttributeError(column)
        return self.about[column]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self.about[name] for name in GROUP)

    @property
    def changed(self) -> set[str]:
        """Keys of training in which the cell departs from its study, and that matter here."""
        return set(json.loads(self.varied or "{}")) - FREE

    @property
    def is_tuned(self) -> bool:
        """Whether ε was chosen on other seeds."""
        return "epsilon" in json.loads(self.tuned or "{}")

    def name(self) -> str:
        """The cell in words."""
        epsilon = "" if np.isnan(self.epsilon) else f" ε={self.epsilon:g}"
        settings = f" {self.settings}" if self.settings else ""
        return f"{'/'.join(self.key)} {self.mode}{settings}{epsilon} ({len(self.runs)} seeds)"

    def failed(self, *kinds: str) -> pd.Series:
        """Whether each run had diverged or vanished when it is judged."""
        ways = [
            self.runs[kind].astype(bool) & ~(pd.to_numeric(self.runs[f"{kind}_step"]) > self.end)
            for kind in kinds
        ]
        return pd.concat(ways, axis=1).any(axis=1)

    def reached(self, exact: "Arm") -> pd.Series:
        """Whether each run got more than half as far from its start as the median of exact's did.

        True where the start was not scored.
        """
        start = self.curves[0].median() if 0 in self.curves else np.nan
        halfway = (start + exact.runs["quality"].median()) / 2
        quality = self.runs["quality"]
        # A diverged run has no quality and got nowhere.
        return quality.notna() & ~(quality >= halfway)

    def trains(self, exact: "Arm") -> bool:
        """Whether more than half of the runs do."""
        return bool(self.reached(exact).mean() > 0.5)

    def repeats(self, arm: "Arm") -> bool:
        """Whether the common seeds are the same runs."""
        mine, other = self.runs["quality"].align(arm.runs["quality"], "inner")
        return self.key[1:] == arm.key[1:] and bool(mine.notna().any()) and mine.equals(other)

    def is_twin(self, arm: "Arm") -> bool:
        """Whether both take the same estimates."""
        return self.own_settings == arm.own_settings and same(self.epsilon, arm.epsilon)

    def median(self) -> float:
        """Of the deciding number, in its own unit and sign; infinite where that run diverged."""
        return float(self.sign * self.runs["quality"].fillna(np.inf).median())


@dataclass(frozen=True, eq=False)
class Contrast:
    """One cell of a mode beside another on one data set: exact's, a control's or its own."""

    mine: Arm
    other: Arm
    exact: Arm

    def arms(self) -> list[Arm]:
        return [self.mine, self.other, self.exact]

    def seeds(self) -> list[int]:
        """In common to all three."""
        return sorted(set.intersection(*(set(arm.runs.index) for arm in self.arms())))

    def both(self, column: str) -> pd.DataFrame:
        """A column of both [n, 2], by seed, where both have it."""
        pair = [arm.runs[column] for arm in (self.mine, self.other)]
        return pd.concat(pair, axis=1, keys=[0, 1], join="inner").dropna().astype(float)

    def name(self) -> str:
        if self.other is self.exact:
            return self.mine.name()
        return f"{self.mine.name()} against {self.other.name()}"

    def rows(self) -> np.ndarray:
        """Final qualities for ``statistics.mean_in_spreads``, in exact's spread.

        Raises ``InsufficientData`` where exact has no spread.
        """
        columns = [arm.runs["quality"] for arm in self.arms()]
        if not statistics.spread(columns[-1].to_numpy(float)) > 0:
            raise InsufficientData(
                f"exact's final quality has no seed-to-seed spread in {'/'.join(self.mine.key)}"
            )
        rows = pd.concat(columns, axis=1, keys=range(3)).reindex(columns[-1].index)
        return rows.assign(pair=rows.index.isin(self.seeds())).to_numpy(float)


@dataclass(frozen=True, eq=False)
class Axis:
    """Cells of a mode in one group that differ in ε alone, or in the learning rate."""

    arms: dict[float, Arm]
    """By that number, in order."""
    mine: Arm
    """The one of them with the ε of highest cosine, or with the study's own learning rate."""
    exact: Arm

    def beyond(self, sign: int) -> dict[float, Contrast]:
        """The smaller (-1) or larger (1) ones beside the own one."""
        (own,) = (value for value, arm in self.arms.items() if arm is self.mine)
        return {
            value: Contrast(arm, self.mine, self.exact)
            for value, arm in self.arms.items()
            if sign * (value - own) > 0
        }

    def beside_exact(self) -> list[Contrast]:
        return [Contrast(arm, self.exact, self.exact) for arm in self.arms.values()]

    def beside_best(self, arm: Arm) -> Contrast:
        """A cell and the best of the others by their median run."""
        others = [other for other in self.arms.values() if other is not arm]
        return Contrast(arm, min(others, key=lambda one: one.sign * one.median()), self.exact)

    def name(self) -> str:
        return f"{self.mine.name()} among {', '.join(f'{value:g}' for value in self.arms)}"


@dataclass(frozen=True, eq=False)
class Group:
    """One data set, model and loss of a study: the cells of all modes.

    Studies of one scope that share data, networks, training and seeds share exact's runs: they are
    one group, and each cell is there once.
    """

    arms: list[Arm]
    errors: pd.DataFrame
    """The table gradient_error, of all groups."""
    rules: Rules

    @property
    def scope(self) -> str:
        return ARTICLE if self.arms[0].study in self.rules["own_experiment"] else OTHER

    @property
    def is_budgeted(self) -> bool:
        return bool(np.isfinite(self.arms[0].budget))

    def exact(self) -> Arm:
        """Raises ``Absent`` where it was not run."""
        own = [a for a in self.arms if a.mode == self.rules["baseline"] and not a.varied]
        return max(_present(own), key=lambda arm: len(arm.runs))

    def shares(self, group: "Group") -> bool:
        """Whether both have the same runs of exact, and steps are counted."""
        with suppress(Absent):
            same = self.scope == group.scope and self.exact().repeats(group.exact())
            return same and not (self.is_budgeted or group.is_budgeted)
        return False

    def joined(self, group: "Group") -> "Group":
        """With the cells of another; of two that are the same, the one with more seeds."""
        arms = sorted([*self.arms, *group.arms], key=lambda arm: len(arm.runs))
        cells = {tuple(str(arm.about[name]) for name in (*CELL, "tuned")): arm for arm in arms}
        return replace(self, arms=list(cells.values()))

    def cells(self, mode: str) -> list[Arm]:
        """The cells of a mode that train as the study does, at a fixed ε or none."""
        free = {"dtype"} if self.is_budgeted else set()
        return [
            a for a in self.arms
            if a.mode == mode and a.changed <= free and a.rule in ("", "fixed")
            and (self.is_budgeted or not a.is_tuned)
        ]  # fmt: skip

    def chosen(self, arms: Sequence[Arm]) -> Arm:
        """The cell at which a mode is judged: the probe's choice of those with enough seeds."""
        able = self.enough(_present(arms))
        cell = epsilon_choice.best(pd.concat([arm.runs for arm in able]), self.errors)
        if cell is None:
            raise InsufficientData(
                f"no ε of {able[0].mode} could be chosen: the probe has no cosine of it for "
                f"{'/'.join(able[0].key[1:])}"
            )
        return next(a for a in able if a.settings == cell[0] and same(a.epsilon, cell[1]))

    def enough(self, arms: Sequence[Arm]) -> list[Arm]:
        """Those with enough seeds in common with exact; raises ``InsufficientData`` for none."""
        beside = [Contrast(arm, self.exact(), self.exact()) for arm in arms]
        able = [one.mine for one in beside if len(one.seeds()) >= self.rules["least_seeds"]]
        if not able:
            enough(len(beside[0].seeds()), self.rules, beside[0].name())
        return able

    def beside_exact(self, mode: str) -> Contrast:
        return Contrast(self.chosen(self.cells(mode)), self.exact(), self.exact())

    def epsilons(self, mode: str, dtype: str) -> Axis:
        """The fixed ε of a mode in one precision."""
        cells = [
            a for a in self.arms
            if a.mode == mode and a.changed <= {"dtype"} and a.rule == "fixed"
            and not a.is_tuned and a.dtype == dtype
        ]  # fmt: skip
        mine = self.chosen(cells)
        twins = [a for a in cells if a.own_settings == mine.own_settings]
        return Axis(_by(self.enough(twins), "epsilon"), mine, self.exact())

    def rates(self, mode: str) -> Axis:
        """The learning rates of a mode at one ε, with that of its study."""
        moved = [a for a in self.arms if a.mode == mode and a.changed == {"learning_rate"}]
        own = [a for a in self.cells(mode) if any(map(a.is_twin, moved))]
        mine = self.chosen(own)
        able = self.enough([a for a in moved if mine.is_twin(a)])
        return Axis(_by([mine, *able], "learning_rate"), mine, self.exact())

    def ruled(self, mode: str, rule: str) -> Contrast:
        """A mode whose ε a rule chose, or a tuning, beside the best fixed ε."""
        cells = [
            a for a in self.arms
            if a.mode == mode and not a.changed and rule == (TUNED if a.is_tuned else a.rule)
        ]  # fmt: skip
        mine = self.enough(_present(cells))[0]
        return self.epsilons(mode, mine.dtype).beside_best(mine)


def _present(arms: Sequence[Arm]) -> Sequence[Arm]:
    if not arms:
        raise Absent
    return arms


def _by(arms: Sequence[Arm], column: str) -> dict[float, Arm]:
    return {getattr(a, column): a for a in sorted(arms, key=lambda a: getattr(a, column))}


def same(first: float, second: float) -> bool:
    return bool(np.isclose(first, second, rtol=1e-6, atol=0.0, equal_nan=True))


def groups(tables: Mapping[str, pd.DataFrame], rules: Rules) -> list[Group]:
    """Every group with one of the losses that count."""
    outcomes, quality = table(tables, "outcomes"), table(tables, "quality")
    errors, compared = table(tables, "gradient_error"), table(tables, "comparisons")
    outcomes = outcomes[outcomes["loss"].isin(rules["losses"])]
    quality = quality[quality["metric"] == rules["metric"]]
    ways = set(quality["better"])
    if not ways <= set(WORSE):
        raise InputError(
            f"claims.metric: neither way of {rules['metric']!r} is better; a number of which lower "
            "or higher is better is accepted"
        )
    compared = compared[compared["metric"] == rules["metric"]]
    parts = [(by_cell(part), part[:0]) for part in (quality, table(tables, "cost"), compared)]
    found: list[Group] = []
    for _, rows in outcomes.groupby(list(GROUP)):
        least = float(pd.to_numeric(rows["budget"]).min())
        arms = [
            _arm(runs, *(part.get(cell, none) for part, none in parts), least=least)
            for cell, runs in by_cell(rows).items()
        ]
        group = Group(arms, errors, rules)
        for other in list(found):
            if group.shares(other):
                found.remove(other)
                group = other.joined(group)
        found.append(group)
    return found


def _arm(
    runs: pd.DataFrame,
    path: pd.DataFrame,
    cost: pd.DataFrame,
    compared: pd.DataFrame,
    *,
    least: float,
) -> Arm:
    sign = WORSE[path["better"].iloc[0]] if len(path) else 1.0
    curves = sign * path.pivot(index="seed", columns="step", values="value")
    end = float(max(curves.columns, default=np.nan))
    if np.isfinite(least):
        # All steps of a cell cost the same.
        end = float((runs["steps"] * least / runs["budget"]).max())
    runs = runs.set_index("seed")
    runs = runs.assign(quality=at_step(curves, end).reindex(runs.index))
    floor = float(pd.to_numeric(compared["floor"]).max())
    return Arm(runs, curves, cost, end, sign, floor, runs.iloc[0].to_dict())


def at_step(curves: pd.DataFrame, step: float) -> pd.Series:
    """The numbers at a step, linear between snapshots; missing without any."""
    steps = curves.columns.to_numpy(float)
    k = min(int(np.searchsorted(steps, step)), len(steps) - 1)
    if k < 0:
        return pd.Series(dtype=float)
    if k == 0 or steps[k] <= step:
        return curves.iloc[:, k]
    share = (step - steps[k - 1]) / (steps[k] - steps[k - 1])
    return (1 - share) * curves.iloc[:, k - 1] + share * curves.iloc[:, k]


Compared = Contrast | Axis


@dataclass(frozen=True)
class Matches:
    """What a row of the table rests on."""

    found: Sequence[Any]
    """Of one kind: ``Contrast`` or ``Axis``."""
    left_out: list[str]
    """Groups that cannot be compared, with the reason."""


def gather(groups: Sequence[Group], build: Callable[[Group], Compared]) -> Matches:
    """What is built of every group that can be compared.

    Raises ``Absent`` where nothing was run, and ``InsufficientData`` where nothing can be compared.
    """
    found, left_out = [], []
    for group in groups:
        with suppress(Absent):
            try:
                found.append(build(group))
            except InsufficientData as lack:
                left_out.append(str(lack))
    if not found:
        raise InsufficientData("; ".join(left_out)) if left_out else Absent
    return Matches(found, left_out)


def enough(seeds: int, rules: Rules, name: str) -> None:
    """Raise ``InsufficientData`` unless a comparison rests on enough seeds."""
    if seeds < rules["least_seeds"]:
        raise InsufficientData(f"{seeds} seeds in common, of {rules['least_seeds']} needed: {name}")
