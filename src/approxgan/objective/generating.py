"""The generator's objective: what is behind its loss, sample by sample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from approxgan.core.pair import Network, outcomes
from approxgan.core.protocols import Outcome, Sweep
from approxgan.objective import terms
from approxgan.objective.player import PlayerObjective
from approxgan.objective.sweep import loops

STACKED = 2**16
"""Samples of a generator that is no chain of dense layers, made by one call, about."""


@dataclass(frozen=True)
class GeneratorObjective(PlayerObjective):
    """``core.protocols.Outcomes`` of the generator.

    Two samples differ by their draws alone: at the frozen ones, or at new ones in every evaluation.
    """

    noise: tuple[np.random.Generator, ...] = ()
    """Each seed's stream of new draws; none where the frozen ones are used."""
    real: Tensor | None = None
    """[S, B, dim]: the batch of data; none at a probe's points."""

    def fresh(self, noise: Sequence[np.random.Generator]) -> "GeneratorObjective":
        """The same objective with new draws in every evaluation, [S] streams."""
        return replace(self, noise=tuple(noise))

    @property
    def rows(self) -> int:
        return self.inputs.shape[1]

    @cached_property
    def listed(self) -> int:
        found = outcomes(self.game.generator, self.game.dim)
        return 0 if found is None else len(found)

    def redrawn(self, streams: Sequence[np.random.Generator]) -> "GeneratorObjective":
        """The same objective at other frozen draws, from [S] streams."""
        return replace(self, inputs=self.fresh(streams).draws(1)[0])

    def draws(self, count: int) -> Tensor:
        """[count, S, B, width] for so many evaluations."""
        if not self.noise:
            return self.inputs.expand(count, -1, -1, -1)
        draw, shape = self.game.generator.draw, (count, self.inputs.shape[1])
        rows = np.stack([draw(stream, shape) for stream in self.noise], 1)
        return torch.from_numpy(rows).to(self.inputs)

    def _logits(self, theta: Tensor) -> Tensor:
        fake = self.game.make(theta, self.draws(1)[0], self.kink)
        return self.game.judge(self.opponent, fake, self.kink)

    def many(self, thetas: Tensor) -> Tensor:
        count = len(thetas)
        if not (self.noise or self.game.layers("generator") is None):
            opponent = self.opponent.repeat(count, 1)
            return self._at_once(thetas, opponent, self.inputs.repeat(count, 1, 1))
        parts = thetas.split(max(1, STACKED // self.inputs.shape[:2].numel()))
        return torch.cat([self.constant + self._losses_at(part).mean(-1) for part in parts])

    def _losses_at(self, thetas: Tensor) -> Tensor:
        """θ [K, S, P] -> what each sample contributes, [K, S, B]."""
        draws = self.draws(len(thetas)).flatten(0, 1)
        made = self.game.make(thetas.flatten(0, 1), draws, self.kink)
        return self._losses_of(made.unflatten(0, thetas.shape[:2]))

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        if not self.noise and (self.dense() or isinstance(self.game.generator, Network)):
            return super().sweep(theta, step)
        self.game.sweeps.add("stacked")
        return loops.stacked(self.many, theta, step)

    def losses(self, samples: Tensor) -> Tensor:
        """[S, N, dim] -> what each sample contributes to the loss, [S, N]."""
        return terms.each(self._own_terms(), self.game.judge(self.opponent, samples, self.kink))

    def outcome(self, theta: Tensor) -> Outcome:
        generator, dim, draws = cast("Any", self.game.generator), self.game.dim, self.draws(1)[0]
        if hasattr(generator, "log_inner"):
            behind = generator.inner(dim, theta, draws)
            samples = generator.box(dim, behind, draws)
        else:
            behind = samples = self.game.make(theta, draws, self.kink)
        return Outcome(samples, self.losses(samples), behind)

    def inner(self, theta: Tensor) -> Tensor:
        """[S, B, K]: what goes into the generator's black box, at the frozen draws."""
        generator: Any = self.game.generator
        if hasattr(generator, "inner"):
            return generator.inner(self.game.dim, theta, self.inputs)
        return theta.unsqueeze(1).expand(-1, self.inputs.shape[1], -1)

    def boxes(self, inputs: Tensor) -> Tensor:
        """What goes into the black box, [C, S, B, K] -> what each sample contributes [C, S, B]."""
        generator: Any = self.game.generator
        count, seeds, rows = inputs.shape[:3]
        draws = self.draws(count)
        if hasattr(generator, "inner"):
            made = generator.box(self.game.dim, inputs.flatten(0, 1), draws.flatten(0, 1))
        else:
            # A parameter vector for every sample.
            made = self.game.make(inputs.flatten(0, 2), draws.flatten(0, 2).unsqueeze(1), self.kink)
        return self._losses_of(made.reshape(count, seeds, rows, -1))

    def _losses_of(self, made: Tensor) -> Tensor:
        """Samples [C, S, B, dim] -> what each contributes, [C, S, B]."""
        # Those of one seed stand in one row, beside its discriminator.
        losses = self.losses(made.transpose(0, 1).flatten(1, 2))
        return losses.unflatten(1, (len(made), made.shape[2])).transpose(0, 1)

    def each(self, thetas: Tensor) -> Tensor:
        made = self.game.make(thetas.flatten(0, 1), self.draws(1).flatten(0, 2).unsqueeze(1))
        return self.losses(made.reshape(*thetas.shape[:2], -1))

    def log_prob(self, theta: Tensor, behind: Tensor) -> Tensor:
        generator: Any = self.game.generator
        log_prob = getattr(generator, "log_inner", None) or generator.log_prob
        return log_prob(self.game.dim, theta, behind)

    def likelihood(self, theta: Tensor) -> Tensor:
        return cast("Any", self.game.generator).log_prob(self.game.dim, theta, self.real).mean(-1)

    def relaxed(self, theta: Tensor, temperature: float, *, straight: bool = False) -> Tensor:
        generator, dim, draws = cast("Any", self.game.generator), self.game.dim, self.draws(1)[0]
        made = generator.relaxed(dim, theta, draws, temperature)
        if straight:
            made = generator.run(dim, theta.detach(), draws) + (made - made.detach())
        return self.constant + self.losses(made).mean(-1)

    def expected(self, theta: Tensor) -> Tensor:
        generator, dim = cast("Any", self.game.generator), self.game.dim
        outcomes = generator.outcomes(dim).to(self.opponent)
        losses = self.losses(outcomes.expand(len(theta), -1, -1))
        return self.constant + (generator.probabilities(dim, theta) * losses).sum(-1)

    def to(self, dtype: torch.dtype) -> "GeneratorObjective":
        """The same objective in another precision, at the frozen draws."""
        real = None if self.real is None else self.real.to(dtype)
        frozen = replace(self, noise=(), real=real)
        return cast("GeneratorObjective", super(GeneratorObjective, frozen).to(dtype))
