"""The sweep of a dense piecewise-linear network, compiled, without its forward passes.

Exact up to rounding: it evaluates the same function of θ as the loop over forward passes, through
every kink that a step crosses (``_lines``). It rounds otherwise than the loop does.
"""

import functools

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep._calls import TYPES, array, for_type, share, up
from approxgan.objective.sweep._kernels import change_losses
from approxgan.objective.sweep._plan import ROWS, ZEROS, plan
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
    chain = problem.sizes, problem.activations, problem.owned
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen, inputs = array(problem.frozen, dtype), array(problem.inputs, dtype)
    most = min(
        SAMPLES, max(ROWS, JACOBIANS // (1 + plan(*chain, ROWS, dtype).jacobians) // ROWS * ROWS)
    )
    chunks = -(-inputs.shape[1] // most)
    terms = np.array([(t.start, t.stop, KINDS[t.function]) for t in problem.terms])
    factors = np.array([(t.sign, t.weight / (t.stop - t.start)) for t in problem.terms], dtype)
    limits, go_through = radii(problem.terms, dtype), for_type(change_losses, dtype)
    parts = np.empty((chunks, len(point), theta.shape[1] + 1), dtype)

    def work(task: int) -> None:
        seed, begin = task // chunks, task % chunks * most
        own = inputs[seed, begin : begin + most]
        net = plan(*chain, up(len(own), ROWS), dtype)
        floats = np.empty(sum(net.floats), dtype)
        floats[: sum(net.floats[:ZEROS])] = 0.0
        go_through(
            net, floats, np.empty(sum(net.ints), np.int64), point[seed], moved[seed], frozen[seed],
            own, begin, terms, factors, limits, parts[task % chunks, seed],
        )  # fmt: skip

    share(work, len(point) * chunks, threads)
    total = torch.from_numpy(functools.reduce(np.add, parts))
    value = problem.constant + total[:, -1]
    return Sweep(value[:, None] + total[:, :-1], value)
