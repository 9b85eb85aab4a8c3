"""Errors of one mode's estimates at one point: means, bias and variance, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS, Estimate, Player
from approxgan.objective.game import GeneratorObjective, PlayerObjective
from approxgan.probe.kink_crossings import Watched
from approxgan.training import errors, streams
from approxgan.training.setup import Method
from approxgan.training.trace import epsilon_quantile, true_gradient

WHOLE = -1
"""The layer number of a row for all of a player's parameters."""
BATCHES = 128
"""Of draws, whose mean gradient stands for the expected one: its squared error is 1/128 of that of
one batch."""


@dataclass(frozen=True)
class Point:
    """Where estimates are compared with the true gradient."""

    f: PlayerObjective
    theta: Tensor
    """[S, P]"""
    seeds: Sequence[int]
    player: Player
    step: int
    expected: bool = False
    """Whether the true gradient is that of the expected loss, for a smooth generator too."""

    def streams(self) -> streams.SeedStreams:
        number = PLAYERS.index(self.player)
        sources = [streams.generator(s, "direction", number, self.step) for s in self.seeds]
        return streams.SeedStreams(sources, self.theta.dtype)

    def noise(self, *which: int) -> list[np.random.Generator]:
        """Each seed's stream of a generator's draws."""
        return [streams.generator(seed, "noise", self.step, *which) for seed in self.seeds]

    @property
    def sampled(self) -> bool:
        """Whether the truth is the expected loss's gradient: draws are part of the error."""
        if not isinstance(self.f, GeneratorObjective):
            return False
        return self.expected or not self.f.game.generator.differentiable

    def truth(self) -> Tensor:
        """[S, P] float64; over draws the mean of ``BATCHES`` if outcomes cannot be listed."""
        f = self.f
        if not (isinstance(f, GeneratorObjective) and self.expected):
            return true_gradient(f, self.theta)
        if not f.game.generator.differentiable:
            return true_gradient(f, self.theta)
        batches = (f.redrawn(self.noise(0, 2, number)) for number in range(BATCHES))
        return torch.stack([true_gradient(one, self.theta) for one in batches]).mean(0)

    def tried(self, method: Method, draw: int) -> PlayerObjective:
        """The objective as a method evaluates it for one of the estimates."""
        f = self.f
        if self.sampled and draw:
            f = cast("GeneratorObjective", f).redrawn(self.noise(draw, 0))
        return method.on(f, lambda: self.noise(draw, 1))


class _Layer:
    """Running numbers of the draws, for one layer or for all parameters."""

    def __init__(self, truth: Tensor) -> None:
        self.truth = truth
        self.mean = torch.zeros_like(truth)
        self.spread = torch.zeros_like(truth[:, 0])
        self.each: list[dict[str, Tensor]] = []

    def see(self, grad: Tensor) -> None:
        self.each.append(errors.gradient_errors(grad, self.truth))
        # Welford's update: no draw has to be kept.
        change = grad.double() - self.mean
        self.mean += change / len(self.each)
        self.spread += (change * (grad.double() - self.mean)).sum(1)

    def numbers(self) -> dict[str, Tensor]:
        """Each number [S]: means of the errors, bias and variance apart."""
        draws, size = len(self.each), self.truth.square().sum(1)
        variance = self.spread / (draws - 1) if draws > 1 else torch.zeros_like(self.spread)
        bias = (self.mean - self.truth).square().sum(1) - variance / draws
        means = {n: torch.stack([e[n] for e in self.each]).nanmean(0) for n in errors.NAMES}
        return {**means, "bias_squared": bias / size, "variance": variance / size}


def measure(at: Point, method: Method, draws: int) -> list[dict[str, Any]]:
    """A row a seed and layer: errors of ``draws`` estimates (1 of a mode that is not random)."""
    f, theta, estimator = at.f, at.theta, method.estimator
    rng = at.streams()
    eps, forwards = method.stepping.epsilon, 0
    if (rule := method.stepping.rule) is not None:
        chosen = method.choose(rule, at.tried(method, 0), theta, rng)
        eps, forwards = chosen.eps, chosen.forwards
    watched = Watched(at.tried(method, 0), theta)
    truth = at.truth()
    sizes = f.game.layer_sizes(at.player)
    layers = [_Layer(part) for part in (truth, *truth.split(sizes, 1))]
    estimate: Estimate | None = None
    repeats = estimator.random or method.noise == "fresh" or at.sampled
    for draw in range(draws if repeats else 1):
        objective: Any = at.tried(method, draw) if draw else watched
        estimate = method.estimate(objective, theta, eps=eps, rng=rng)
        parts = (estimate.grad, *estimate.grad.split(sizes, 1))
        for layer, part in zip(layers, parts, strict=True):
            layer.see(part)
    assert estimate is not None
    theory = estimator.squared_error(theta.shape[1])
    shared = {
        "draws": len(layers[0].each),
        "theory": np.nan if theory is None else theory**0.5,
        "forwards": estimate.forwards + forwards,
        "backwards": estimate.backwards,
        "calls": f.inputs.shape[1] * (estimate.made + forwards) * (at.player == "generator"),
        "judged": f.inputs.shape[1] * (estimate.forwards + forwards),
    }
    levels = {"chosen_epsilon": 0.5, "chosen_low": 0.1, "chosen_high": 0.9}
    own = {
        "kink_crossing": watched.crossing(),
        **{name: epsilon_quantile(eps, len(at.seeds), level) for name, level in levels.items()},
    }
    return [
        {
            "seed": seed,
            "layer": number + WHOLE,
            **{name: float(value[row]) for name, value in found.items()},
            **shared,
        }
        for number, found in enumerate({**layer.numbers(), **own} for layer in layers)
        for row, seed in enumerate(at.seeds)
    ]
