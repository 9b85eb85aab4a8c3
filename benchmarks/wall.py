"""``python -m benchmarks.wall``: four sweeps side by side at four values of ε, compact networks.

Milliseconds of one core, relative error against the float64 gradient, and share of exact zeros.
"""

from __future__ import annotations

import time

import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS, Sweep
from approxgan.objective.game import PlayerObjective
from approxgan.objective.sweep import batched, compiled, direct, plain
from benchmarks.games import objective

STEPS = (1e-7, 1e-6, 1e-5, 1e-3)


def _gradient(f: PlayerObjective, theta: Tensor) -> Tensor:
    point = theta.double().requires_grad_()
    (gradient,) = torch.autograd.grad(f.to(torch.float64)(point).sum(), point)
    return gradient


def _ways(f: PlayerObjective, theta: Tensor, step: float) -> dict[str, Sweep]:
    problem, double = f.dense(), f.to(torch.float64)
    exact, half = double.dense(), f.to(torch.bfloat16)
    assert problem is not None
    assert exact is not None
    calls = {
        "direct": lambda: direct.sweep(problem, theta, step),
        "compiled": lambda: compiled.sweep(problem, theta, step),
        "torch.func vmap": lambda: batched.sweep(f, theta, step),
        "in-place loop": lambda: plain.sweep(f, theta, step),
        "float64": lambda: compiled.sweep(exact, theta.double(), step),
        "bfloat16": lambda: batched.sweep(half, theta.bfloat16(), step),
    }
    found = {}
    for name, call in calls.items():
        call()
        start = time.process_time()
        swept = call()
        found[f"{name:16} {(time.process_time() - start) * 1e3:9.2f}"] = swept
    return found


def main() -> None:
    torch.set_num_threads(1)
    print("player        ε       sweep                   ms     error  zeros")
    for player in PLAYERS:
        f, theta = objective("compact", player, 64)
        gradient = _gradient(f, theta)
        for step in STEPS:
            for name, swept in _ways(f, theta, step).items():
                change = (swept.losses - swept.value[:, None]).double()
                error = float((change / step - gradient).norm() / gradient.norm())
                zeros = float((change == 0).double().mean())
                print(f"{player:13} {step:.0e} {name} {error:9.3g} {zeros:6.3f}", flush=True)


if __name__ == "__main__":
    main()
