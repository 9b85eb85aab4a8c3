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
from approxgan.objective.sweep._calls import (
    ALIKE,
    BLOCK,
    TYPES,
    array,
    flat_places,
    for_type,
    places,
    share,
    up,
)
from approxgan.objective.sweep._layer import KINDS, NARROW
from approxgan.objective.sweep.loops import whole_step
from approxgan.objective.terms import FUNCTIONS

LOGITS = 2**18
"""About as many are computed at once."""
SLOTS = 15
"""Binary logarithm of the outputs that the memo holds, at most."""


class _Layout(NamedTuple):
    chain: _forward.Chain
    """Its pointers are arrays."""
    order: Tensor
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
    )


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype, samples = TYPES[theta.dtype], problem.inputs.shape[1]
    layout = _layout(problem.sizes, problem.activations, problem.owned, samples, dtype)
    go_through = for_type(_forward.forward_units, dtype)
    point, moved = array(theta, dtype), array(theta + whole_step(step, theta), dtype)
    frozen, inputs = array(problem.frozen, dtype), array(problem.inputs.mT, dtype)
    losses, values = torch.empty_like(theta), theta.new_empty(len(point))
    blocks = _blocks(layout.ends, samples)
    # Of what torch is handed at once.
    widest = max(up(term.stop, ALIKE) - term.start // ALIKE * ALIKE for term in problem.terms)

    def work(task: int) -> None:
        seed, (first, last) = task // len(blocks), blocks[task % len(blocks)]
        begin, end = layout.ends[first - 1] if first else 0, layout.ends[last - 1]
        room = _room(layout.chain, 1 + end - begin, dtype)
        room.outputs[: inputs.shape[1], :samples] = inputs[seed]
        go_through(
            layout.chain, room, problem.owned, point[seed], moved[seed], frozen[seed], first, last
        )
        rows = torch.from_numpy(room.logits).split(max(1, BLOCK // widest))
        found = torch.cat([_loss(problem, r, problem.constant[seed]) for r in rows])
        losses[seed].index_copy_(0, layout.order[begin:end], found[1:])
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


def _room(chain: _forward.Chain, rows: int, dtype: np.dtype) -> _forward.Room:
    """For this many rows of logits."""
    widest, row, room = chain.widest, chain.row, _forward.ROOM
    remembered = rows * chain.samples if chain.memo else 0
    slots = 1 << min(SLOTS, remembered.bit_length())

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype)

    return _forward.Room(
        weights=zeros(int(np.sum((chain.width[:-1] + 1) * chain.width[1:]))),
        outputs=zeros(int(chain.width.sum()), row),
        rows=zeros(widest, widest + 8),
        biases=zeros(widest + 8),
        units=zeros(widest + 8, row),
        kept=zeros(row),
        sums=zeros(max(widest, 8 * NARROW), row),
        tiles=zeros(2, widest, room),
        queue=zeros(2, room),
        waiting=np.zeros(1 + room, np.int64),
        seen=np.zeros((slots, 2), np.int64),
        keys=np.empty((2, _forward.TILE), np.int64),
        slots=slots,
        source=np.empty(remembered, np.int32),
        logits=np.empty((rows, chain.samples), dtype),
    )


@lru_cache(maxsize=64)
def _layout(
    sizes: tuple[int, ...],
    activations: tuple[float | str, ...],
    owned: int,
    rows: int,
    dtype: np.dtype,
) -> _Layout:
    width, last = np.array(sizes), len(sizes) - 1
    flat, parameters = flat_places(width, owned), np.array([0, *(width[:-1] + 1) * width[1:]])
    order, ends = [], []
    for m in range(1, owned + 1):
        biases = flat[m] + width[m - 1] * width[m]
        for k in range(width[m]):
            start = flat[m] + k * width[m - 1]
            order += [*range(start, start + width[m - 1]), biases + k]
            ends.append(len(order))
    blocks = -(-rows // _forward.TILE)
    block = up(-(-rows // blocks), 32)
    samples = blocks * block
    row = (samples // 16 | 1) * 16
    base = places(width) * row
    kind = np.array([0, *(KINDS[a if isinstance(a, str) else "slope"] for a in activations)])
    slope = np.array([1.0, *(1.0 if isinstance(a, str) else a for a in activations)], dtype)
    twos = [m for m in range(1, last + 1) if width[m] == 2 and dtype == np.float32]
    memo = twos[0] if twos else 0
    chain = _forward.Chain(
        width,
        flat,
        places(parameters),
        base,
        kind,
        slope,
        last,
        memo,
        samples,
        block,
        row,
        max(sizes),
    )
    return _Layout(chain, torch.tensor(order), tuple(ends))
