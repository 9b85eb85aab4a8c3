"""Seconds and bytes of single estimates and of training steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from approxgan.config.estimate_games import Game, Network
from approxgan.config.estimate_modes import Work, of_rule
from approxgan.core.protocols import PLAYERS, Player
from approxgan.design.choices import Choice

Spec = Mapping[str, Any]

CALL, LAYER = 6e-5, 1.5e-5
"""Seconds of one evaluation and of each of its layers, however small."""
MULTIPLY, TOGETHER, REVERSE = 4e-11, 9e-11, 1.6e-10
"""Seconds a multiplication: of one evaluation, of many copies at once, with a reverse pass."""
REVERSE_CALLS = 4.0
"""A reverse pass in calls of an evaluation."""
SWEEP_CALL, SWEEP_PARAMETER, SWEEP_UNIT, SWEEP_JACOBIAN = 5e-5, 8e-10, 6e-8, 4e-11
"""Seconds of a compiled sweep: each, and for a row's every parameter, unit and multiplication.

It takes twice as long at small ε, where its rounding is heard, and less at large ones.
"""
STEP, UPDATE, DRAW, COPY = 3e-4, 4e-9, 1e-8, 1e-9
"""Seconds of a step itself, and for a parameter's update, a random number, a copied parameter."""
SIZE = {"float32": 4.0, "float64": 8.0, "bfloat16": 2.0}
"""Bytes."""
SLOWER = {"float32": 1.0, "float64": 1.8, "bfloat16": 3.0}
CHUNK = 256.0
"""Copies in one evaluation of a sweep that is not compiled; see ``sweep.batched``."""
AHEAD = 2.0**22
"""Random numbers drawn ahead; see ``batches``."""
LANES = 20.0
"""Numbers that a compiled sweep keeps for a coordinate."""


class Place(NamedTuple):
    """Where estimates are made."""

    net: Network
    rows: float
    """That go through the chain, of all seeds."""
    seeds: float
    dtype: str
    compiled: bool
    """Whether coordinate sweeps are."""

    def seconds(self, work: Work) -> float:
        """Of one estimate."""
        net, call = self.net, CALL + LAYER * self.net.layers
        amount = self.rows * net.weights * SLOWER[self.dtype]
        rounds = math.ceil(work.values / work.together) if work.values > 1.0 else work.values
        total = rounds * call + work.values * amount * TOGETHER
        total += self.seeds * net.parameters * (COPY * work.values + DRAW * work.drawn)
        total += work.gradients * (REVERSE_CALLS * call + amount * REVERSE)
        if self.compiled:
            row = SWEEP_PARAMETER * net.parameters + SWEEP_UNIT * net.units
            row += SWEEP_JACOBIAN * net.jacobians
            return total + work.sweeps * (SWEEP_CALL + self.rows * row * SLOWER[self.dtype])
        chunks = net.parameters / CHUNK + 1.0
        return total + work.sweeps * (chunks * call + net.parameters * amount * TOGETHER)

    def held(self, work: Work) -> float:
        """Bytes at the peak of one estimate."""
        net, at_once = self.net, max(work.together, 2.0)
        if work.sweeps and not self.compiled:
            at_once = max(at_once, min(CHUNK, net.parameters + 1.0))
        own = 2.0 * at_once + work.gradients + work.drawn
        own += LANES if work.sweeps and self.compiled else 0.0
        activations = 2.0 * at_once * self.rows * net.units
        return (self.seeds * own * net.parameters + activations) * SIZE[self.dtype]


def place(spec: Spec, found: Game, player: Player, dtype: str | None = None) -> Place:
    """Where a player's estimates are made in the training of a spec and its game."""
    told, seeds = spec["training"], float(len(spec["seeds"]))
    own = told["dtype"] if dtype is None else dtype
    rows = seeds * told["batch"] * (2.0 if player == "discriminator" else 1.0)
    compiled = found.piecewise_linear and told["device"] == "cpu" and own != "bfloat16"
    return Place(found.of(player), rows, seeds, own, compiled)


def choosing(spec: Spec, choice: Choice) -> tuple[Work, float]:
    """What choosing its ε takes, and how many training steps it lasts."""
    if choice.step.rule is None or choice.match is not None:
        return Work(), 1.0
    return of_rule(choice, spec["definitions"]["rules"][choice.step.rule])


class Steps(NamedTuple):
    seconds: float
    """Of one."""
    held: float
    """Bytes at the peak."""


def steps(spec: Spec, found: Game, works: Mapping[Player, Work], dtype: str | None = None) -> Steps:
    """Of training steps with these estimates, ε being there."""
    batch = float(spec["training"]["batch"])
    total, peak, kept = STEP, 0.0, 0.0
    for player in PLAYERS:
        at = place(spec, found, player, dtype)
        parameters = at.seeds * at.net.parameters
        total += at.seconds(works[player]) + UPDATE * parameters
        peak = max(peak, at.held(works[player]))
        kept += 8.0 * parameters * SIZE[at.dtype]
    drawn = len(spec["seeds"]) * 2.0 * batch * (found.latent + found.dim)
    ahead = max(1.0, min(100.0, AHEAD / max(1.0, 2.0 * batch * found.latent)))
    return Steps(total + DRAW * drawn, peak + kept + 3.0 * ahead * drawn * SIZE["float32"])
