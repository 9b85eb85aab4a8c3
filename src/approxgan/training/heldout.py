"""How well the discriminator tells unseen true points from generated ones."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Player
from approxgan.objective.game import Game
from approxgan.training import streams

POINTS = 512
"""True and generated points each, at most: the accuracy's standard error is under 1.6 %."""


class HeldOut:
    """Accuracy and margin of a discriminator at fixed true points [n, dim] and latents."""

    columns = ("discriminator_accuracy", "discriminator_margin")

    def __init__(self, game: Game, seeds: Sequence[int], true: np.ndarray) -> None:
        self._game = game
        self._true = torch.from_numpy(true[:POINTS])
        count, draw = len(self._true), game.generator.draw
        self._latents = {
            seed: torch.from_numpy(
                draw(streams.generator(seed, "evaluation", 1), (count,), np.float64)
            )
            for seed in seeds
        }

    @torch.no_grad()
    def measure(self, theta: Mapping[Player, Tensor], seeds: Sequence[int]) -> dict[str, Tensor]:
        """θ [S, P] of both players -> each number [S].

        Accuracy is the share of true points with a logit above 0, averaged with the share of
        generated points with a logit below 0. Margin is the mean logit of true points minus that of
        generated points.
        """
        game, judge = self._game, theta["discriminator"]
        latents = torch.stack([self._latents[seed] for seed in seeds]).to(judge)
        true = self._true.to(judge).expand(len(seeds), -1, -1)
        fake = game.make(theta["generator"], latents)
        real_logits, fake_logits = (game.judge(judge, x).double() for x in (true, fake))
        right = (real_logits > 0).double().mean(1) + (fake_logits < 0).double().mean(1)
        return {
            "discriminator_accuracy": right / 2,
            "discriminator_margin": real_logits.mean(1) - fake_logits.mean(1),
        }
