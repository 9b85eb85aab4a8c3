"""Does a gain over exact come from approximating, or from the noise or zeros it brings?

A control has exact gradients spoilt by as much noise, or as many zeros, as the probe measured in
the mode's estimates at the same ε. A gain that the control shares is not the approximation's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from approxgan.analysis.frames import same_step
from approxgan.analysis.statistics import Interval
from approxgan.claims import cost as costs
from approxgan.claims import measures as ways
from approxgan.claims import stability
from approxgan.claims.matching import (
    Cell,
    Group,
    Match,
    Missing,
    Rules,
    enough,
    same_cell,
)
from approxgan.claims.stability import Sides
from approxgan.claims.verdict import Judged, decide, exp, less, mean
from approxgan.core.protocols import PLAYERS


@dataclass(frozen=True)
class Kind:
    """A control as the config spells it: its mode and the settings that the match leaves open."""

    mode: str
    own: str

    @property
    def name(self) -> str:
        return f"{self.mode} ({self.own})" if self.own else self.mode


@dataclass(frozen=True)
class Pair:
    """A mode and its control on one data set, at one ε, beside the same exact runs."""

    mine: Match
    control: Match

    def seeds(self) -> set[int]:
        """In common to the mode, its control and exact."""
        one, other = self.mine, self.control
        own, theirs = one.at(one.chosen)["seed"], other.at(other.chosen)["seed"]
        return set(own) & set(theirs) & set(one.exact["seed"])

    def sides(self) -> Sides:
        one, other = self.mine, self.control
        return Sides(one.at(one.chosen), other.at(other.chosen), self.name())

    def name(self) -> str:
        one, other = self.mine, self.control
        return f"{one.name(one.chosen)} against {other.name(other.chosen)}"


@dataclass(frozen=True)
class Pairs:
    pairs: list[Pair]
    left_out: list[str]
    """Groups that ran both but cannot be compared, with the reason."""


@dataclass(frozen=True)
class Way:
    """A measure by which a mode may gain over exact, and the same against its control."""

    claim: str
    measure: str
    gain: Callable[[list[Match], Rules], Judged]
    contrast: Callable[[list[Pair], Rules], Interval]
    bound: Callable[[Rules], float]


def judges(claim: str) -> list[Way]:
    """The ways of one claim, in the order of the table."""
    found = [
        Way("C1", "training steps to the target ÷ {}'s (1)", _speed, _faster,
            lambda r: less(r["speed_margin"])),
        Way("C2", "rate of diverged runs − {}'s (share of runs)", stability.divergence, _rates,
            lambda r: -r["rate_margin"]),
        Way("C2", "seed-to-seed sd of the final quality ÷ {}'s (1)", stability.spread, _spreads,
            lambda r: less(r["spread_margin"])),
        *(
            Way("C2", f"variance of the {player}'s loss ÷ {{}}'s (1)",
                partial(stability.oscillation, player=player),
                partial(_oscillations, player=player), stability.oscillation_bound)
            for player in reversed(PLAYERS)
        ),
    ]  # fmt: skip
    return [way for way in found if way.claim == claim]


def _speed(matches: list[Match], rules: Rules) -> Judged:
    return ways.speed(matches, rules, costs.per_step)


def _faster(pairs: list[Pair], rules: Rules) -> Interval:
    logs = []
    for one in pairs:
        # Both are ratios to the same exact run, which cancels.
        both = costs.budgets(one.mine, rules) - costs.budgets(one.control, rules)
        logs.append(both.dropna().to_numpy())
    return exp(mean(logs, rules))


def _rates(pairs: list[Pair], rules: Rules) -> Interval:
    return stability.rates([one.sides() for one in pairs], rules)


def _spreads(pairs: list[Pair], rules: Rules) -> Interval:
    return stability.spreads([one.sides() for one in pairs], rules)


def _oscillations(pairs: list[Pair], rules: Rules, player: str) -> Interval:
    return stability.oscillations([one.sides() for one in pairs], rules, player)


def kinds(groups: list[Group], mode: str) -> list[Kind]:
    """The controls that were matched with a mode anywhere, sorted."""
    found = {
        Kind(row.mode, own)
        for group in groups
        for settings in group.of(mode)["settings"].unique()
        for row in group.runs[["mode", "settings"]].drop_duplicates().itertuples()
        if (own := _own(str(row.settings), mode, settings)) is not None
    }
    return sorted(found, key=lambda kind: (kind.mode, kind.own))


def _own(settings: str, mode: str, matched: str) -> str | None:
    """A control's own settings, if it is matched with this mode and settings; see ``naming``."""
    like = f"like_{mode}_{matched}" if matched else f"like_{mode}"
    if settings == like:
        return ""
    return settings.removeprefix(f"{like}_") if settings.startswith(f"{like}_") else None


def match(groups: list[Group], rules: Rules, mode: str, kind: Kind) -> Pairs:
    """Mode and control wherever both ran; the mode's ε is chosen among those that both have.

    Raises ``Missing`` where no data set has enough seeds of both and of exact.
    """
    found = Pairs([], [])
    for group in groups:
        mine, control = group.of(mode), group.of(kind.mode)
        twins = list(_twins(mine, control, mode, kind))
        if not twins or group.exact(rules).empty:
            continue
        among = pd.DataFrame([own for own, _ in twins], columns=["settings", "epsilon"])
        try:
            one = group.match(mine.merge(among, on=["settings", "epsilon"]), rules)
            theirs = next(other for own, other in twins if same_cell(own, one.chosen))
            pair = Pair(one, group.match(control, rules, theirs))
            enough(len(pair.seeds()), rules, pair.name())
            found.pairs.append(pair)
        except Missing as missing:
            found.left_out.append(str(missing))
    if not found.pairs:
        raise Missing("; ".join(found.left_out) or f"{kind.name} was not run beside exact")
    return found


def _twins(
    mine: pd.DataFrame, control: pd.DataFrame, mode: str, kind: Kind
) -> Iterator[tuple[Cell, Cell]]:
    """(the mode's cell, its control's)."""
    theirs = control[["settings", "epsilon"]].drop_duplicates()
    cells = mine[["settings", "epsilon"]].drop_duplicates()
    for settings, epsilon in cells.itertuples(index=False, name=None):
        own = [_own(text, mode, settings) == kind.own for text in theirs["settings"]]
        near = theirs[np.array(own, bool) & same_step(theirs["epsilon"], epsilon)]
        if len(near):
            yield (settings, epsilon), (near["settings"].iloc[0], near["epsilon"].iloc[0])


def judge(way: Way, found: Pairs, rules: Rules) -> Judged:
    """Supported: a gain over exact that the control does not share."""
    effect = way.contrast(found.pairs, rules)
    against, rule = decide(effect, way.bound(rules), "below", "")
    gain = way.gain([pair.mine for pair in found.pairs], rules)
    verdict = against if gain.verdict == "supported" else gain.verdict
    low, high = gain.effect.low, gain.effect.high
    rule = (
        f"a gain over exact that the control does not share: {rule}; that counts where the gain "
        f"over exact is supported, otherwise the verdict over exact stands, as there is no gain "
        f"to share; over exact it is {gain.verdict}, {gain.effect.estimate:.3g} ({low:.3g} to "
        f"{high:.3g}): {gain.rule}, among those that the control was matched with"
    )
    return Judged(effect, verdict, rule, "; ".join(pair.name() for pair in found.pairs))
