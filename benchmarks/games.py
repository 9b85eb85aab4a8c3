"""The objectives that the benchmarks differentiate."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.config import registry
from approxgan.core.protocols import Player
from approxgan.models.dense import Dense
from approxgan.objective.game import (
    Game,
    PlayerObjective,
    discriminator_objective,
    generator_objective,
)
from approxgan.training import streams

LEAKY: Any = {"activation": "leaky_relu", "slope": 0.2}
ARTICLE = Dense(latent=100, generator=[128, 128], discriminator=[128, 128], **LEAKY)
COMPACT = Dense(latent=16, generator=[32, 32], discriminator=[32, 32], **LEAKY)
NETWORKS = {"article": ARTICLE, "compact": COMPACT}


def network(name: str) -> Dense:
    """A named network, or 'width64': the article's with another hidden width."""
    if name in NETWORKS:
        return NETWORKS[name]
    width = int(name.removeprefix("width"))
    return Dense(latent=100, generator=[width] * 2, discriminator=[width] * 2, **LEAKY)


def objective(
    name: str, player: Player, batch: int, threads: int = 1
) -> tuple[PlayerObjective, Tensor]:
    """A player's objective at a start, and θ [1, P], float32."""
    model = network(name)
    game = Game(model, registry.build("losses", "nonsaturating", {}), 2, threads)
    rng = streams.generator(0, "data")
    theta = {
        p: torch.from_numpy(model.init(p, 2, rng)[None]).float()
        for p in ("generator", "discriminator")
    }
    real = torch.from_numpy(rng.standard_normal((1, batch, 2), dtype=np.float32))
    latent = torch.from_numpy(rng.standard_normal((1, batch, model.latent), dtype=np.float32))
    if player == "discriminator":
        return discriminator_objective(game, theta["generator"], real, latent), theta[player]
    return generator_objective(game, theta["discriminator"], real, latent), theta[player]
