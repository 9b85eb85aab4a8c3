"""Alternating GAN training of a block of stacked seeds with any gradient mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan import streams
from approxgan.core import PLAYERS, Estimate, GradientMode, Player
from approxgan.gan import (
    Game,
    PlayerObjective,
    discriminator_objective,
    generator_objective,
)

BULK = 2**22
"""Random numbers drawn ahead per seed, at most: bounds the memory of a block."""


@dataclass(frozen=True)
class Settings:
    """What the config says of training; see config.yaml for meanings and units."""

    steps: int
    batch: int
    learning_rate: float
    beta1: float
    beta2: float
    adam_epsilon: float
    dtype: str
    device: str
    divergence_threshold: float

    @property
    def torch_dtype(self) -> torch.dtype:
        return {"float32": torch.float32, "float64": torch.float64}[self.dtype]


@dataclass(frozen=True)
class AdamState:
    """One player's parameters and Adam's moments, each [S, P]."""

    theta: Tensor
    first: Tensor
    second: Tensor


@dataclass
class TrainState:
    """What the next step needs."""

    step: int
    players: dict[Player, AdamState]
    seeds: tuple[int, ...]
    """Seeds still training; a seed that diverged is taken out of the stack."""
    directions: dict[Player, list[np.random.Generator]]
    draws: Draws
    forwards: int = 0
    backwards: int = 0


@dataclass(frozen=True)
class StepInfo:
    """What an observer may look at: a step's estimates and where they were made."""

    step: int
    seeds: tuple[int, ...]
    theta: dict[Player, Tensor]
    objectives: dict[Player, PlayerObjective]
    estimates: dict[Player, Estimate]
    forwards: int
    backwards: int


@dataclass(frozen=True)
class Batch:
    """The data and latents of one step: real [S, B, dim], latents [S, B, latent]."""

    real: Tensor
    latent: dict[Player, Tensor]


@dataclass
class Draws:
    """Batches and latents of every seed, drawn in bulk from the seed's own streams.

    A stream is read in order, so how much is drawn at once changes nothing.
    """

    data: Tensor
    batch: int
    latent: int
    settings: Settings
    sources: list[tuple[np.random.Generator, np.random.Generator]]
    ahead: Iterator[Batch] = field(default_factory=lambda: iter(()))

    def next(self) -> Batch:
        found = next(self.ahead, None)
        if found is None:
            self.ahead = self._draw()
            found = next(self.ahead)
        return found

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only these rows of the stack."""
        self.sources = [self.sources[row] for row in rows]
        index = torch.tensor(rows, device=self.data.device)
        self.ahead = (
            Batch(b.real[index], {p: z[index] for p, z in b.latent.items()}) for b in self.ahead
        )

    def _draw(self) -> Iterator[Batch]:
        count = max(1, min(100, BULK // (2 * self.batch * self.latent)))
        shape = (count, len(PLAYERS), self.batch, self.latent)
        place = {"device": self.data.device, "dtype": self.settings.torch_dtype}
        rows, latents = [], []
        for batch_stream, latent_stream in self.sources:
            rows.append(self._rows(batch_stream, count))
            latents.append(latent_stream.standard_normal(shape, dtype=np.float32))
        latent = torch.from_numpy(np.stack(latents, 2)).to(**place)
        real = self.data[torch.from_numpy(np.stack(rows, 1)).to(self.data.device)]
        for k in range(count):
            yield Batch(real[k], dict(zip(PLAYERS, latent[k], strict=True)))

    def _rows(self, stream: np.random.Generator, count: int) -> np.ndarray:
        """[count, B] rows of the data; the whole set in order if the batch is as large."""
        total = len(self.data)
        if self.batch == total:
            return np.tile(np.arange(total), (count, 1))
        return stream.integers(total, size=(count, self.batch))


def init(game: Game, data: np.ndarray, seeds: Sequence[int], settings: Settings) -> TrainState:
    """The start of a block of seeds; ``data`` [n, dim] is the training set."""
    place = {"device": settings.device, "dtype": settings.torch_dtype}
    players = {}
    for number, player in enumerate(PLAYERS):
        start = [
            game.model.init(player, game.dim, streams.generator(seed, "start", number))
            for seed in seeds
        ]
        theta = torch.from_numpy(np.stack(start)).to(**place)
        players[player] = AdamState(theta, torch.zeros_like(theta), torch.zeros_like(theta))
    sources = [
        (streams.generator(seed, "batch"), streams.generator(seed, "latent")) for seed in seeds
    ]
    directions: dict[Player, list[np.random.Generator]] = {
        player: [streams.generator(seed, "direction", number) for seed in seeds]
        for number, player in enumerate(PLAYERS)
    }
    draws = Draws(
        torch.from_numpy(data).to(**place), settings.batch, game.model.latent, settings, sources
    )
    return TrainState(0, players, tuple(seeds), directions, draws)


def adam(state: AdamState, grad: Tensor, step: int, s: Settings) -> AdamState:
    """One Adam update (Kingma and Ba 2015, as in torch.optim.Adam); ``step`` counts from 0."""
    first = state.first.lerp(grad, 1.0 - s.beta1)
    second = (state.second * s.beta2).addcmul_(grad, grad, value=1.0 - s.beta2)
    correction1 = 1.0 - s.beta1 ** (step + 1)
    correction2 = 1.0 - s.beta2 ** (step + 1)
    scale = second.sqrt().div_(correction2**0.5).add_(s.adam_epsilon)
    theta = state.theta.addcdiv(first, scale, value=-s.learning_rate / correction1)
    return AdamState(theta, first, second)


def step(
    state: TrainState, game: Game, mode: GradientMode, eps: float | None, s: Settings
) -> tuple[TrainState, StepInfo]:
    """One update of the discriminator, then one of the generator."""
    batch = state.draws.next()
    players = dict(state.players)
    theta: dict[Player, Tensor] = {}
    objectives: dict[Player, PlayerObjective] = {}
    estimates: dict[Player, Estimate] = {}
    for player in PLAYERS:
        frozen = players["generator" if player == "discriminator" else "discriminator"].theta
        bind = discriminator_objective if player == "discriminator" else generator_objective
        f = bind(game, frozen, batch.real, batch.latent[player])
        theta[player] = players[player].theta
        rng = streams.SeedStreams(state.directions[player], s.torch_dtype, s.device)
        estimate = mode.estimate(f, theta[player], eps=eps, rng=rng)
        players[player] = adam(players[player], estimate.grad, state.step, s)
        objectives[player], estimates[player] = f, estimate
    forwards = state.forwards + sum(e.forwards for e in estimates.values())
    backwards = state.backwards + sum(e.backwards for e in estimates.values())
    info = StepInfo(
        state.step, state.seeds, theta, objectives, estimates, state.forwards, state.backwards
    )
    after = TrainState(
        state.step + 1, players, state.seeds, state.directions, state.draws, forwards, backwards
    )
    return after, info


def healthy(info: StepInfo, s: Settings) -> Tensor:
    """[S]: both losses finite and within the threshold."""
    losses = torch.stack([info.estimates[player].value for player in PLAYERS])
    return (losses.abs() <= s.divergence_threshold).all(0)


def keep(state: TrainState, good: Tensor) -> TrainState:
    """The state without the seeds whose row of ``good`` is False."""
    rows = torch.nonzero(good).flatten().tolist()
    index = torch.tensor(rows, dtype=torch.long, device=good.device)
    state.draws.keep(rows)
    return TrainState(
        state.step,
        {
            player: AdamState(a.theta[index], a.first[index], a.second[index])
            for player, a in state.players.items()
        },
        tuple(state.seeds[row] for row in rows),
        {player: [g[row] for row in rows] for player, g in state.directions.items()},
        state.draws,
        state.forwards,
        state.backwards,
    )


def train(
    state: TrainState,
    game: Game,
    mode: GradientMode,
    eps: float | None,
    s: Settings,
    observe: Callable[[TrainState, StepInfo | None], Any],
) -> tuple[TrainState, dict[int, int]]:
    """All steps; returns the last state and, for seeds that diverged, the step at which.

    ``observe`` is called with the state and info of every step before its update counts, and once
    more, with no info, at the end.
    """
    diverged: dict[int, int] = {}
    while state.step < s.steps and state.seeds:
        after, info = step(state, game, mode, eps, s)
        good = healthy(info, s)
        observe(state, info)
        if not good.all():
            for seed, fine in zip(state.seeds, good.tolist(), strict=True):
                if not fine:
                    diverged[seed] = state.step
            after = keep(after, good)
        state = after
    finite = torch.stack([a.theta.isfinite().all(1) for a in state.players.values()]).all(0)
    if not finite.all():
        for seed, fine in zip(state.seeds, finite.tolist(), strict=True):
            if not fine:
                diverged[seed] = state.step
        state = keep(state, finite)
    observe(state, None)
    return state, diverged
