"""What training costs, and what it costs to become as good as exact."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from approxgan.analysis import frames
from approxgan.claims.matching import Arm, Contrast, Rules, enough
from approxgan.claims.verdict import InsufficientData


class Budgets(NamedTuple):
    """By common seed, ln(steps to the target ÷ the other's) [n], and whether the mode got there."""

    logs: np.ndarray
    reached: np.ndarray


def budgets(one: Contrast, rules: Rules) -> Budgets:
    """The target is exact's median final quality and a share of its seed-to-seed sd.

    A run that never reaches it counts as if it did after ``never_runs`` whole runs: at least so
    many steps more it would need.
    """
    final = one.exact.runs["quality"].dropna()
    if len(final) < 2:
        raise InsufficientData(f"exact has fewer than two finite runs in {one.exact.name()}")
    target = float(final.median() + rules["equivalence_sds"] * final.std(ddof=1))
    never = rules["never_runs"] * float(one.group.path["step"].max())
    reached = [
        {seed: reach(rows, target) for seed, rows in arm.path.sort_values("step").groupby("seed")}
        for arm in (one.mine, one.other)
    ]
    common = sorted(reached[0].keys() & reached[1].keys())
    enough(len(common), rules, one.name())
    steps = np.array([[by_seed[seed] for seed in common] for by_seed in reached])
    logs = np.log(np.where(np.isnan(steps), never, steps))
    return Budgets(logs[0] - logs[1], ~np.isnan(steps[0]))


def reach(rows: pd.DataFrame, target: float) -> float:
    """The step at which the quality first reaches the target, linear between snapshots.

    At least 1; NaN for a run that never reaches it, because it diverges before or else.
    """
    steps, values = rows["step"].to_numpy(float), rows["value"].to_numpy(float)
    met = np.flatnonzero(values <= target)
    if not len(met):
        return np.nan
    k = met[0]
    if k == 0 or not np.isfinite(values[k - 1]):
        return max(steps[k], 1.0)
    share = (values[k - 1] - target) / (values[k - 1] - values[k])
    return max(float(steps[k - 1] + share * (steps[k] - steps[k - 1])), 1.0)


def per_step(arm: Arm) -> float:
    return 1.0


def forward_equivalents(arm: Arm) -> float:
    """Forward-equivalents of one training step, of runs that were trained to the end."""
    whole = arm.runs[~arm.runs["diverged"].astype(bool)]
    if whole.empty:
        raise InsufficientData(f"every run diverged, so that none was counted: {arm.name()}")
    return float((frames.forward_equivalents(whole) / whole["steps"]).median())


def seconds(arm: Arm) -> float:
    """Processor seconds of one step of one seed, mean over the blocks of seeds."""
    known = jobs(arm)
    if known.empty:
        raise InsufficientData(f"the table cost has no job of {arm.name()}")
    return float(known.mean())


def jobs(arm: Arm) -> pd.Series:
    """Processor seconds of every job ÷ the steps that its seeds were trained, by its seeds.

    A seed that diverges is taken out of its job, and costs nothing from that step on.
    """
    cost = arm.cost.set_index(["first_seed", "last_seed"])
    steps = pd.to_numeric(cost["trained_steps"]).astype(float)
    return (pd.to_numeric(cost["cpu_seconds"]).astype(float) / steps.where(steps > 0)).dropna()
