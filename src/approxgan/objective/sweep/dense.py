"""Sweeps of dense networks on the processor: compiled, or direct, or compiled where that will do.

Compiled without forward passes in float64, where rounding is far below the truncation of any step
that makes sense. Direct, by real forward passes, where an activation is smooth, and in float32,
where rounding decides what a small step does. A wide network in float32 is swept compiled first;
a seed whose differences are not within ``ROUNDING`` of the loop's is then swept directly.
"""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem, SampleTerm
from approxgan.objective.sweep import compiled, direct, loops
from approxgan.objective.sweep.loops import whole_step

QUICK = 2**24
"""Products for one sample, which ``direct`` computes in some 0.4 ms: more are a wide network."""
COORDINATES = 32
"""At which a compiled sweep in float32 is held against the loop."""
ROUNDING = 0.01
"""Root mean square distance there, in root mean square differences of all coordinates."""

covers = direct.covers


def _ways(problem: DenseProblem) -> tuple[ModuleType, ...]:
    """What sweeps the problem; the second where the first does not come close."""
    if not compiled.covers(problem):
        return (direct,)
    if problem.inputs.dtype == torch.float64:
        return (compiled,)
    return (direct,) if direct.products(problem) <= QUICK else (compiled, direct)


def sweep(
    f: Callable[[Tensor], Tensor],
    problem: DenseProblem,
    theta: Tensor,
    step: float | Tensor,
    threads: int,
) -> tuple[Sweep, set[str]]:
    """The loss f at θ + step·e_i for every i, and how it was evaluated."""
    first, *others = _ways(problem)
    swept = first.sweep(problem, theta, step, threads)
    rough = ~is_close(f, swept, theta, step) if others else torch.tensor(False)
    if not rough.any():
        return swept, {"direct" if first is direct else "compiled"}
    steps = whole_step(step, theta)[rough]
    again = replace(
        problem,
        inputs=problem.inputs[rough],
        frozen=problem.frozen[rough],
        constant=problem.constant[rough],
    )
    swept.losses[rough], swept.value[rough] = direct.sweep(again, theta[rough], steps, threads)
    return swept, {"direct"} if rough.all() else {"compiled", "direct"}


def is_close(
    f: Callable[[Tensor], Tensor], swept: Sweep, theta: Tensor, step: float | Tensor
) -> Tensor:
    """[S]: whether the sweep's differences at evenly spread coordinates are those of the loop."""
    steps = whole_step(step, theta)
    index = torch.linspace(0, theta.shape[1] - 1, COORDINATES).long()

    def along(part: Tensor) -> Tensor:
        return f(theta.index_copy(1, index, part))

    losses, value = loops.batched(along, theta[:, index], steps[:, index])
    ours = swept.losses - swept.value[:, None]
    apart = ours[:, index] - (losses - value[:, None])
    return apart.square().mean(1) <= ROUNDING**2 * ours.square().mean(1)


def warm(problem: DenseProblem) -> None:
    """Compile, or load, all that sweeps of the problem call: they sweep the least network."""
    zeros = problem.inputs.new_zeros(1, 1, 1)
    term = SampleTerm(0, 1, "identity", 1.0, 1.0)
    least = DenseProblem((1, 1), (1.0,), 1, zeros, zeros[0, :, :0], (term,), zeros[0, 0])
    for way in _ways(problem):
        way.sweep(least, zeros.new_zeros(1, 2), 1.0)
