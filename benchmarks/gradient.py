"""One full forward-difference gradient: approxgan's sweep and its peers.

``python -m benchmarks.gradient CONTENDER NETWORK PLAYER BATCH`` measures one of them.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from numdifftools import Gradient
from scipy.optimize._numdiff import approx_derivative
from torch import Tensor
from torch.nn import functional

from approxgan.core.protocols import Player
from approxgan.estimators.exact import Exact
from approxgan.estimators.forward_difference import ForwardDifference
from approxgan.objective.problem import DenseProblem
from approxgan.objective.terms import FUNCTIONS
from benchmarks.games import objective
from benchmarks.measure import CORES, Row, contest, report

EPSILON = 1e-3
CONTENDERS = (
    "approxgan",
    "approxgan, 1 thread",
    "in-place loop",
    "torch.func vmap",
    "scipy",
    "numdifftools",
    "autograd",
)
CHUNKS = (64, 256, 1024)
TRIAL = 128
"""Coordinates on which forms are compared; of vmap, as many as the largest chunk."""
BUDGET = 8.0
"""Seconds over which a slow peer is run on fewer coordinates, and its time scaled up."""

Loss = Callable[[Tensor], Tensor]
"""θ [P] -> loss, as one would write it by hand."""
Part = Callable[[Tensor], Any]
"""Differentiate with respect to these coordinates."""


def spread(size: int, count: int) -> Tensor:
    """At most ``count`` of ``size`` coordinates, evenly spread."""
    return torch.linspace(0, size - 1, min(count, size), dtype=torch.float64).long()


def by_hand(problem: DenseProblem) -> Loss:
    """The loss of one seed with ``linear`` and ``leaky_relu``, on views of the parameters."""
    frozen, x0, sizes = problem.frozen[0], problem.inputs[0], problem.sizes

    def views(flat: Tensor, pairs: list[tuple[int, int]]) -> list[Tensor]:
        parts = flat.split([n for into, out in pairs for n in (into * out, out)])
        return [
            part.view(pairs[k // 2][1], -1) if k % 2 == 0 else part for k, part in enumerate(parts)
        ]

    pairs = list(itertools.pairwise(sizes))
    behind = views(frozen, pairs[problem.owned :])

    def loss(theta: Tensor) -> Tensor:
        tensors = [*views(theta, pairs[: problem.owned]), *behind]
        x = x0
        for layer, slope in enumerate(problem.activations):
            x = functional.linear(x, tensors[2 * layer], tensors[2 * layer + 1])
            x = x if slope == 1.0 else functional.leaky_relu(x, float(slope))
        value = problem.constant[0]
        for t in problem.terms:
            logits = t.sign * x[t.start : t.stop, 0]
            value = value + t.weight * FUNCTIONS[t.function](logits).mean()
        return value

    return loss


def loop(f: Loss, theta: Tensor, step: float = EPSILON) -> Part:
    """Add ε to one coordinate in place, evaluate, take it back."""
    point = theta.clone()

    def run(index: Tensor) -> Tensor:
        value = f(point)
        grad = torch.empty(len(index))
        for k, i in enumerate(index.tolist()):
            kept = float(point[i])
            point[i] = kept + step
            grad[k] = (f(point) - value) / step
            point[i] = kept
        return grad

    return run


def vmapped(f: Loss, theta: Tensor, chunk: int, step: float = EPSILON) -> Part:
    """``torch.func.vmap`` over perturbed copies, ``chunk`` at a time."""

    def at(index: Tensor) -> Tensor:
        return f(theta + functional.one_hot(index, len(theta)).to(theta) * step)

    def run(index: Tensor) -> Tensor:
        return (torch.func.vmap(at, chunk_size=chunk)(index) - f(theta)) / step

    return run


def numeric(f: Loss, theta: Tensor, differentiate: Callable[[Any, np.ndarray], Any]) -> Part:
    """A NumPy library, given the loss as a function of these coordinates."""

    def run(index: Tensor) -> Any:
        def scalar(part: np.ndarray) -> float:
            return float(f(theta.index_copy(0, index, torch.from_numpy(part).float())))

        return differentiate(scalar, theta[index].double().numpy())

    return run


def scipys(scalar: Any, point: np.ndarray) -> Any:
    return approx_derivative(scalar, point, method="2-point", abs_step=EPSILON)


def numdifftools_(scalar: Any, point: np.ndarray) -> Any:
    return Gradient(scalar, step=EPSILON, method="forward", order=1)(point)


def peers(name: str, f: Loss, theta: Tensor) -> dict[str, Part]:
    """A peer in each form it can take; the fastest is measured."""
    if name == "torch.func vmap":
        return {f"chunk {chunk}": vmapped(f, theta, chunk) for chunk in CHUNKS}
    if name == "in-place loop":
        return {"": loop(f, theta)}
    return {"": numeric(f, theta, scipys if name == "scipy" else numdifftools_)}


def best(forms: dict[str, Part], index: Tensor) -> tuple[Part, int, float]:
    """The fastest form and number of threads over some coordinates, and seconds a coordinate."""
    found = []
    for threads in sorted({1, CORES}):
        torch.set_num_threads(threads)
        for form in forms.values():
            form(index)
            start = time.perf_counter()
            form(index)
            found.append((time.perf_counter() - start, threads, form))
    seconds, threads, form = min(found, key=lambda item: item[0])
    torch.set_num_threads(threads)
    return form, threads, seconds / len(index)


def measure(name: str, network: str, player: Player, batch: int) -> None:
    """Measure one contender and print its numbers."""
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    threads = CORES if name == "approxgan" else 1
    f, theta = objective(network, player, batch, threads)
    count = theta.shape[1]
    if name.startswith("approxgan"):
        mode = ForwardDifference()
        # Loading the compiled code is not the sweep's memory.
        tiny, point = objective("compact", player, 8, threads)
        mode.estimate(tiny, point, eps=EPSILON, rng=cast(Any, None))
        call = lambda: mode.estimate(f, theta, eps=EPSILON, rng=cast(Any, None))  # noqa: E731
        report(call, seconds=2.0, share=1.0, threads=threads)
    elif name == "autograd":
        exact = Exact()
        call = lambda: exact.estimate(f, theta, eps=None, rng=cast(Any, None))  # noqa: E731
        report(call, seconds=1.0, share=1.0, threads=1)
    else:
        problem = f.dense()
        assert problem is not None
        trial = max(CHUNKS) if name == "torch.func vmap" else TRIAL
        form, threads, each = best(peers(name, by_hand(problem), theta[0]), spread(count, trial))
        part = spread(count, count if each * count < BUDGET else max(1024, int(BUDGET / each)))
        share = len(part) / count
        report(lambda: form(part), seconds=0.0, share=share, threads=threads, warm=True)


def run(quick: bool) -> list[Row]:
    """The article's network, both players, batch 64 and 1000."""
    rows = []
    for batch in (64,) if quick else (64, 1000):
        for player, short in (("generator", "G"), ("discriminator", "D")):
            case = f"{short} article batch {batch}"
            rows += contest(
                "gradient", case, CONTENDERS, __name__, "article", player, str(batch), rounds=1
            )
    return rows


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2], cast(Player, sys.argv[3]), int(sys.argv[4]))
