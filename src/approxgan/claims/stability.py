"""Ways of judging stability: diverged runs, spread over seeds, oscillation of the losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Interval
from approxgan.claims.matching import Match, Missing, Rules, enough
from approxgan.claims.verdict import CHOSEN, Judged, cells, decide, exp, less, mean


class Sides(NamedTuple):
    """Outcomes of two ways to train on one data set, and what the first one is called."""

    mine: pd.DataFrame
    theirs: pd.DataFrame
    name: str

    def common(self, column: str) -> pd.DataFrame:
        """The column of both by seed, as ``column_x`` and ``column_y``, where both have it."""
        own, other = (part[["seed", column]] for part in (self.mine, self.theirs))
        return own.merge(other, on="seed").dropna()


def beside_exact(matches: Sequence[Match]) -> list[Sides]:
    return [Sides(one.at(one.chosen), one.exact, one.name(one.chosen)) for one in matches]


def divergence(matches: list[Match], rules: Rules) -> Judged:
    sides = beside_exact(matches)
    effect = rates(sides, rules)
    verdict, rule = decide(effect, -rules["rate_margin"], "below", "")
    rule += (
        "; undecided where no exact run diverged and none was to be spared, unless the mode adds"
    )
    if not any(failed(one.theirs)[0] for one in sides):
        verdict = "contradicted" if effect.low > 0 else "undecided"
    rule += f" some; Newcombe's interval, data sets pooled; {CHOSEN}"
    return Judged(effect, verdict, rule, cells(matches))


def failed(runs: pd.DataFrame, kinds: Sequence[str] = ("diverged",)) -> tuple[int, int]:
    """(runs that failed in one of the ways, all runs)."""
    return int(runs[list(kinds)].astype(bool).any(axis=1).sum()), len(runs)


def rates(sides: list[Sides], rules: Rules, kinds: Sequence[str] = ("diverged",)) -> Interval:
    """Share of failed runs minus the other side's, data sets pooled."""
    counts = [(failed(one.mine, kinds), failed(one.theirs, kinds)) for one in sides]
    mine, theirs = (
        (sum(bad for bad, _ in part), sum(total for _, total in part))
        for part in zip(*counts, strict=True)
    )
    return statistics.rate_difference(mine, theirs, 1 - rules["alpha"])


def spread(matches: list[Match], rules: Rules) -> Judged:
    effect = spreads(beside_exact(matches), rules)
    verdict, rule = decide(effect, less(rules["spread_margin"]), "below", "")
    note = "seeds that survived in both, geometric mean over data sets, paired bootstrap"
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", cells(matches))


def spreads(sides: list[Sides], rules: Rules) -> Interval:
    """sd of the final quality over seeds ÷ the other side's."""
    pairs = []
    for one in sides:
        both = one.common("quality")
        enough(len(both), rules, f"{one.name}, runs that survived in both")
        pairs.append((both["quality_x"].to_numpy(float), both["quality_y"].to_numpy(float)))
    logs = statistics.log_spread_interval(
        pairs,
        np.random.default_rng(rules["seed"]),
        level=1 - rules["alpha"],
        resamples=rules["resamples"],
    )
    return exp(logs)


def oscillation(matches: list[Match], rules: Rules, player: str) -> Judged:
    effect = oscillations(beside_exact(matches), rules, player)
    verdict, rule = decide(effect, oscillation_bound(rules), "below", "")
    note = (
        "the variance is that of the loss over the traced steps of the second half; seeds that "
        "survived in both, geometric mean over seeds and data sets, stratified bootstrap"
    )
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", cells(matches))


def oscillation_bound(rules: Rules) -> float:
    """A variance is less where its standard deviation is."""
    return less(rules["spread_margin"]) ** 2


def oscillations(sides: list[Sides], rules: Rules, player: str) -> Interval:
    """Variance of the player's loss over steps ÷ the other side's, paired by seed."""
    logs = []
    for one in sides:
        alive = one._replace(mine=_alive(one.mine), theirs=_alive(one.theirs))
        both = alive.common(f"{player}_loss_variance").drop(columns="seed").astype(float)
        # A loss that stands still has no ratio to one that moves.
        both = both[(both > 0).all(axis=1)]
        enough(len(both), rules, f"{one.name}, runs that survived in both with a loss that varies")
        logs.append(np.log(both.iloc[:, 0] / both.iloc[:, 1]).to_numpy())
    if not logs:
        raise Missing("there are no runs to compare")
    return exp(mean(logs, rules))


def _alive(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[~runs["diverged"].astype(bool)]
