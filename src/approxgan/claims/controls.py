"""Does a gain over exact come from approximating, or from the noise or zeros it brings?

A control has exact gradients spoilt by as much noise, or as many zeros, as the mode's estimates
have at the same ε. A gain that the control shares is not the approximation's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from approxgan.analysis.epsilon_choice import Cell, cells
from approxgan.analysis.frames import same_step
from approxgan.claims.matching import Contrast, Group, Matches, Rules, enough
from approxgan.claims.verdict import InsufficientData


class Kind(NamedTuple):
    """A control as the config names it: its mode and the settings that the match leaves open."""

    mode: str
    own: str
    """As JSON."""

    @property
    def name(self) -> str:
        own = json.loads(self.own or "{}")
        words = [
            value if isinstance(value, str) else f"{key} {value}" for key, value in own.items()
        ]
        return f"{self.mode} ({', '.join(words)})" if words else self.mode


def _matched(group: Group, mode: str) -> pd.DataFrame:
    """Runs of controls that are matched with this mode."""
    return group.runs[group.runs["matched_mode"] == mode]


def kinds(groups: Sequence[Group], mode: str) -> list[Kind]:
    """The controls that were matched with a mode anywhere, sorted."""
    found = [_matched(group, mode)[["mode", "own_settings"]] for group in groups]
    rows = pd.concat(found).drop_duplicates() if found else pd.DataFrame()
    return sorted(Kind(*row) for row in rows.itertuples(index=False, name=None))


def match(groups: Sequence[Group], rules: Rules, mode: str, kind: Kind) -> Matches:
    """Mode and control wherever both ran; the mode's ε is chosen among those that both have.

    Raises ``InsufficientData`` where no data set has enough seeds of both and of exact.
    """
    found = Matches([], [])
    for group in groups:
        twins = _twins(group, mode, kind)
        exact = group.exact(rules)
        if not twins or exact is None:
            continue
        mine = group.of(mode)
        among = pd.DataFrame(list(twins), columns=["settings", "epsilon"])
        try:
            chosen = group.chosen(mine.merge(among, on=["settings", "epsilon"]))
            arms = group.arm(mode, chosen), group.arm(kind.mode, twins[chosen])
            pair = Contrast(group, *arms, exact)
            enough(len(pair.seeds()), rules, pair.name())
            found.found.append(pair)
        except InsufficientData as lack:
            found.left_out.append(str(lack))
    if not found.found:
        raise InsufficientData("; ".join(found.left_out) or f"{kind.name} was not run beside exact")
    return found


def _twins(group: Group, mode: str, kind: Kind) -> dict[Cell, Cell]:
    """The mode's cells with a control of this kind -> the control's."""
    runs = _matched(group, mode)
    runs = runs[(runs["mode"] == kind.mode) & (runs["own_settings"] == kind.own)]
    found = {}
    for settings, epsilon in cells(group.of(mode)):
        here = (runs["matched_settings"] == settings) & same_step(runs["epsilon"], epsilon)
        if here.any():
            found[settings, epsilon] = cells(runs[here])[0]
    return found


def over_exact(pairs: Sequence[Contrast]) -> list[Contrast]:
    """The same runs of the mode beside exact."""
    return [replace(pair, other=pair.exact) for pair in pairs]
