"""The sweep of any dense network by forward passes, in the arithmetic of the parameters' type.

The same function as ``loops.plain``, rounding by rounding: what a step changes is computed, what
comes out bitwise the same is taken from the pass at θ (``_forward``). The losses of the
logits are torch's own. A smooth activation is evaluated in float64 and rounded once.
"""

import itertools
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem
from approxgan.objective.sweep import _forward
from approxgan.objective.sweep._calls import ALIKE, BLOCK, TYPES, array, for_type, share, up
from approxgan.objective.sweep._layer import KINDS, NARROW
from approxgan.objective.sweep.loops import whole_step
from approxgan.objective.terms import FUNCTIONS

LOGITS = 2**17
"""About as many are computed at once."""


class _Layout(NamedTuple):
    table: np.ndarray
    slopes: np.ndarray
    extents: tuple[int, ...]
    floats: int
    ints: int
    """Lengths of the work space."""
    order: np.ndarray
    """[P]: the flat parameters, unit by unit."""
    ends: tuple[int, ...]
    """[units]: how many parameters a unit and those before it have."""


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
        and all(term.function in FUNCTIONS for term in problem.terms)
    )


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype, rows = TYPES[theta.dtype], problem.inputs.shape[1]
    layout = _layout(problem.sizes, problem.activations, problem.owned, rows, dtype)
    go_through = for_type(_forward.forward_units, dtype)
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen, inputs = array(problem.frozen, dtype), _padded(problem.inputs, layout, dtype)
    losses, values = torch.empty_like(theta), theta.new_empty(len(point))
    blocks = _blocks(layout.ends, rows)

    def work(task: int) -> None:
        seed, (first, last) = task // len(blocks), blocks[task % len(blocks)]
        begin, end = layout.ends[first - 1] if first else 0, layout.ends[last - 1]
        logits = np.empty((1 + end - begin, layout.extents[1]), dtype)
        floats, ints = np.zeros(layout.floats, dtype), np.zeros(layout.ints, np.int64)
        go_through(
            layout.table, layout.slopes, layout.extents, point[seed], moved[seed], frozen[seed],
            inputs[seed], floats, ints, first, last, logits,
            np.empty((logits.size + 1, 2), np.int64),
        )  # fmt: skip
        rows = torch.from_numpy(logits).split(max(1, BLOCK // logits.shape[1]))
        found = torch.cat([_loss(problem, r, problem.constant[seed]) for r in rows])
        losses[seed, layout.order[begin:end]] = found[1:]
        if first == 0:
            values[seed] = found[0]

    share(work, len(point) * len(blocks), threads)
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


def _blocks(ends: tuple[int, ...], rows: int) -> list[tuple[int, int]]:
    """Units (first, last) whose logits are kept at once."""
    blocks, first = [], 0
    for last in range(1, len(ends) + 1):
        begin = ends[first - 1] if first else 0
        if last == len(ends) or (ends[last] - begin) * rows > LOGITS:
            blocks.append((first, last))
            first = last
    return blocks


def _padded(inputs: Tensor, layout: _Layout, dtype: np.dtype) -> np.ndarray:
    """[S, in, row]"""
    seeds, rows, width = inputs.shape
    padded = np.zeros((seeds, width, layout.extents[2]), dtype)
    padded[..., :rows] = inputs.detach().mT.numpy()
    return padded


@lru_cache(maxsize=64)
def _layout(
    sizes: tuple[int, ...],
    activations: tuple[float | str, ...],
    owned: int,
    rows: int,
    dtype: np.dtype,
) -> _Layout:
    samples, widest = up(rows, 32), max(sizes)
    row = samples + 16
    table = np.zeros((len(sizes), _forward.COLUMNS), np.int64)
    base = queue = weight = 0
    order, ends = [], []
    for m, width in enumerate(sizes):
        table[m, [_forward.N, _forward.BASE, _forward.QUEUE]] = width, base, queue
        base, queue = base + width * row, queue + width * _forward.ROOM
        if m == 0:
            continue
        before, bend = sizes[m - 1], activations[m - 1]
        weight = 0 if m == owned + 1 else weight
        biases = weight + width * before
        table[m, [_forward.W, _forward.B]] = weight, biases
        table[m, _forward.KIND] = KINDS[bend if isinstance(bend, str) else "slope"]
        if m <= owned:
            for k in range(width):
                start = weight + k * before
                order += [*range(start, start + before), biases + k]
                ends.append(len(order))
        weight = biases + width
    slopes = np.array([1.0, *(1.0 if isinstance(a, str) else a for a in activations)], dtype)
    floats = base + queue + 2 * widest * _forward.ROOM + (widest + 1) * (widest + 1 + row) + row
    floats += max(widest, 8 * NARROW) * row
    twos = [m for m, width in enumerate(sizes) if m > 0 and width == 2 and dtype == np.float32]
    extents = (owned, samples, row, widest, twos[0] if twos else 0, base, queue)
    ints = (_forward.ROOM + 1) * len(sizes) + 2 * _forward.SEEN
    return _Layout(table, slopes, extents, floats, ints, np.array(order), tuple(ends))
