"""Alternating GAN training of a block of stacked seeds with any gradient mode."""

import copy
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import (
    FORWARDS_PER_BACKWARD,
    PLAYERS,
    Estimate,
    GradientEstimator,
    Player,
    StepSize,
)
from approxgan.objective.game import (
    Game,
    PlayerObjective,
    discriminator_objective,
    generator_objective,
)
from approxgan.training import streams
from approxgan.training.adam import AdamState, adam
from approxgan.training.batches import Draws
from approxgan.training.setup import Methods, Settings

COUNTS = {
    "forwards": (*(f"forwards_{player}" for player in PLAYERS), "forwards_frozen"),
    "backwards": tuple(f"backwards_{player}" for player in PLAYERS),
    "calls": tuple(f"calls_{player}" for player in PLAYERS),
    "judged": tuple(f"judged_{player}" for player in PLAYERS),
}
"""What is counted, by the total that it adds up to."""


def totals(counts: Mapping[str, int]) -> dict[str, int]:
    """All counts, those without entries as 0, and the totals."""
    parts = {name: counts.get(name, 0) for names in COUNTS.values() for name in names}
    return {total: sum(parts[n] for n in names) for total, names in COUNTS.items()} | parts


@dataclass
class TrainState:
    """What the next step needs."""

    step: int
    players: dict[Player, AdamState]
    seeds: tuple[int, ...]
    """Seeds still training; a seed that diverged is taken out of the stack."""
    directions: dict[str, list[np.random.Generator]]
    """Each seed's streams: of the players' estimates, and 'noise' of a generator's fresh draws."""
    draws: Draws
    chosen: dict[Player, Tensor] = field(default_factory=dict)
    """ε of the players whose rule chooses it, as in ``Chosen.eps``; kept until it chooses again."""
    counts: Counter[str] = field(default_factory=Counter)
    """Evaluations so far, by the names in ``COUNTS``."""
    refreshed: dict[Player, Tensor] = field(default_factory=dict)
    """[S, P]: the last gradient of the players whose method refreshes it."""
    average: Tensor | None = None
    """[S, P]: the average of the generator's parameters so far, where there is one."""


@dataclass(frozen=True)
class StepInfo:
    """A step's estimates and where they were made, for observers."""

    step: int
    seeds: tuple[int, ...]
    theta: dict[Player, Tensor]
    after: dict[Player, Tensor]
    """θ after the updates."""
    objectives: dict[Player, PlayerObjective]
    estimates: dict[Player, Estimate]
    epsilon: dict[Player, StepSize | None]
    counts: Counter[str]
    """Before this step."""


def init(
    game: Game,
    data: np.ndarray,
    seeds: Sequence[int],
    settings: Settings,
    methods: Methods | None = None,
) -> TrainState:
    """The start of a block of seeds; ``data`` [n, dim] is the training set.

    An estimator of ``methods`` that moves the start does so here.
    """
    place = {"device": settings.device, "dtype": settings.torch_dtype}
    players = {}
    directions = {"noise": [streams.generator(seed, "noise") for seed in seeds]}
    for number, player in enumerate(PLAYERS):
        start = [game.init(player, streams.generator(seed, "start", number)) for seed in seeds]
        theta = torch.from_numpy(np.stack(start)).to(**place)
        if methods is not None:
            theta = _moved(theta, methods[player].estimator, seeds, number)
        players[player] = AdamState(theta, torch.zeros_like(theta), torch.zeros_like(theta))
        directions[player] = [streams.generator(seed, "direction", number) for seed in seeds]
    drawn: list[streams.Purpose] = ["batch", "latent"]
    if settings.instance_noise:
        drawn.append("instance_noise")
    sources = [tuple(streams.generator(seed, what) for what in drawn) for seed in seeds]
    draws = Draws(
        torch.from_numpy(data).to(**place),
        settings.batch,
        game.generator,
        settings.torch_dtype,
        sources,
        settings.instance_noise,
    )
    return TrainState(0, players, tuple(seeds), directions, draws)


def _moved(
    theta: Tensor, estimator: GradientEstimator, seeds: Sequence[int], number: int
) -> Tensor:
    start = getattr(estimator, "start", None)
    if start is None:
        return theta
    sources = [streams.generator(seed, "perturbation", number) for seed in seeds]
    return start(theta, streams.SeedStreams(sources, theta.dtype, theta.device))


def step(
    state: TrainState, game: Game, methods: Methods, s: Settings
) -> tuple[TrainState, StepInfo]:
    """One update of the discriminator, then one of the generator."""
    batch = state.draws.next()
    players = dict(state.players)
    theta: dict[Player, Tensor] = {}
    objectives: dict[Player, PlayerObjective] = {}
    estimates: dict[Player, Estimate] = {}
    epsilon: dict[Player, StepSize | None] = {}
    chosen, refreshed = dict(state.chosen), dict(state.refreshed)
    counts = state.counts.copy()
    for player in PLAYERS:
        frozen = players["generator" if player == "discriminator" else "discriminator"].theta
        if player == "discriminator":
            f = discriminator_objective(game, frozen, batch.real, batch.latent[player], batch.noise)
        else:
            f = generator_objective(game, frozen, batch.real, batch.latent[player])
        method, theta[player] = methods[player], players[player].theta
        tried = method.on(f, lambda: state.directions["noise"])
        rng = streams.SeedStreams(state.directions[player], s.torch_dtype, s.device)
        chosen_by = 0
        if (rule := method.stepping.rule) is None:
            epsilon[player] = method.stepping.epsilon
        elif state.step % rule.every == 0:
            made = method.choose(rule, tried, theta[player], rng)
            epsilon[player] = chosen[player] = made.eps
            chosen_by = made.forwards
        else:
            epsilon[player] = chosen[player]
        estimate = method.estimate(
            tried, theta[player], eps=epsilon[player], rng=rng, before=refreshed.get(player)
        )
        if method.refreshes:
            refreshed[player] = estimate.grad
        updated = adam(players[player], estimate.grad, state.step, s)
        players[player] = _clipped(updated, game) if player == "discriminator" else updated
        objectives[player], estimates[player] = f, estimate
        counts[f"forwards_{player}"] += chosen_by + estimate.forwards
        counts["forwards_frozen"] += game.frozen_forwards(player)
        counts[f"backwards_{player}"] += estimate.backwards
        counts[f"calls_{player}"] += game.calls(player, s.batch, chosen_by + estimate.made)
        counts[f"judged_{player}"] += game.judged(
            player, f.inputs.shape[1], chosen_by + estimate.forwards, s.batch
        )
    average = _averaged(state, players["generator"].theta, s.average)
    info = StepInfo(
        state.step,
        state.seeds,
        theta,
        {player: a.theta for player, a in players.items()},
        objectives,
        estimates,
        epsilon,
        state.counts,
    )
    after = replace(
        state,
        step=state.step + 1,
        players=players,
        chosen=chosen,
        counts=counts,
        refreshed=refreshed,
        average=average,
    )
    return after, info


def _averaged(state: TrainState, theta: Tensor, decay: float) -> Tensor | None:
    """The polynomial-decay average of Shamir and Zhang (2013), with θ [S, P] of this step.

    Step t counts with weight (decay + 1) / (t + decay): the average is over the last
    1 / (decay + 1) of the steps, however many there are.
    """
    if not decay:
        return None
    before = theta if state.average is None else state.average
    return before.lerp(theta, (decay + 1.0) / (state.step + 1 + decay))


def _clipped(state: AdamState, game: Game) -> AdamState:
    clip = getattr(game.loss, "clip", None)
    return state if clip is None else replace(state, theta=state.theta.clamp(-clip, clip))


def spent(counts: Mapping[str, int], unit: str) -> int:
    """What counts of evaluations come to in a unit of budgets."""
    found = totals(counts)
    if unit == "calls":
        return found["calls"]
    return found["forwards"] + FORWARDS_PER_BACKWARD * found["backwards"]


def affordable(
    budget: float, unit: str, state: TrainState, game: Game, methods: Methods, s: Settings
) -> int:
    """Steps that ``budget`` of a unit pays for; makes two steps, and discards them.

    The first one holds the choice of ε by a rule, which is made again after ``every`` steps, and
    the first estimate of a method that refreshes it, which is made once.
    """
    every, used = cycle(methods), [0]
    state = copy.deepcopy(state)
    for _ in range(2):
        state, _info = step(state, game, methods, s)
        used.append(spent(state.counts, unit))
    first, each = used[1], used[2] - used[1] if every > 1 else used[1]
    if not each:
        raise InputError(
            "budget: calls: the modes of this cell make no samples at all; accepted: "
            "forward_equivalents, or steps"
        )
    return payable(budget, first, each, every)


def cycle(methods: Methods) -> float:
    """Every how many steps one costs more: ε is chosen. Infinite where the first alone does."""
    rules = [m.stepping.rule for m in methods.values() if m.stepping.rule is not None]
    once = math.inf if any(method.refreshes for method in methods.values()) else 1
    return min((rule.every for rule in rules), default=once)


def payable(budget: float, first: float, each: float, every: float) -> int:
    """Steps that a budget pays for, if one in ``every`` costs ``first`` and all others ``each``."""
    return int((budget - (first - each)) / (each + (first - each) / every))


def healthy(info: StepInfo, s: Settings) -> Tensor:
    """[S]: both losses finite and within the threshold."""
    losses = torch.stack([info.estimates[player].value for player in PLAYERS])
    return (losses.abs() <= s.divergence_threshold).all(0)


def keep(state: TrainState, good: Tensor) -> TrainState:
    """The state without the seeds whose row of ``good`` is False."""
    rows = torch.nonzero(good).flatten().tolist()
    index = torch.tensor(rows, dtype=torch.long, device=good.device)
    state.draws.keep(rows)
    return replace(
        state,
        players={
            player: AdamState(a.theta[index], a.first[index], a.second[index])
            for player, a in state.players.items()
        },
        seeds=tuple(state.seeds[row] for row in rows),
        directions={player: [g[row] for row in rows] for player, g in state.directions.items()},
        chosen={player: eps[index] for player, eps in state.chosen.items()},
        refreshed={player: grad[index] for player, grad in state.refreshed.items()},
        average=None if state.average is None else state.average[index],
    )


def train(
    state: TrainState,
    game: Game,
    methods: Methods,
    s: Settings,
    observe: Callable[[TrainState, StepInfo | None], Any],
    between: Callable[[TrainState, dict[int, int]], Any] = lambda state, diverged: None,
    diverged: Mapping[int, int] | None = None,
) -> tuple[TrainState, dict[int, int]]:
    """All steps left; returns the last state and, for seeds that diverged, the step at which.

    ``observe`` is called at every step with its info and the state before its update, and once at
    the end without info. ``between`` is called after every step with all that the next step needs.
    A run that goes on from there is given the seeds that had ``diverged`` by then.
    """
    diverged = dict(diverged or {})
    while state.step < s.steps and state.seeds:
        after, info = step(state, game, methods, s)
        good = healthy(info, s)
        observe(state, info)
        if not good.all():
            for seed, fine in zip(state.seeds, good.tolist(), strict=True):
                if not fine:
                    diverged[seed] = state.step
            after = keep(after, good)
        state = after
        between(state, diverged)
    finite = torch.stack([a.theta.isfinite().all(1) for a in state.players.values()]).all(0)
    if not finite.all():
        for seed, fine in zip(state.seeds, finite.tolist(), strict=True):
            if not fine:
                diverged[seed] = state.step
        state = keep(state, finite)
    observe(state, None)
    return state, diverged
