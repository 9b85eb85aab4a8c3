"""Training: seconds of one step of one run, stacked seeds against one process per run.

``python -m benchmarks.training CONTENDER NETWORK DTYPE`` measures one of them, on one thread.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from approxgan.config import registry
from approxgan.core.protocols import PLAYERS
from approxgan.objective.game import Game
from approxgan.training.loop import init, step
from approxgan.training.setup import Method, Settings
from benchmarks.games import network
from benchmarks.measure import Row, contest, report

SEEDS = 10
BATCH = 64
PEER = "one process per run"
MODES: dict[str, tuple[str, float | None, dict[str, Any]]] = {
    "exact": ("exact", None, {}),
    "subgradient": ("subgradient", None, {"alpha": 0.6}),
    "forward_difference": ("forward_difference", 1e-3, {}),
    "forward_difference, 1e-4": ("forward_difference", 1e-4, {}),
    "forward_difference, 1e-2": ("forward_difference", 1e-2, {}),
    "central_difference": ("central_difference", 1e-3, {}),
    "uniform_shift": ("uniform_shift", 1e-3, {}),
    "random_direction, 8": (
        "random_direction",
        1e-3,
        {"directions": 8, "distribution": "gaussian", "sides": 1},
    ),
    "spsa, 4": ("spsa", 1e-3, {"directions": 4}),
    "forward_gradient, 4": ("forward_gradient", None, {"directions": 4}),
}
SETTINGS = Settings(10**6, BATCH, 2e-4, 0.9, 0.999, 1e-8, "float32", "cpu", 0.0, 0.0, 1e4)
DATA = np.random.default_rng(0).standard_normal((1000, 2))


def stacked(contender: str, name: str, dtype: str) -> Callable[[], Any]:
    """One step of all stacked seeds with one of our modes."""
    mode_name, epsilon, settings = MODES[contender]
    game = Game(network(name), registry.build("losses", "nonsaturating", {}), 2)
    mode = registry.build("modes", mode_name, settings)
    methods = dict.fromkeys(PLAYERS, Method(mode, epsilon))
    chosen = replace(SETTINGS, dtype=dtype)
    state = init(game, DATA, range(SEEDS), chosen)

    def call() -> None:
        nonlocal state
        state, _ = step(state, game, methods, chosen)

    return call


def module(name: str) -> Callable[[], Any]:
    """One step of one run as it is usually written: nn.Module and torch.optim.Adam."""
    model = network(name)

    def layers(sizes: tuple[int, ...]) -> nn.Sequential:
        parts: list[nn.Module] = []
        for into, out in itertools.pairwise(sizes):
            parts += [nn.Linear(into, out), nn.LeakyReLU(0.2)]
        return nn.Sequential(*parts[:-1])

    g, d = layers(model.sizes("generator", 2)), layers(model.sizes("discriminator", 2))
    optimisers = [torch.optim.Adam(net.parameters(), lr=2e-4) for net in (d, g)]
    data = torch.from_numpy(DATA).float()
    softplus = nn.functional.softplus

    def call() -> None:
        real = data[torch.randint(len(data), (BATCH,))]
        fake = g(torch.randn(BATCH, model.latent)).detach()
        loss = softplus(-d(real)).mean() + softplus(d(fake)).mean()
        optimisers[0].zero_grad()
        loss.backward()
        optimisers[0].step()
        loss = softplus(-d(g(torch.randn(BATCH, model.latent)))).mean()
        optimisers[1].zero_grad()
        loss.backward()
        optimisers[1].step()

    return call


def measure(contender: str, name: str, dtype: str) -> None:
    """Print the seconds of one run's step: a stack's step counts for every seed in it."""
    torch.set_num_threads(1)
    peer = contender == PEER
    call, share = (module(name), 1) if peer else (stacked(contender, name, dtype), SEEDS)
    for _ in range(3):
        call()
    report(call, seconds=2.0, share=float(share), threads=1)


def run(quick: bool) -> list[Row]:
    """Every mode on both networks; in float64 forward differences beside exact."""
    rows = []
    swept = ("exact", *(mode for mode in MODES if mode.startswith("forward_difference")))
    for name in ("compact",) if quick else ("compact", "article"):
        for dtype, contenders in {"float32": (*MODES, PEER), "float64": swept}.items():
            case = f"{name}, {dtype}, {SEEDS} seeds"
            rows += contest("training", case, contenders, __name__, name, dtype, rounds=2)
    return rows


if __name__ == "__main__":
    measure(*sys.argv[1:4])
