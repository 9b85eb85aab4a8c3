"""One player's loss as a function of its parameters, with all else frozen."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from approxgan.core.pair import generator_of, own
from approxgan.core.protocols import (
    Generator,
    Layers,
    Loss,
    Model,
    Player,
    Sweep,
)
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

    @cached_property
    def generator(self) -> Generator:
        return generator_of(self.model)

    def size(self, player: Player) -> int:
        """P"""
        if player == "generator":
            return self.generator.size(self.dim)
        return self.model.size(player, self.dim)

    def layer_sizes(self, player: Player) -> list[int]:
        if player == "generator":
            return self.generator.layer_sizes(self.dim)
        return self.model.layer_sizes(player, self.dim)

    def init(self, player: Player, rng: np.random.Generator) -> np.ndarray:
        """[P] float64: one seed's start."""
        if player == "generator":
            return self.generator.init(self.dim, rng)
        return self.model.init(player, self.dim, rng)

    def make(self, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        """Parameters of the generator [M, P] and draws [M, B, width] -> samples [M, B, dim]."""
        return self.generator.run(self.dim, theta, draws, kink)

    def judge(self, theta: Tensor, x: Tensor, kink: float | None = None) -> Tensor:
        """Parameters of the discriminator [M, Q] and samples [M, B, dim] -> logits [M, B]."""
        return self.model.apply("discriminator", self.dim, theta, x, kink).squeeze(-1)

    def layers(self, player: Player) -> Layers | None:
        """Of a player that is a chain of dense layers, by its own class' account."""
        if player == "discriminator":
            return self.model.layers(player, self.dim) if own(self.model, "layers") else None
        described = own(self.generator, "layers")
        return cast("Any", self.generator).layers(self.dim) if described else None

    def needs(self, player: Player, on: str) -> bool:
        """Whether a player's loss has terms on the real or on the fake half of the batch."""
        penalty = self.r1 > 0 and player == "discriminator" and on == "real"
        return penalty or any(term.on == on for term in getattr(self.loss, player))

    def frozen_forwards(self, player: Player) -> int:
        """Passes of the opponent that a player's objective is made with: fakes, or real logits."""
        on = "fake" if player == "discriminator" else "real"
        return int(any(term.on == on for term in getattr(self.loss, player)))

    def calls(self, player: Player, batch: int, estimates: int) -> int:
        """Samples that the generator makes for a player: fakes, or those of its own estimates."""
        return batch * (estimates if player == "generator" else self.frozen_forwards(player))

    def judged(self, player: Player, rows: int, evaluations: int, batch: int) -> int:
        """Rows through the discriminator for a player's evaluations of so many rows each."""
        frozen = batch * self.frozen_forwards(player) if player == "generator" else 0
        return rows * evaluations + frozen

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
        return self.game.judge(theta, self.inputs, self.kink)

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
            logits = game.judge(theta, real, self.kink)
            (slopes,) = torch.autograd.grad(logits.sum(), real, create_graph=wanted)
        return 0.5 * game.r1 * slopes.square().sum(-1).mean(-1)

    def preactivations(self, theta: Tensor) -> Tensor:
        """[S, M]: what goes into every activation between θ and the loss, all samples."""
        game, dim = self.game, self.game.dim
        judge, x, kept = theta, self.inputs, []
        if self.player == "generator":
            if own(game.generator, "preactivations"):
                kept = cast("Any", game.generator).preactivations(dim, theta, x)
            judge, x = self.opponent, game.make(theta, x)
        kept += game.model.preactivations("discriminator", dim, judge, x)
        return torch.cat([layer.flatten(1) for layer in kept], 1)

    def many(self, thetas: Tensor) -> Tensor:
        # The discriminator's own loss holds the fakes, and has no use for who made them.
        return self._at_once(thetas, self.opponent, self.inputs.repeat(len(thetas), 1, 1))

    def _at_once(self, thetas: Tensor, opponent: Tensor, inputs: Tensor) -> Tensor:
        """θ [K, S, P] -> losses [K, S] by one call, with what is frozen at all K · S points."""
        constant = self.constant.repeat(len(thetas))
        stacked = replace(self, opponent=opponent, inputs=inputs, constant=constant)
        return stacked(thetas.flatten(0, 1)).unflatten(0, thetas.shape[:2])

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        swept, ways = choose.sweep(
            self, self.dense(), theta, step,
            vectorises=not self.game.penalises(self.player), threads=self.game.threads,
        )  # fmt: skip
        self.game.sweeps.update(ways)
        return swept

    def with_subgradient(self, alpha: float) -> "PlayerObjective":
        return replace(self, kink=alpha)

    def to(self, dtype: torch.dtype) -> "PlayerObjective":
        """The same objective in another precision."""
        return replace(
            self,
            opponent=self.opponent.to(dtype),
            inputs=self.inputs.to(dtype),
            constant=self.constant.to(dtype),
        )

    def dense(self) -> DenseProblem | None:
        """The objective as one chain of dense layers, if the networks are of that form.

        One whose class inherits ``layers`` is not: it may have changed what they describe.
        """
        if self.game.penalises(self.player):
            return None
        players: tuple[Player, ...] = ("discriminator",)
        if self.player == "generator":
            players = ("generator", "discriminator")
        parts = [self.game.layers(player) for player in players]
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
