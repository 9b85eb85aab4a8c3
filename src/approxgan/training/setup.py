"""From a run's spec to what trains it: the modes with their settings, matched ones filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import Choice, Player
from approxgan.design import names
from approxgan.training.loop import Plan


def plan(choice: Choice, rules: Mapping[str, Any], settings: Mapping[str, Any]) -> Plan:
    """The plan of one player; ``settings`` are the choice's own and the matched ones."""
    mode = registry.build("modes", choice.mode, settings)
    if not mode.takes_epsilon:
        return Plan(mode)
    if isinstance(choice.epsilon, str):
        return Plan(mode, registry.build("rules", choice.epsilon, dict(rules[choice.epsilon])))
    return Plan(mode, choice.epsilon)


def filled(
    choice: Choice, player: Player, dtype: str, measured: pd.DataFrame | None
) -> dict[str, Any]:
    """A choice's settings, the matched ones from the probe's rows of the matched estimates.

    The number is the median over the probed seeds and steps, for this player and precision.
    Raises ``InputError`` where the probe has no finite number for it.
    """
    settings = dict(choice.settings)
    if choice.match is None or measured is None:
        return settings
    wanted = names.choice_columns(choice.match)
    rows = measured[(measured["player"] == player) & (measured["dtype"] == dtype)]
    rows = rows[(rows["settings"] == wanted["settings"]) & (rows["layer"] < 0)]
    epsilon = wanted["epsilon"]
    rows = rows[np.isclose(rows["epsilon"], epsilon, rtol=1e-6, atol=0.0, equal_nan=True)]
    for setting, column in registry.describe("modes", choice.mode).constants["matches"].items():
        value = rows[column].median() if len(rows) else np.nan
        if not np.isfinite(value):
            raise InputError(
                f"{choice.mode} is matched with {choice.match.mode} "
                f"{names.token(choice.match)}, whose {column} the probe does not have as a "
                f"finite number for the {player} in {dtype}"
            )
        settings[setting] = float(value)
    return settings
