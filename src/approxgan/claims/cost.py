"""What training costs, and what it costs to become as good as exact."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from approxgan.analysis import frames
from approxgan.claims.matching import Arm, Contrast, Rules, enough
from approxgan.claims.verdict import InsufficientData

Price = Callable[[Arm], float]
"""Cost of one training step."""


class Spent(NamedTuple):
    """What the runs of a mode and of the other spend until they are as good as exact."""

    costs: np.ndarray
    """[n, 2] by common seed; infinite for a run that never gets there."""
    whole: np.ndarray
    """[2]: of whole runs."""


def to_target(one: Contrast, rules: Rules, price: Price) -> Spent:
    """The target is exact's median final quality and a share of its seed-to-seed sd."""
    final = one.exact.runs["quality"].dropna()
    if len(final) < 2:
        raise InsufficientData(f"exact has fewer than two finite runs in {one.exact.name()}")
    target = float(final.median() + rules["equivalence_sds"] * final.std(ddof=1))
    curves = [arm.curves for arm in (one.mine, one.other)]
    prices = np.array([price(arm) for arm in (one.mine, one.other)])
    steps = [own.apply(reach, axis=1, target=target) for own in curves]
    both = pd.concat(steps, axis=1, join="inner").to_numpy(float)
    enough(len(both), rules, one.name())
    return Spent(both * prices, prices * [own.columns[-1] for own in curves])


def reach(curve: pd.Series, target: float) -> float:
    """The step at which a run first reaches the target, linear between its snapshots.

    At least 1; infinite for a run that never reaches it, because it diverges before or else.
    """
    steps, values = curve.index.to_numpy(float), curve.to_numpy(float)
    met = np.flatnonzero(values <= target)
    if not len(met):
        return np.inf
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
