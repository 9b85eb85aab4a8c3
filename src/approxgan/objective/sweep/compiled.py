"""The sweep of a dense piecewise-linear network, compiled, without its forward passes.

Exact up to rounding: it evaluates the same function of θ as the loop over forward passes, through
every kink that a step crosses (``_lines``). It rounds otherwise than the loop does.
"""

from functools import lru_cache, reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep._calls import TYPES, array, share
from approxgan.objective.sweep._kernels import INTS, SERIES, ZEROS, Room, change_losses
from approxgan.objective.sweep._plan import Net, plan, up
from approxgan.objective.sweep._series import KINDS, radii
from approxgan.objective.sweep.loops import whole_step

SAMPLES = 64
"""Of one seed, at most, that are gone through as one task."""
JACOBIANS = 2**20
"""Numbers of Jacobians at once, about: a task has fewer samples where each has many."""


def covers(problem: DenseProblem) -> bool:
    """Whether ``sweep`` can evaluate a problem that ``direct`` can: no activation is smooth."""
    return not any(isinstance(a, str) for a in problem.activations)


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype = TYPES[theta.dtype]
    chain = problem.sizes, problem.activations, problem.owned
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen, inputs = array(problem.frozen, dtype), array(problem.inputs, dtype)
    most = min(SAMPLES, max(4, JACOBIANS // (1 + plan(*chain, 8, dtype).jacobians) // 4 * 4))
    chunks = -(-inputs.shape[1] // most)
    terms = np.array([(t.start, t.stop, KINDS[t.function]) for t in problem.terms])
    factors = np.array([(t.sign, t.weight / (t.stop - t.start)) for t in problem.terms], dtype)
    limits = radii(problem.terms, dtype)
    parts = np.empty((chunks, len(theta), theta.shape[1] + 1), dtype)

    def work(task: int) -> None:
        seed, begin = task // chunks, task % chunks * most
        own = inputs[seed, begin : begin + most]
        net, sizes = _layout(*chain, up(len(own)), dtype)
        floats, ints = np.empty(sum(sizes[:INTS]), dtype), np.empty(sum(sizes[INTS:]), np.int64)
        floats[: sum(sizes[:ZEROS])] = 0.0
        change_losses(
            net, floats, ints, sizes, point[seed], moved[seed], frozen[seed], own, begin, terms,
            factors, limits, parts[task % chunks, seed],
        )  # fmt: skip

    share(work, len(theta) * chunks, threads)
    total = torch.from_numpy(reduce(np.add, parts))
    value = problem.constant + total[:, -1]
    return Sweep(value[:, None] + total[:, :-1], value)


@lru_cache(maxsize=64)
def _layout(*chain: Any) -> tuple[Net, tuple[int, ...]]:
    """The plan, and the sizes of a room's arrays."""
    net = plan(*chain)
    by_unit, by_node, widest = net.samples * net.nodes, net.samples * (net.last + 1), net.widest
    rows, lines = net.span[1:] * net.span[:-1], 1 + np.sum(net.width[1:])
    sizes = Room(
        rows=rows.sum(),
        transposed=rows.sum(),
        moves=rows[: net.owned].sum(),
        changes=rows[: net.owned].sum(),
        reach=net.nodes,
        heaviest=net.nodes,
        p=by_unit,
        h=by_unit,
        bend=by_unit,
        jacobians=net.samples * net.jacobians,
        series=net.samples * SERIES,
        limit=net.samples,
        near=by_node,
        gap=by_node,
        norm=by_node,
        scratch=net.samples * max(net.scratch, 3 * widest),
        lines=lines * widest,
        most=lines,
        bound=widest,
        total=widest,
        origin=2 * lines,
        late=net.samples * widest,
    )
    return net, tuple(map(int, sizes))
