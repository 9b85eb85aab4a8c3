"""What training costs, and what it costs to become as good as exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from approxgan.analysis import frames
from approxgan.claims.matching import Match, Missing, Rules, enough


def budgets(one: Match, rules: Rules) -> pd.Series:
    """ln(steps the mode needs to reach the target ÷ steps exact needs), by common seed."""
    final = one.exact["quality"].dropna()
    if len(final) < 2:
        raise Missing(f"exact has fewer than two finite runs in {'/'.join(one.group)}")
    target = float(final.median() + rules["equivalence_sds"] * final.std(ddof=1))
    never = rules["never_runs"] * float(one.path["step"].max())
    exact = one.path[one.path["mode"] == rules["baseline"]]
    exact = exact[exact["settings"] == one.exact["settings"].iloc[0]]
    mine = {
        seed: reach(rows, target, never) for seed, rows in _by_seed(one.at(one.chosen, one.path))
    }
    theirs = {seed: reach(rows, target, never) for seed, rows in _by_seed(exact)}
    common = sorted(mine.keys() & theirs.keys())
    enough(len(common), rules, one.name(one.chosen))
    return pd.Series([np.log(mine[seed] / theirs[seed]) for seed in common], common, dtype=float)


def _by_seed(rows: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    yield from rows.sort_values("step").groupby("seed")


def reach(rows: pd.DataFrame, target: float, never: float) -> float:
    """The step at which the quality first reaches the target, linear between snapshots.

    At least 1. A run that diverges before does not reach it.
    """
    steps, values = rows["step"].to_numpy(float), rows["value"].to_numpy(float)
    met = np.flatnonzero(values <= target)
    if not len(met):
        return never
    k = met[0]
    if k == 0 or not np.isfinite(values[k - 1]):
        return max(steps[k], 1.0)
    share = (values[k - 1] - target) / (values[k - 1] - values[k])
    return max(float(steps[k - 1] + share * (steps[k] - steps[k - 1])), 1.0)


def per_step(one: Match, mine: bool) -> float:
    return 1.0


def forward_equivalents(one: Match, mine: bool) -> float:
    """Forward-equivalents of one training step; a reverse pass counts as two forwards."""
    rows = one.at(one.chosen) if mine else one.exact
    whole = rows[~rows["diverged"].astype(bool)]
    if whole.empty:
        raise Missing(
            f"every run diverged, so that no whole run was counted: {one.name(one.chosen)}"
        )
    return float((frames.forward_equivalents(whole) / whole["steps"]).median())


def seconds(one: Match, mine: bool) -> float:
    """Seconds of one step of one seed, mean over the blocks of seeds."""
    known = jobs(one, mine)
    if known.empty:
        raise Missing(f"the table cost has no job of {one.name(one.chosen) if mine else 'exact'}")
    return float(known.mean())


def jobs(one: Match, mine: bool) -> pd.Series:
    """Seconds per step and seed of every job, by its block of seeds."""
    rows = one.at(one.chosen, one.cost) if mine else _exact_cost(one)
    runs = one.at(one.chosen) if mine else one.exact
    ends = rows["seeds"].astype(str).str.extract(r"^(\d+)-(\d+)$").astype(float)
    seeds = ends[1] - ends[0] + 1
    per_step = rows["seconds"] / (seeds * runs["steps"].iloc[0])
    return pd.Series(per_step.to_numpy(float), index=rows["seeds"].to_numpy()).dropna()


def _exact_cost(one: Match) -> pd.DataFrame:
    first = one.exact.iloc[0]
    rows = one.cost[one.cost["mode"] == first["mode"]]
    return rows[rows["settings"] == first["settings"]]
