"""How stability is measured: diverged runs, spread over seeds, oscillation of the losses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from approxgan.analysis import statistics
from approxgan.claims.matching import Contrast, Rules, enough
from approxgan.claims.verdict import Comparison, InsufficientData, mean_of

SURVIVED = "seeds that survived in both; geometric mean over data sets"


def failures(
    contrasts: Sequence[Contrast], rules: Rules, kinds: Sequence[str] = ("vanished", "diverged")
) -> Comparison:
    """Share of runs that failed in one of these ways minus the other's, data sets pooled."""
    mine, other = (
        np.sum([(arm.failed(*kinds).sum(), len(arm.runs)) for arm in arms], axis=0)
        for arms in ([one.mine for one in contrasts], [one.other for one in contrasts])
    )
    effect = statistics.rate_difference(tuple(mine), tuple(other), 1 - rules["alpha"])
    values = (mine[0] / mine[1], other[0] / other[1])
    return Comparison(effect, "newcombe", "data sets pooled", values, runs=int(mine[1]))


def divergence(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """Where no run of the other's diverged there was none to spare."""
    made = failures(contrasts, rules, ["diverged"])
    return replace(made, can_spare=made.values[1] > 0)


def spread(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """sd of the final quality over seeds ÷ the other's."""
    groups = []
    for one in trained(contrasts):
        groups.append(one.both("quality").to_numpy(float))
        enough(len(groups[-1]), rules, f"{one.name()}, runs that survived in both")
    made = statistics.jackknife(groups, statistics.log_spread, level=1 - rules["alpha"])
    values = mean_of([np.std(rows, axis=0, ddof=1) for rows in groups], geometric=True)
    return Comparison(
        statistics.exp(made), "jackknife", SURVIVED, values, runs=sum(map(len, groups))
    )


def oscillation(contrasts: Sequence[Contrast], rules: Rules, player: str) -> Comparison:
    """Variance of the player's loss over steps ÷ the other's, paired by seed.

    Among runs that got as far as ``Arm.reached`` says: what stands still does not oscillate.
    """
    groups = []
    for one in trained(contrasts):
        both = one.both(f"{player}_loss_variance")
        for arm in (one.mine, one.other):
            both = both[both.index.isin(arm.runs.index[arm.reached(one.exact)])]
        # A loss that stands still has no ratio to one that moves.
        kept = both[(both > 0).all(axis=1)].to_numpy(float)
        name = f"{one.name()}, runs that train in both with a loss that varies"
        enough(len(kept), rules, name)
        groups.append(kept)
    logs = [np.log(kept[:, :1] / kept[:, 1:]) for kept in groups]
    made = statistics.jackknife(logs, statistics.mean, level=1 - rules["alpha"])
    note = (
        "of the loss over the traced steps of the second half of whole runs; seeds of which both "
        "got more than half as far from the start as exact's median; geometric mean over them and "
        "data sets"
    )
    values = mean_of([np.median(kept, axis=0) for kept in groups], geometric=True)
    return Comparison(statistics.exp(made), "jackknife", note, values, runs=sum(map(len, groups)))


def trained(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Those whose mode trains: what stands still is steady, and that is no gain.

    Raises ``InsufficientData`` if there is none.
    """
    found = [one for one in contrasts if one.mine.trains(one.exact)]
    if not found:
        names = "; ".join(one.mine.name() for one in contrasts)
        raise InsufficientData(f"it does not train, and what stands still is steady: {names}")
    return found
