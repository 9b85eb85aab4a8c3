"""One estimate from two evaluations in one's own loop: approxgan's ``backward`` and its peers.

``python -m benchmarks.library CONTENDER PARAMETERS`` measures one of them on a module of 3 layers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

import approxgan
from benchmarks.measure import Row, contest, report
from benchmarks.peers import version

EPSILON, BATCH = 1e-3, 64
WIDTHS = {1_000: 22, 100_000: 306, 10_000_000: 3150}
"""Of the hidden layers, by the number of parameters, about."""
CONTENDERS = {
    "approxgan": None,
    "hand-written loop": None,
    "hand-written, put back": None,
    "torchzero SPSA": "torchzero",
    "TorchOpt antithetic": "torchopt",
    "nevergrad one plus one": "nevergrad",
    "EvoTorch PGPE": "evotorch",
}
"""Name -> the package that it needs."""

Loss = Callable[[], Tensor]


def network(count: int) -> nn.Sequential:
    torch.manual_seed(0)
    width = WIDTHS[count]
    return nn.Sequential(
        nn.Linear(10, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 10)
    )


def by_hand(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    """Antithetic signs, the parameters moved in place and back.

    Rounding changes the parameters a little at each estimate, a loss that draws has other draws in
    its second evaluation, and NaN is not noticed.
    """
    params, draws = list(net.parameters()), torch.Generator().manual_seed(0)

    @torch.no_grad()
    def run() -> None:
        signs = [
            torch.empty_like(p).bernoulli_(0.5, generator=draws).mul_(2).sub_(1) for p in params
        ]
        for p, u in zip(params, signs, strict=True):
            p.add_(u, alpha=EPSILON)
        ahead = loss()
        for p, u in zip(params, signs, strict=True):
            p.sub_(u, alpha=2 * EPSILON)
        slope = float(ahead - loss()) / (2 * EPSILON)
        for p, u in zip(params, signs, strict=True):
            p.add_(u, alpha=EPSILON)
            p.grad = u * slope

    return run


def by_hand_put_back(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    """``by_hand``, but the parameters get their own numbers back, and both evaluations draw the
    same from the default generators, as approxgan has it."""
    params, draws = list(net.parameters()), torch.Generator().manual_seed(0)

    @torch.no_grad()
    def run() -> None:
        signs = [
            torch.empty_like(p).bernoulli_(0.5, generator=draws).mul_(2).sub_(1) for p in params
        ]
        own = [p.clone() for p in params]
        states = torch.get_rng_state(), np.random.get_state(), random.getstate()
        for p, u in zip(params, signs, strict=True):
            p.add_(u, alpha=EPSILON)
        ahead = loss()
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        for p, u, kept in zip(params, signs, own, strict=True):
            torch.sub(kept, u, alpha=EPSILON, out=p)
        slope = float(ahead - loss()) / (2 * EPSILON)
        for p, u, kept in zip(params, signs, own, strict=True):
            p.copy_(kept)
            p.grad = u * slope

    return run


def ours(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    params, draws = list(net.parameters()), torch.Generator().manual_seed(0)

    @torch.no_grad()
    def run() -> None:
        for p in params:
            p.grad = None
        approxgan.backward(loss, net, "spsa", eps=EPSILON, generator=draws)

    return run


def torchzero(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    import torchzero as tz  # pyright: ignore[reportMissingImports]

    made = tz.Optimizer(net.parameters(), tz.m.SPSA(h=EPSILON, seed=0), tz.m.LR(0.0))
    return torch.no_grad()(lambda: made.step(lambda backward=True: loss()))


def torchopt(net: nn.Module, x: Tensor) -> Callable[[], Any]:
    from torchopt.diff.zero_order import zero_order  # pyright: ignore[reportMissingImports]

    names = [name for name, _ in net.named_parameters()]
    params = tuple(p.detach().requires_grad_(True) for p in net.parameters())

    def signs(shape: Any = ()) -> Tensor:
        return torch.empty(shape).bernoulli_(0.5).mul_(2).sub_(1)

    def loss(*given: Tensor) -> Tensor:
        return functional_call(net, dict(zip(names, given, strict=True)), (x,)).square().mean()

    estimated = zero_order(signs, "antithetic", argnums=tuple(range(len(params))), sigma=EPSILON)(
        loss
    )

    def run() -> None:
        for p in params:
            p.grad = None
        # Its forward pass is a third evaluation.
        estimated(*params).backward()

    return run


def nevergrad(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    """Two candidates asked for, evaluated and told."""
    import nevergrad as ng  # pyright: ignore[reportMissingImports]

    flat = nn.utils.parameters_to_vector(net.parameters()).detach().numpy()
    made = ng.optimizers.OnePlusOne(ng.p.Array(init=flat.astype(np.float64)), budget=10**6)

    @torch.no_grad()
    def run() -> None:
        for _ in range(2):
            candidate = made.ask()
            vector = torch.from_numpy(np.asarray(candidate.value, dtype=np.float32))
            nn.utils.vector_to_parameters(vector, net.parameters())
            made.tell(candidate, float(loss()))

    return run


def evotorch(net: nn.Module, loss: Loss) -> Callable[[], Any]:
    """One antithetic pair: drawn, evaluated, and a step by its slope."""
    from evotorch import Problem  # pyright: ignore[reportMissingImports]
    from evotorch.algorithms import PGPE  # pyright: ignore[reportMissingImports]

    flat = nn.utils.parameters_to_vector(net.parameters()).detach()

    @torch.no_grad()
    def at(vector: Tensor) -> Tensor:
        nn.utils.vector_to_parameters(vector, net.parameters())
        return loss()

    problem = Problem("min", at, solution_length=len(flat), initial_bounds=(-1.0, 1.0))
    rates = {"center_learning_rate": EPSILON, "stdev_learning_rate": EPSILON}
    return PGPE(problem, popsize=2, center_init=flat, stdev_init=EPSILON, **rates).step


def measure(name: str, count: int) -> None:
    """Measure one contender and print its numbers."""
    torch.set_num_threads(1)
    net, x = network(count), torch.randn(BATCH, 10)
    loss: Loss = lambda: net(x).square().mean()  # noqa: E731
    forms: dict[str, Callable[[], Callable[[], Any]]] = {
        "approxgan": lambda: ours(net, loss),
        "hand-written loop": lambda: by_hand(net, loss),
        "hand-written, put back": lambda: by_hand_put_back(net, loss),
        "torchzero SPSA": lambda: torchzero(net, loss),
        "TorchOpt antithetic": lambda: torchopt(net, x),
        "nevergrad one plus one": lambda: nevergrad(net, loss),
        "EvoTorch PGPE": lambda: evotorch(net, loss),
    }
    # Code that is loaded at the first call is not the estimate's memory.
    warm = network(1_000)
    {"approxgan": ours, "torchzero SPSA": torchzero}.get(name, by_hand)(
        warm, lambda: warm(x).square().mean()
    )()
    report(forms[name](), seconds=2.0, share=1.0, threads=1)


def run(quick: bool) -> list[Row]:
    """Modules of 10³, 10⁵ and 10⁷ parameters; peers that are not installed are named."""
    there = [name for name, needs in CONTENDERS.items() if needs is None or version(needs)]
    missing = [name for name in CONTENDERS if name not in there]
    if missing:
        print(f"not installed: {', '.join(missing)}")
    rows = []
    for count in (1_000, 100_000) if quick else WIDTHS:
        rows += contest("library", f"{count:.0e} parameters", there, __name__, str(count))
    return rows


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]))
