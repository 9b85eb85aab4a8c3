"""Which runs the claims rest on: matched with exact, at an ε chosen by gradient error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import epsilon_choice, statistics
from approxgan.analysis.epsilon_choice import Cell
from approxgan.analysis.frames import GROUP, final, same_step, table

Rules = Mapping[str, Any]


class Missing(Exception):
    """What a verdict would need and does not have."""


@dataclass(frozen=True)
class Match:
    """One mode's runs in one group, and the exact runs they are compared with."""

    group: tuple[str, ...]
    mode: str
    runs: pd.DataFrame
    """The mode's outcomes, with the column ``quality`` at the last step (NaN: diverged)."""
    exact: pd.DataFrame
    path: pd.DataFrame
    """Quality of both over the snapshots: mode, settings, epsilon, seed, step, value."""
    cost: pd.DataFrame
    chosen: Cell
    floor: float = np.nan
    """The chaos floor of the chosen cell's quality, in exact's sds; NaN where not measured."""

    def at(self, cell: Cell, frame: pd.DataFrame | None = None) -> pd.DataFrame:
        """The mode's rows of one cell."""
        rows = self.runs if frame is None else frame[frame["mode"] == self.mode]
        return rows[(rows["settings"] == cell[0]) & same_step(rows["epsilon"], cell[1])]

    def steps(self) -> list[Cell]:
        """The cells with the chosen cell's settings that have an ε, by ε."""
        settings = self.chosen[0]
        mine = self.runs.loc[self.runs["settings"] == settings, "epsilon"].dropna()
        return [(settings, float(epsilon)) for epsilon in np.sort(mine.unique())]

    def spread(self) -> float:
        """Exact's seed-to-seed standard deviation of the final quality."""
        return statistics.spread(self.exact["quality"].to_numpy(float))

    def name(self, cell: Cell) -> str:
        """The cell in words."""
        epsilon = "" if np.isnan(cell[1]) else f" ε={cell[1]:g}"
        settings = f" {cell[0]}" if cell[0] else ""
        seeds = len(self.at(cell))
        return f"{'/'.join(self.group)} {self.mode}{settings}{epsilon} ({seeds} seeds)"


@dataclass(frozen=True)
class Matches:
    """What a claim about one mode rests on."""

    found: list[Match]
    left_out: list[str]
    """Groups that ran both modes but cannot be compared, with the reason."""


@dataclass(frozen=True)
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

    def exact(self, rules: Rules) -> pd.DataFrame:
        found = self.of(rules["baseline"])
        return found[found["settings"] == found["settings"].min()]

    def match(self, mine: pd.DataFrame, rules: Rules, chosen: Cell | None = None) -> Match:
        """A mode's runs beside exact's, at the chosen cell or the one that the probe chooses.

        Raises ``Missing`` for fewer seeds in common than a comparison needs.
        """
        exact = self.exact(rules)
        if chosen is None:
            chosen = _chosen(mine, self.errors)
        mode = str(mine["mode"].iloc[0])
        floor = self._floor(mode, chosen)
        made = Match(self.key, mode, mine, exact, self.path, self.cost, chosen, floor)
        common = set(made.at(chosen)["seed"]) & set(exact["seed"])
        enough(len(common), rules, made.name(chosen))
        return made

    def _floor(self, mode: str, cell: Cell) -> float:
        rows = self.compared[self.compared["mode"] == mode]
        rows = rows[(rows["settings"] == cell[0]) & same_step(rows["epsilon"], cell[1])]
        return float(pd.to_numeric(rows["floor"]).max())


def groups(tables: Mapping[str, pd.DataFrame], rules: Rules) -> list[Group]:
    """Every group with one of the losses that count."""
    outcomes, quality = table(tables, "outcomes"), table(tables, "quality")
    cost, errors = table(tables, "cost"), table(tables, "gradient_error")
    compared = table(tables, "comparisons")
    compared = compared[compared["metric"] == rules["metric"]]
    # The article knows fixed steps alone, and the range of ε is one of its claims.
    outcomes = outcomes[outcomes["rule"].isin(["", "fixed"])]
    outcomes = outcomes[outcomes["loss"].isin(rules["losses"])]
    quality = quality[quality["metric"] == rules["metric"]]
    found = []
    for key, rows in outcomes.groupby(list(GROUP)):
        here = pd.DataFrame([key], columns=list(GROUP))
        path = quality.merge(here)
        parts = (cost.merge(here), errors, compared.merge(here))
        found.append(Group(key, _with_final(rows, path), path, *parts))
    return found


def match(groups: list[Group], rules: Rules, mode: str) -> Matches:
    """A match for every group that ran both modes. Raises ``Missing`` if there is none."""
    matches = Matches([], [])
    for group in groups:
        mine = group.of(mode)
        if mine.empty or group.exact(rules).empty:
            continue
        try:
            matches.found.append(group.match(mine, rules))
        except Missing as missing:
            matches.left_out.append(str(missing))
    if not matches.found:
        raise Missing("; ".join(matches.left_out) or _never_met(rules, mode))
    return matches


def _never_met(rules: Rules, mode: str) -> str:
    return (
        f"no data set was run with both {mode} and {rules['baseline']} and one of the losses "
        f"{', '.join(rules['losses'])}"
    )


def _with_final(runs: pd.DataFrame, path: pd.DataFrame) -> pd.DataFrame:
    keys = ["mode", "settings", "epsilon", "seed"]
    last = final(path)[[*keys, "value"]].rename(columns={"value": "quality"})
    merged = runs.merge(last, on=keys, how="left")
    return merged.assign(quality=pd.to_numeric(merged["quality"]).astype(float))


def _chosen(runs: pd.DataFrame, errors: pd.DataFrame) -> Cell:
    chosen = epsilon_choice.best(runs, errors)
    if chosen is None:
        first = runs.iloc[0]
        where = "/".join(first[list(epsilon_choice.PROBE_GROUP)])
        raise Missing(
            f"no ε of {first['mode']} could be chosen: the probe has no cosine of it for {where} "
            "in the precision that chooses (claims.probe_dtype)"
        )
    return chosen


def same_cell(one: Cell, other: Cell) -> bool:
    return one[0] == other[0] and bool(same_step(pd.Series([one[1]]), other[1])[0])


def enough(seeds: int, rules: Rules, name: str) -> None:
    """Raise ``Missing`` unless a comparison rests on enough seeds."""
    if seeds < rules["least_seeds"]:
        raise Missing(f"{seeds} seeds in common, of {rules['least_seeds']} needed: {name}")


def differences(match: Match, cell: Cell, rules: Rules, base: Cell | None = None) -> np.ndarray:
    """Final quality minus exact's (or the base cell's), per seed, in exact's standard deviations.

    Positive is worse. Capped at ±cap_sds; a diverged run is that much worse than one that did
    not diverge, and equal to another that did.
    """
    spread = match.spread()
    if not spread > 0:
        raise Missing(
            f"exact's final {rules['metric']} has no seed-to-seed spread in {'/'.join(match.group)}"
        )
    reference = match.exact if base is None else match.at(base)
    both = match.at(cell)[["seed", "quality"]].merge(reference[["seed", "quality"]], on="seed")
    enough(len(both), rules, match.name(cell))
    values, others = both["quality_x"].to_numpy(float), both["quality_y"].to_numpy(float)
    cap = float(rules["cap_sds"])
    return statistics.in_spreads(values, others, spread=spread, cap=cap, worse=1)
