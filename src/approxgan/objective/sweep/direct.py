"""The sweep of any dense network by forward passes, in the arithmetic of the parameters' type.

The same function as ``loops.plain``, rounding by rounding: what a step changes is computed, what
comes out bitwise the same is taken from the pass at θ (``_forward``). The losses of the
logits are torch's own. A smooth activation is evaluated in float64 and rounded once.
"""

import itertools
import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep._calls import TYPES, array, share
from approxgan.objective.sweep._forward import SLOTS, Room, forward_units
from approxgan.objective.sweep._layer import KINDS, NARROW, ROW, TILE
from approxgan.objective.sweep._plan import Net, plan, up
from approxgan.objective.sweep.loops import whole_step
from approxgan.objective.terms import FUNCTIONS

LOGITS = 2**18
"""About as many are computed at once."""
BLOCK = 2**15 - 1
"""Numbers that torch works on without sharing them among its threads, which cut blocks apart."""
ALIKE = 64
"""It rounds blocks of as many numbers alike; what is left over it computes otherwise."""


def products(problem: DenseProblem) -> int:
    """Of a seed's sweep, for each sample: what it costs where every step changes it."""
    layers = [a * b for a, b in itertools.pairwise(problem.sizes)]
    total = 0
    for m, (into, units) in enumerate(itertools.pairwise(problem.sizes[: problem.owned + 1])):
        # A moved unit is computed anew, then all layers behind it.
        total += (into + 1) * units * (into + sum(layers[m + 1 :]))
    return total


def covers(problem: DenseProblem) -> bool:
    """Whether ``sweep`` can evaluate the problem."""
    return (
        bool(problem.terms)
        and problem.inputs.dtype in TYPES
        and problem.sizes[-1] == 1
        and 1 <= problem.owned <= len(problem.activations) == len(problem.sizes) - 1
        and problem.activations[-1] == 1.0
        and all(a in KINDS if isinstance(a, str) else math.isfinite(a) for a in problem.activations)
    )


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype, count = TYPES[theta.dtype], problem.inputs.shape[1]
    blocks = -(-count // TILE)
    block = up(-(-count // blocks), 32)  # so that torch computes all logits alike
    net = plan(problem.sizes, problem.activations, problem.owned, block, dtype)
    tasks = _tasks(problem.sizes[: problem.owned + 1], count, LOGITS)
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen = array(problem.frozen, dtype)
    inputs = np.zeros((len(theta), problem.sizes[0], blocks * block), dtype)
    inputs[..., :count] = array(problem.inputs.mT, dtype)
    losses, values = torch.empty_like(theta), theta.new_empty(len(theta))
    # Of what torch is handed at once.
    widest = max(up(term.stop, ALIKE) - term.start // ALIKE * ALIKE for term in problem.terms)

    def work(task: int) -> None:
        seed, (first, last, coordinates) = task // len(tasks), tasks[task % len(tasks)]
        room = _room(net, 1 + coordinates, blocks * block, dtype)
        forward_units(net, room, inputs[seed], point[seed], moved[seed], frozen[seed], first, last)
        rows = torch.from_numpy(room.logits).split(max(1, BLOCK // widest))
        found = torch.cat([_loss(problem, r, problem.constant[seed]) for r in rows])
        losses[seed].index_copy_(0, torch.from_numpy(room.coordinate), found[1:])
        if first == 0:
            values[seed] = found[0]

    share(work, len(theta) * len(tasks), threads)
    return Sweep(losses, values)


def _loss(problem: DenseProblem, logits: Tensor, constant: Tensor) -> Tensor:
    """Logits [K, samples] -> losses [K], added up as ``terms.total`` adds up."""
    total: Tensor | float = 0.0
    for term in problem.terms:
        first = term.start - term.start % ALIKE
        last = min(up(term.stop, ALIKE), logits.shape[1])
        scaled = logits[:, first:last]
        scaled = scaled if term.sign == 1.0 else term.sign * scaled
        values = FUNCTIONS[term.function](scaled)[:, term.start - first : term.stop - first]
        total = total + term.weight * values.mean(-1)
    return constant + total


@lru_cache(maxsize=64)
def _tasks(sizes: tuple[int, ...], samples: int, most: int) -> list[tuple[int, int, int]]:
    """Units (first, last) whose logits are kept at once, and how many coordinates they have."""
    lengths = np.repeat(np.add(sizes[:-1], 1), sizes[1:])
    share = np.cumsum(lengths) * samples // most
    ends = [0, *np.flatnonzero(np.diff(share)) + 1, len(lengths)]
    return [(a, b, int(lengths[a:b].sum())) for a, b in itertools.pairwise(ends)]


def _room(net: Net, rows: int, samples: int, dtype: np.dtype) -> Room:
    """For this many rows of logits."""
    widest = net.widest + 8

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype)

    return Room(
        weights=zeros(int(np.sum(net.span[1:] * net.span[:-1]))),
        outputs=zeros(net.nodes, ROW),
        rows=zeros(widest, widest),
        units=zeros(widest, ROW),
        sums=zeros(max(widest, 8 * NARROW), ROW),
        tiles=zeros(2, net.widest, ROW),
        queue=zeros(2, ROW),
        waiting=np.zeros(1 + ROW, np.int64),
        seen=np.zeros((SLOTS if net.memo else 1, 2), np.int64),
        source=np.arange(rows * samples if net.memo else 0, dtype=np.int32),
        logits=np.empty((rows, samples), dtype),
        coordinate=np.empty(rows - 1, np.int64),
    )
