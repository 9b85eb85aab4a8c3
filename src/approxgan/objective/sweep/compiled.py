"""The sweep of a dense piecewise-linear network, compiled, without its forward passes.

Exact up to rounding: it evaluates the same function of θ as the loop over forward passes, through
every kink that a step crosses (``_lines``). It rounds otherwise than the loop does.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep._calls import ALIKE, BLOCK, TYPES, array, for_type, share, up
from approxgan.objective.sweep._kernels import move_logits
from approxgan.objective.sweep._plan import plan
from approxgan.objective.sweep.loops import whole_step
from approxgan.objective.terms import FUNCTIONS

SAMPLES = 32
"""Of one seed, that are gone through as one task."""


def covers(problem: DenseProblem) -> bool:
    """Whether ``sweep`` can evaluate a problem that ``direct`` can: no activation is smooth."""
    return not any(isinstance(a, str) for a in problem.activations)


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype = TYPES[theta.dtype]
    layout = plan(problem.sizes, problem.activations, problem.owned, dtype)
    moved = theta + whole_step(step, theta)
    finite = moved.isfinite()
    point, x = array(theta, dtype), array(problem.inputs, dtype)
    moves = array(torch.where(finite, moved - theta, 0.0), dtype)
    frozen, rows = array(problem.frozen, dtype), x.shape[1]
    chunks = -(-rows // SAMPLES)
    width = up(layout.coordinates + 1, ALIKE)
    parts = theta.new_zeros(len(point), chunks, width)

    def work(task: int) -> None:
        seed, begin = task // chunks, task % chunks * SAMPLES
        own = x[seed, begin : begin + SAMPLES]
        logits = np.zeros((len(own), width), dtype)
        floats, ints = layout.room()
        for_type(move_logits, dtype)(
            layout, point[seed], frozen[seed], moves[seed], own,
            np.zeros(floats, dtype), np.zeros(ints, np.int64), logits,
        )  # fmt: skip
        columns = torch.from_numpy(logits).split(BLOCK // SAMPLES // ALIKE * ALIKE, 1)
        parts[seed, task % chunks] = torch.cat([_part(problem, c, begin) for c in columns])

    share(work, len(point) * chunks, threads)
    total = problem.constant[:, None]
    for chunk in range(chunks):
        total = total + parts[:, chunk]
    losses, values = torch.empty_like(theta), total[:, layout.coordinates].clone()
    losses[:, torch.from_numpy(layout.flat)] = total[:, torch.from_numpy(layout.places)]
    losses[~(finite & values.isfinite()[:, None])] = torch.nan
    return Sweep(losses, values)


def _part(problem: DenseProblem, logits: Tensor, begin: int) -> Tensor:
    """What the samples from ``begin`` on add to the losses: logits [n, K] -> [K]."""
    total = logits.new_zeros(logits.shape[1])
    for term in problem.terms:
        own = logits[max(0, term.start - begin) : max(0, term.stop - begin)]
        summed = FUNCTIONS[term.function](term.sign * own).sum(0)
        total += term.weight / (term.stop - term.start) * summed
    return total
