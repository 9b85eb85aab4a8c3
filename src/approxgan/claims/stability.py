"""How stability is measured: diverged runs, spread over seeds, oscillation of the losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.claims.matching import Contrast, Rules, enough
from approxgan.claims.verdict import Comparison, InsufficientData

SURVIVED = "seeds that survived in both; geometric mean over data sets"


def failures(
    contrasts: Sequence[Contrast], rules: Rules, kinds: Sequence[str] = ("vanished", "diverged")
) -> Comparison:
    """Share of runs that failed in one of these ways minus the other's, data sets pooled."""
    mine = np.sum([_failed(one.mine.runs, kinds) for one in contrasts], axis=0)
    other = np.sum([_failed(one.other.runs, kinds) for one in contrasts], axis=0)
    effect = statistics.rate_difference(tuple(mine), tuple(other), 1 - rules["alpha"])
    return Comparison(effect, "newcombe", "data sets pooled", runs=int(mine[1]))


def _failed(runs: pd.DataFrame, kinds: Sequence[str]) -> tuple[int, int]:
    """(runs that failed in one of the ways, all runs)."""
    return int(runs[list(kinds)].astype(bool).any(axis=1).sum()), len(runs)


def divergence(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """Where no run of the other's diverged there was none to spare."""
    spared = any(_failed(one.other.runs, ["diverged"])[0] for one in contrasts)
    return replace(failures(contrasts, rules, ["diverged"]), can_spare=spared)


def spread(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """sd of the final quality over seeds ÷ the other's."""
    groups = []
    for one in trained(contrasts):
        groups.append(one.both("quality"))
        enough(len(groups[-1]), rules, f"{one.name()}, runs that survived in both")
    made = statistics.jackknife(groups, statistics.log_spread, level=1 - rules["alpha"])
    return Comparison(statistics.exp(made), "jackknife", SURVIVED, runs=sum(map(len, groups)))


def oscillation(contrasts: Sequence[Contrast], rules: Rules, player: str) -> Comparison:
    """Variance of the player's loss over steps ÷ the other's, paired by seed."""
    groups = []
    for one in trained(contrasts):
        alive = [
            replace(arm, runs=arm.runs[~arm.runs["diverged"].astype(bool)])
            for arm in (one.mine, one.other)
        ]
        both = replace(one, mine=alive[0], other=alive[1]).both(f"{player}_loss_variance")
        # A loss that stands still has no ratio to one that moves.
        both = both[(both > 0).all(axis=1)]
        name = f"{one.name()}, runs that survived in both with a loss that varies"
        enough(len(both), rules, name)
        groups.append(np.log(both[:, :1] / both[:, 1:]))
    made = statistics.jackknife(groups, statistics.mean, level=1 - rules["alpha"])
    note = f"of the loss over the traced steps of the second half; {SURVIVED} and seeds"
    return Comparison(statistics.exp(made), "jackknife", note, runs=sum(map(len, groups)))


def trained(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Those whose mode trains: what stands still is steady, and that is no gain.

    Raises ``InsufficientData`` if there is none.
    """
    found = [one for one in contrasts if one.mine.trains(one.exact)]
    if not found:
        names = "; ".join(one.mine.name() for one in contrasts)
        raise InsufficientData(f"it does not train, and what stands still is steady: {names}")
    return found
