"""How large a game is: parameters, multiplications and units of its networks, from their text."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from approxgan.config import registry
from approxgan.core.protocols import Player
from approxgan.design import cells

LARGEST = 10**18
"""Whole numbers are cut here: what is larger is refused anyway, and floats hold this."""
UNKNOWN = {"latent": 128, "generator": [256, 256], "discriminator": [256, 256]}
"""What a kind of model that does not state its widths is taken for."""
UNKNOWN_DIM = 64
NARROW = 8
"""Nodes this narrow are gone through by the compiled sweep without Jacobians across them."""


class Network(NamedTuple):
    """A chain of dense layers that one player's loss goes through."""

    parameters: float
    """Of the player itself."""
    weights: float
    """Of the whole chain: multiplications for one row."""
    units: float
    layers: int
    jacobians: float
    """Multiplications for the Jacobians between nodes that the compiled sweep needs, a row."""


class Game(NamedTuple):
    discriminator: Network
    generator: Network
    latent: float
    dim: float
    piecewise_linear: bool
    """Its coordinate sweeps are compiled then, on the processor."""
    assumed: tuple[str, ...]
    """What had to be assumed."""

    def of(self, player: Player) -> Network:
        return self.generator if player == "generator" else self.discriminator


def game(definitions: Mapping[str, Any]) -> Game:
    """The game of a spec's ``definitions``."""
    return _game(*(json.dumps(definitions[key], sort_keys=True) for key in ("dataset", "model")))


@cache
def _game(dataset: str, model: str) -> Game:
    dim, unknown = dim_of(json.loads(dataset))
    found = json.loads(model)
    known = all(key in found for key in UNKNOWN)
    widths = {key: found[key] if known else UNKNOWN[key] for key in UNKNOWN}
    latent = _whole(widths["latent"])
    make, judge = (
        [_whole(w) for w in widths[key]] if isinstance(widths[key], list) else []
        for key in ("generator", "discriminator")
    )
    own, other = [latent, *make, dim], [dim, *judge, 1.0]
    # Of the dense networks' activations these two have a kink.
    kinked = known and found.get("activation") in ("leaky_relu", "relu")
    assumed = unknown if known else (*unknown, f"model {found['kind']}: widths {UNKNOWN}")
    return Game(
        _network(other, len(other)), _network(own + other[1:], len(own)),
        latent, dim, kinked, assumed,
    )  # fmt: skip


def dim_of(dataset: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    """Columns of a dataset's samples, and what had to be assumed."""
    stated = registry.describe("datasets", dataset["kind"]).constants.get("dim")
    if stated is not None:
        return float(stated), ()
    try:
        return float(cells.build_dataset(dataset).dim), ()
    except (OSError, ValueError):
        return float(UNKNOWN_DIM), (f"dataset {dataset['kind']}: {UNKNOWN_DIM} columns",)


def _whole(value: Any) -> float:
    """A width; of what is none the model itself complains."""
    return float(min(max(value, 1), LARGEST)) if isinstance(value, int) else 1.0


def _network(nodes: list[float], own: int) -> Network:
    """The chain through ``nodes``, of which the layers into the first ``own`` are the player's."""
    sizes = [(into + 1.0) * out for into, out in itertools.pairwise(nodes)]
    return Network(sum(sizes[: own - 1]), sum(sizes), sum(nodes[1:]), len(sizes), _jacobians(nodes))


def _jacobians(nodes: list[float]) -> float:
    total, last = 0.0, len(nodes) - 1
    for a in range(1, last):
        for b in range(a + 2, last):
            if min(nodes[a + 1 : b]) <= NARROW:
                break
            total += nodes[a] * nodes[b - 1] * nodes[b]
    return total
