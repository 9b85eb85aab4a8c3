"""The one place that decides how a coordinate sweep is evaluated."""

from collections.abc import Callable
from types import ModuleType

from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep import loops


def sweep(
    f: Callable[[Tensor], Tensor],
    problem: DenseProblem | None,
    theta: Tensor,
    step: float | Tensor,
    *,
    vectorises: bool,
    threads: int,
) -> tuple[Sweep, set[str]]:
    """The loss at θ + step·e_i for every i, and how it was evaluated.

    ``problem`` is f as a chain of dense layers, if it is one; on the processor ``dense`` sweeps
    it. All else is 'batched', or 'plain' if ``torch.func.vmap`` does not vectorise f.
    """
    theta = theta.detach()
    if not vectorises:
        return loops.plain(f, theta, step), {"plain"}
    if problem is not None and _is_compiled(problem):
        return dense().sweep(f, problem, theta, step, threads)
    return loops.batched(f, theta, step), {"batched"}


def warm(problem: DenseProblem | None) -> None:
    """Compile, or load, what sweeps of the problem call, so that no clock counts it."""
    if problem is not None and _is_compiled(problem):
        dense().warm(problem)


def _is_compiled(problem: DenseProblem) -> bool:
    return problem.inputs.device.type == "cpu" and dense().covers(problem)


def dense() -> ModuleType:
    """Numba is loaded where a sweep needs it: modes without sweeps start faster."""
    from approxgan.objective.sweep import dense

    return dense
