"""Binds a model, a loss and a frozen batch into the objective of one player."""

import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS
from approxgan.objective import terms
from approxgan.objective.generating import GeneratorObjective
from approxgan.objective.player import Game, PlayerObjective
from approxgan.objective.sweep import choose

__all__ = [
    "Game",
    "GeneratorObjective",
    "PlayerObjective",
    "discriminator_objective",
    "generator_objective",
    "warm",
]


@torch.no_grad()
def discriminator_objective(
    game: Game, generator: Tensor, real: Tensor, latent: Tensor, noise: Tensor | None = None
) -> PlayerObjective:
    """The discriminator's loss at a frozen generator [S, Q], batch and latent draw.

    Instance noise [S, 2, B, dim] is added to its samples, real and fake (Roth et al. 2017).
    """
    parts = []
    if game.needs("discriminator", "real"):
        parts.append(real if noise is None else real + noise[:, 0])
    if game.needs("discriminator", "fake"):
        fake = game.make(generator, latent)
        parts.append(fake if noise is None else fake + noise[:, 1])
    split = real.shape[1] if game.needs("discriminator", "real") else 0
    inputs = torch.cat(parts, 1) if len(parts) > 1 else parts[0]
    constant = generator.new_zeros(generator.shape[0])
    return PlayerObjective(game, "discriminator", generator, inputs, split, constant)


@torch.no_grad()
def generator_objective(
    game: Game, discriminator: Tensor, real: Tensor, latent: Tensor
) -> GeneratorObjective:
    """The generator's loss at a frozen discriminator [S, Q], batch and latent draw."""
    constant = discriminator.new_zeros(discriminator.shape[0])
    fixed = tuple(t for t in game.loss.generator if t.on == "real")
    if fixed:
        logits = game.judge(discriminator, real)
        constant = constant + terms.total(fixed, logits, None)
    return GeneratorObjective(game, "generator", discriminator, latent, 0, constant, real=real)


def warm(game: Game, dtype: torch.dtype) -> None:
    """Compile, or load, what both players' coordinate sweeps call; it looks at no data."""

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(1, *shape, dtype=dtype)

    theta = {player: zeros(game.size(player)) for player in PLAYERS}
    real, latent = zeros(1, game.dim), zeros(1, game.generator.width)
    judge = discriminator_objective(game, theta["generator"], real, latent)
    maker = generator_objective(game, theta["discriminator"], real, latent)
    for f in (judge, maker):
        choose.warm(f.dense())
