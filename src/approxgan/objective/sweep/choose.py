"""The one place that decides how a coordinate sweep is evaluated."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep import batched, plain


def how(problem: DenseProblem | None, *, vectorises: bool = True) -> str:
    """'compiled' for dense piecewise-linear networks on the processor, 'batched' otherwise.

    'plain' for losses that ``torch.func.vmap`` does not vectorise.
    """
    if not vectorises:
        return "plain"
    if problem is None or problem.inputs.device.type != "cpu":
        return "batched"
    # Numba is loaded where a sweep needs it: modes without sweeps start faster.
    from approxgan.objective.sweep import compiled

    return "compiled" if compiled.covers(problem) else "batched"


def sweep(
    way: str,
    f: Callable[[Tensor], Tensor],
    problem: DenseProblem | None,
    theta: Tensor,
    step: float | Tensor,
    threads: int,
) -> Sweep:
    """The loss at θ + step·e_i for every i; ``way`` is what ``how`` said of f's ``problem``."""
    if way == "plain":
        return plain.sweep(f, theta, step)
    if problem is None or way == "batched":
        return batched.sweep(f, theta, step)
    from approxgan.objective.sweep import compiled

    return compiled.sweep(problem, theta.detach(), step, threads)
