"""Binds a model, a loss and a frozen batch into the objective of one player."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS, Loss, Model, Player, Sweep
from approxgan.objective import terms
from approxgan.objective.problem import DenseProblem, SampleTerm
from approxgan.objective.sweep import choose


@dataclass(frozen=True)
class Game:
    """What stays the same for a whole run: the networks, the loss and the data's columns."""

    model: Model
    loss: Loss
    dim: int
    threads: int = 1
    """Threads of a compiled sweep; they do not change its result."""
    r1: float = 0.0
    """γ of the penalty γ/2 · E‖∇_x D(x)‖² over real x in the discriminator's loss: R1 of
    Mescheder et al. (2018)."""
    sweeps: set[str] = field(default_factory=set, compare=False)
    """How the coordinate sweeps so far were evaluated, for the record."""

    def needs(self, player: Player, on: str) -> bool:
        """Whether a player's loss has terms on the real or on the fake half of the batch."""
        penalty = self.r1 > 0 and player == "discriminator" and on == "real"
        return penalty or any(term.on == on for term in getattr(self.loss, player))

    def frozen_forwards(self, player: Player) -> int:
        """Passes of the opponent that a player's objective is made with: fakes, or real logits."""
        on = "fake" if player == "discriminator" else "real"
        return int(any(term.on == on for term in getattr(self.loss, player)))

    def penalises(self, player: Player) -> bool:
        return self.r1 > 0 and player == "discriminator"


@dataclass(frozen=True)
class PlayerObjective:
    """``core.protocols.Objective`` of one player, for S stacked seeds.

    ``opponent`` [S, Q] is the other player's parameters, ``real`` [S, B, dim] the batch and
    ``latent`` [S, B, latent] the draw; all three are frozen (common random numbers).
    """

    game: Game
    player: Player
    opponent: Tensor
    inputs: Tensor
    """[S, N, in]: latents for the generator; the real and then the fake half for its opponent."""
    split: int
    """Rows of ``inputs`` that are real."""
    constant: Tensor
    """[S]: terms that the player cannot change."""
    kink: float | None = None

    def _logits(self, theta: Tensor) -> Tensor:
        game = self.game
        if self.player == "discriminator":
            out = game.model.apply("discriminator", game.dim, theta, self.inputs, self.kink)
        else:
            fake = game.model.apply("generator", game.dim, theta, self.inputs, self.kink)
            out = game.model.apply("discriminator", game.dim, self.opponent, fake, self.kink)
        return out.squeeze(-1)

    def _own_terms(self) -> tuple[Any, ...]:
        own = getattr(self.game.loss, self.player)
        return own if self.player == "discriminator" else tuple(t for t in own if t.on == "fake")

    def __call__(self, theta: Tensor) -> Tensor:
        own = self._own_terms()
        if not own:
            # No parameter counts, but torch may ask for the derivative, which is 0.
            return self.constant + theta[:, :0].sum(-1)
        logits = self._logits(theta)
        value = terms.total(own, logits[:, : self.split], logits[:, self.split :])
        if self.game.penalises(self.player):
            value = value + self._penalty(theta)
        return self.constant + value

    def _penalty(self, theta: Tensor) -> Tensor:
        """[S]: γ/2 · E‖∇_x D(x)‖² over the real half."""
        game, real = self.game, self.inputs[:, : self.split].detach().requires_grad_(True)
        wanted = torch.is_grad_enabled() and theta.requires_grad
        with torch.enable_grad():
            logits = game.model.apply("discriminator", game.dim, theta, real, self.kink)
            (slopes,) = torch.autograd.grad(logits.sum(), real, create_graph=wanted)
        return 0.5 * game.r1 * slopes.square().sum(-1).mean(-1)

    def preactivations(self, theta: Tensor) -> Tensor:
        """[S, M]: what goes into every activation between θ and the loss, all samples."""
        game = self.game
        kept = game.model.preactivations(self.player, game.dim, theta, self.inputs)
        if self.player == "generator":
            fake = game.model.apply("generator", game.dim, theta, self.inputs)
            kept += game.model.preactivations("discriminator", game.dim, self.opponent, fake)
        return torch.cat([layer.flatten(1) for layer in kept], 1)

    def many(self, thetas: Tensor) -> Tensor:
        count = thetas.shape[0]
        # The discriminator's own loss holds the fakes, and has no use for who made them.
        judged = self.player == "discriminator"
        repeated = replace(
            self,
            opponent=self.opponent if judged else self.opponent.repeat(count, 1),
            inputs=self.inputs.repeat(count, 1, 1),
            constant=self.constant.repeat(count),
        )
        return repeated(thetas.flatten(0, 1)).unflatten(0, thetas.shape[:2])

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        swept, ways = choose.sweep(
            self, self.dense(), theta, step,
            vectorises=not self.game.penalises(self.player), threads=self.game.threads,
        )  # fmt: skip
        self.game.sweeps.update(ways)
        return swept

    def with_subgradient(self, alpha: float) -> PlayerObjective:
        return replace(self, kink=alpha)

    def to(self, dtype: torch.dtype) -> PlayerObjective:
        """The same objective in another precision."""
        return replace(
            self,
            opponent=self.opponent.to(dtype),
            inputs=self.inputs.to(dtype),
            constant=self.constant.to(dtype),
        )

    def dense(self) -> DenseProblem | None:
        """The objective as one chain of dense layers, if the model is of that form.

        A model whose class inherits ``layers`` is not: it may have changed what they describe.
        """
        model, dim = self.game.model, self.game.dim
        if self.game.penalises(self.player) or "layers" not in vars(type(model)):
            return None
        players: tuple[Player, ...] = ("discriminator",)
        if self.player == "generator":
            players = ("generator", "discriminator")
        parts = [model.layers(player, dim) for player in players]
        sizes: tuple[int, ...] = ()
        activations: tuple[float | str, ...] = ()
        for part in parts:
            if part is None:
                return None
            sizes, activations = sizes[:-1] + part[0], activations + part[1]
        owned = len(parts[0][1]) if parts[0] else 0
        frozen = self.opponent if self.player == "generator" else self.opponent[:, :0]
        return DenseProblem(
            sizes, activations, owned, self.inputs, frozen, self._sample_terms(), self.constant
        )

    def _sample_terms(self) -> tuple[SampleTerm, ...]:
        rows = {"real": (0, self.split), "fake": (self.split, self.inputs.shape[1])}
        return tuple(
            SampleTerm(*rows[t.on], t.function, t.sign, t.weight) for t in self._own_terms()
        )


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
        fake = game.model.apply("generator", game.dim, generator, latent)
        parts.append(fake if noise is None else fake + noise[:, 1])
    split = real.shape[1] if game.needs("discriminator", "real") else 0
    inputs = torch.cat(parts, 1) if len(parts) > 1 else parts[0]
    constant = generator.new_zeros(generator.shape[0])
    return PlayerObjective(game, "discriminator", generator, inputs, split, constant)


@torch.no_grad()
def generator_objective(
    game: Game, discriminator: Tensor, real: Tensor, latent: Tensor
) -> PlayerObjective:
    """The generator's loss at a frozen discriminator [S, Q], batch and latent draw."""
    constant = discriminator.new_zeros(discriminator.shape[0])
    fixed = tuple(t for t in game.loss.generator if t.on == "real")
    if fixed:
        logits = game.model.apply("discriminator", game.dim, discriminator, real).squeeze(-1)
        constant = constant + terms.total(fixed, logits, None)
    return PlayerObjective(game, "generator", discriminator, latent, 0, constant)


def warm(game: Game, dtype: torch.dtype) -> None:
    """Compile, or load, what both players' coordinate sweeps call; it looks at no data."""

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(1, *shape, dtype=dtype)

    theta = {player: zeros(game.model.size(player, game.dim)) for player in PLAYERS}
    real, latent = zeros(1, game.dim), zeros(1, game.model.latent)
    judge = discriminator_objective(game, theta["generator"], real, latent)
    maker = generator_objective(game, theta["discriminator"], real, latent)
    for f in (judge, maker):
        choose.warm(f.dense())
