"""The sweep of a dense piecewise-linear network, compiled, without its forward passes.

Exact up to rounding: it evaluates the same function of θ as the loop over forward passes, through
every kink that a step crosses (``_lines``). It rounds otherwise than the loop does.
"""

import numpy as np
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep._calls import TYPES, array, for_type, share, up
from approxgan.objective.sweep._kernels import change_losses
from approxgan.objective.sweep._plan import ROWS, plan
from approxgan.objective.sweep._series import KINDS, radii
from approxgan.objective.sweep.loops import whole_step

SAMPLES = 64
"""Of one seed, at most, that are gone through as one task."""
JACOBIANS = 2**20
"""Numbers of Jacobians at once, about: a task has fewer samples where each has many."""


def covers(problem: DenseProblem) -> bool:
    """Whether ``sweep`` can evaluate a problem that ``direct`` can: no activation is smooth."""
    return not any(isinstance(a, str) for a in problem.activations) and all(
        term.function in KINDS for term in problem.terms
    )


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype = TYPES[theta.dtype]
    layout = plan(problem.sizes, problem.activations, problem.owned, dtype)
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen, inputs = array(problem.frozen, dtype), array(problem.inputs, dtype)
    most = min(SAMPLES, max(ROWS, JACOBIANS // (1 + layout.jacobian) // ROWS * ROWS))
    chunks = -(-inputs.shape[1] // most)
    terms = np.array([(t.start, t.stop, KINDS[t.function]) for t in problem.terms])
    factors = np.array([(t.sign, t.weight / (t.stop - t.start)) for t in problem.terms], dtype)
    limits = radii(problem.terms, dtype)
    parts = theta.new_empty(len(point), chunks, theta.shape[1] + 1)

    def work(task: int) -> None:
        seed, begin = task // chunks, task % chunks * most
        own = inputs[seed, begin : begin + most]
        samples = up(len(own), ROWS)
        zeros, count, whole = layout.room(samples)
        floats = np.empty(count, dtype)
        floats[:zeros] = 0.0
        for_type(change_losses, dtype)(
            layout, point[seed], moved[seed], frozen[seed], own, samples,
            terms - [begin, begin, 0], factors, limits, floats, np.empty(whole, np.int64),
            parts[seed, task % chunks].numpy(),
        )  # fmt: skip

    share(work, len(point) * chunks, threads)
    total = parts[:, 0]
    for chunk in range(1, chunks):
        total = total + parts[:, chunk]
    value = problem.constant + total[:, -1]
    return Sweep(value[:, None] + total[:, :-1], value)
