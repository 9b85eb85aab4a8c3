"""Small games that several tests play."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from approxgan.generators.sequences import Sequences
from approxgan.models.dense import Dense
from approxgan.objective.game import Game, discriminator_objective, generator_objective
from approxgan.training import streams
from approxgan.training.setup import Settings
from worlds.variants import example

DATA = np.random.default_rng(0).standard_normal((50, 2))
LETTERS = Dense(0, Sequences(2, 1, "prefix"), [6, 5], "leaky_relu", 0.2)
"""One letter of two, for data of two columns: a generator that has all that a mode can need."""
SMALL = Dense(latent=3, generator=[5, 4], discriminator=[6, 5], activation="leaky_relu", slope=0.2)


def game(loss: str = "nonsaturating", model: Dense = SMALL, dim: int = 2) -> Game:
    return Game(model, example("losses", loss), dim)


def settings(**changes: Any) -> Settings:
    """Of a training of four steps in float64."""
    base = {
        "steps": 4,
        "batch": 8,
        "learning_rate": 1e-2,
        "beta1": 0.9,
        "beta2": 0.99,
        "adam_epsilon": 1e-8,
        "dtype": "float64",
        "device": "cpu",
        "average": 0.0,
        "instance_noise": 0.0,
        "divergence_threshold": 1e4,
    }
    return Settings(**{**base, **changes})


def nothing(state: Any, info: Any) -> None:
    """Observe no step."""


def position(g: Game, seeds=(0, 1), batch=7, dtype=torch.float64):
    """Parameters of both players, a batch and latents, all drawn from the seeds' own streams."""

    def stack(draw):
        rows = [draw(streams.generator(seed, "data")) for seed in seeds]
        return torch.from_numpy(np.stack(rows)).to(dtype)

    theta = {
        player: stack(lambda rng, p=player: g.init(p, rng))
        for player in ("generator", "discriminator")
    }
    real = stack(lambda rng: rng.standard_normal((batch, g.dim)))
    latent = stack(lambda rng: g.generator.draw(rng, (batch,), np.float64))
    return theta, real, latent


def objectives(g: Game, **kwargs):
    """Objective and θ of both players at one position."""
    theta, real, latent = position(g, **kwargs)
    return {
        "discriminator": (
            discriminator_objective(g, theta["generator"], real, latent),
            theta["discriminator"],
        ),
        "generator": (
            generator_objective(g, theta["discriminator"], real, latent),
            theta["generator"],
        ),
    }


def rng(seeds=(0, 1), dtype=torch.float64, purpose="direction"):
    return streams.SeedStreams([streams.generator(seed, purpose) for seed in seeds], dtype)
