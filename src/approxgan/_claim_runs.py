"""Which runs the claims rest on: matched with exact, at an ε chosen by gradient error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from approxgan.statistics import GROUP
from approxgan.tables import COLUMNS

PROBE_GROUP = ["dataset", "model", "loss"]
Rules = Mapping[str, Any]
Cell = tuple[str, float]
"""Settings and ε of a mode; NaN for no ε."""


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
        return float(self.exact["quality"].std(ddof=1))

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


def match(tables: Mapping[str, pd.DataFrame], rules: Rules, mode: str) -> Matches:
    """A match for every group that ran both modes. Raises ``Missing`` if there is none."""
    outcomes, quality = table(tables, "outcomes"), table(tables, "quality")
    # The article knows fixed steps alone, and the range of ε is one of its claims.
    outcomes = outcomes[outcomes["rule"].fillna("").isin(["", "fixed"])]
    outcomes = outcomes[outcomes["loss"].isin(rules["losses"])]
    quality = quality[quality["metric"] == rules["metric"]]
    matches = Matches([], [])
    for group, rows in outcomes.groupby(list(GROUP)):
        here = pd.DataFrame([group], columns=list(GROUP))
        path = quality.merge(here)
        runs = _with_final(rows, path)
        mine, exact = runs[runs["mode"] == mode], runs[runs["mode"] == rules["baseline"]]
        if mine.empty or exact.empty:
            continue
        one = exact[exact["settings"] == exact["settings"].min()]
        try:
            chosen = _chosen(mine, table(tables, "gradient_error"), group, rules["probe_dtype"])
            made = Match(group, mode, mine, one, path, table(tables, "cost").merge(here), chosen)
            common = set(made.at(chosen)["seed"]) & set(one["seed"])
            enough(len(common), rules, made.name(chosen))
            matches.found.append(made)
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


def table(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """A table with text for missing settings and numbers for ε."""
    frame = tables.get(name)
    if frame is None:
        frame = pd.DataFrame(columns=list(COLUMNS[name]))
    return frame.assign(
        settings=frame["settings"].fillna("").astype(str),
        epsilon=pd.to_numeric(frame["epsilon"]).astype(float),
    )


def _with_final(runs: pd.DataFrame, path: pd.DataFrame) -> pd.DataFrame:
    keys = ["mode", "settings", "epsilon", "seed"]
    final = path[path["step"] == path["step"].max()] if len(path) else path
    final = final[[*keys, "value"]].rename(columns={"value": "quality"})
    merged = runs.merge(final.astype({"epsilon": float}), on=keys, how="left")
    return merged.assign(quality=pd.to_numeric(merged["quality"]))


def _chosen(runs: pd.DataFrame, errors: pd.DataFrame, group: Any, dtype: str) -> Cell:
    """The trained cell whose probed estimate has the highest median cosine.

    Probed on the same data set and loss, or, where these were not, with the same model. A mode
    with a single cell has no choice. Raises ``Missing`` where nothing was probed.
    """
    cells = runs[["settings", "epsilon"]].drop_duplicates().sort_values(["settings", "epsilon"])
    candidates = list(cells.itertuples(index=False, name=None))
    if len(candidates) == 1:
        return candidates[0]
    probed = errors[(errors["dtype"] == dtype) & (errors["mode"] == runs["mode"].iloc[0])]
    probed = probed[probed["model"] == group[2]]
    same = probed.merge(pd.DataFrame([group[1:]], columns=PROBE_GROUP))
    probed = probed if same.empty else same
    medians = []
    for settings, epsilon in candidates:
        near = (probed["settings"] == settings) & same_step(probed["epsilon"], epsilon)
        medians.append(pd.to_numeric(probed.loc[near, "cosine"]).median())
    if np.isnan(medians).all():
        raise Missing(
            f"no ε of {runs['mode'].iloc[0]} could be chosen: the probe has no cosine of it in "
            f"{dtype} for {'/'.join(group[1:])}"
        )
    return candidates[int(np.nanargmax(medians))]


def same_step(epsilons: pd.Series, epsilon: float) -> np.ndarray:
    """Where a column holds this ε; missing equals missing."""
    values = epsilons.to_numpy(float)
    return np.isclose(values, epsilon, rtol=1e-6, atol=0.0, equal_nan=True)


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
    cap = float(rules["cap_sds"])
    lost, other = both["quality_x"].isna(), both["quality_y"].isna()
    values = ((both["quality_x"] - both["quality_y"]) / spread).clip(-cap, cap)
    values = values.mask(lost, cap).mask(other, -cap).mask(lost & other, 0.0)
    return values.to_numpy(float)
