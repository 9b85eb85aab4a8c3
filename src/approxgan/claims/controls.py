"""Does a gain over exact come from approximating, or from the noise or zeros it brings?

A control has exact gradients spoilt by as much noise, or as many zeros, as the mode's estimates
have at the same ε. A gain that the control shares is not the approximation's.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from approxgan.claims.matching import Absent, Arm, Contrast, Group, same


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


def kinds(groups: Sequence[Group], mode: str) -> list[Kind]:
    """The controls that were matched with a mode anywhere, sorted."""
    arms = [arm for group in groups for arm in group.arms if arm.matched_mode == mode]
    return sorted({Kind(arm.mode, arm.own_settings) for arm in arms})


def beside(group: Group, mode: str, kind: Kind) -> Contrast:
    """Mode and control; the mode's ε is chosen among those that both have.

    Raises ``Absent`` where not both ran beside exact.
    """
    controls = [a for a in group.arms if (a.matched_mode, a.mode, a.own_settings) == (mode, *kind)]
    pairs = [(a, c) for a in group.cells(mode) for c in controls if _matched(a, c)]
    if not pairs:
        raise Absent
    mine = group.chosen([arm for arm, _ in pairs])
    control = next(control for arm, control in pairs if arm is mine)
    group.enough([control])
    return Contrast(mine, control, group.exact())


def _matched(arm: Arm, control: Arm) -> bool:
    return control.matched_settings == arm.settings and same(control.epsilon, arm.epsilon)


def over_exact(pairs: Sequence[Contrast]) -> list[Contrast]:
    """The same runs of the mode beside exact."""
    return [replace(pair, other=pair.exact) for pair in pairs]
