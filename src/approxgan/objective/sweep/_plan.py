"""Where everything lies in the arrays of compiled code, which has pointers to them.

Node 0 is the input, node m the output of layer m (counted from 1), node L the logit.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._layer import KINDS
from approxgan.objective.sweep._vector import ahead

NARROWEST = 8
"""The widest node that counts as narrow: all lines pass through its few units, see ``_lines``."""
POWERS = 12
"""Of a series of the loss, at most."""
GROUP = 8
"""Rows of numbers are padded to whole vectors, and matrices to groups of rows."""

Array = Any


class Net(NamedTuple):
    """A chain of layers; arrays are [L + 1], by node."""

    width: Array
    """Its units."""
    node: Array
    """Its place in arrays over all units."""
    span: Array
    """Its length there, with one place for the bias of the next layer, and padding."""
    row: Array
    """Of the weights into it, unit by unit in rows of the span before, the bias behind the weights;
    arrays over coordinates are laid out like that too. Transposed, in rows of its own span, the
    biases are last."""
    flat: Array
    """Of the same in the flat parameters of their player."""
    kind: Array
    """Of its activation: ``KINDS``."""
    slope: Array
    """Below the kink of its activation, of the type of θ; 1 for no kink."""
    jacobian: Array
    """[L + 1, L + 1]: place of ∂(inputs of node b) / ∂(outputs of node a), b > a + 1."""
    last: int
    """L"""
    owned: int
    samples: int
    """That are gone through at once, a multiple of 8."""
    nodes: int
    """Length of arrays over all units."""
    widest: int
    """The largest span, or room for a series."""
    memo: int
    """A node of two units in float32, or 0 for none."""
    jacobians: int
    """Of one sample."""
    scratch: int
    """Of one sample, for the Jacobians."""


def up(count: Any, block: int = GROUP) -> Any:
    """A number, or numbers, to a multiple of the block."""
    return -(-count // block) * block


def _places(lengths: np.ndarray) -> np.ndarray:
    """Where stretches of these lengths begin that follow each other."""
    return np.cumsum(lengths) - lengths


@lru_cache(maxsize=64)
def plan(
    sizes: tuple[int, ...],
    activations: tuple[float | str, ...],
    owned: int,
    samples: int,
    dtype: np.dtype,
) -> Net:
    width, last = np.array(sizes), len(sizes) - 1
    span, parameters = up(width + 1), (width[:-1] + 1) * width[1:]
    kind = [0, *(KINDS[a if isinstance(a, str) else "slope"] for a in activations)]
    slope = [1.0, *(1.0 if isinstance(a, str) else a for a in activations)]
    twos = [m for m in range(1, last + 1) if width[m] == 2 and dtype == np.float32]
    jacobian, jacobians, scratch = _jacobians(width, span)
    return Net(
        width,
        node=_places(span),
        span=span,
        row=_places(np.array([0, *span[1:] * span[:-1]])),
        flat=np.array([0, *_places(parameters[:owned]), *_places(parameters[owned:])]),
        kind=np.array(kind),
        slope=np.array(slope, dtype),
        jacobian=jacobian,
        last=last,
        owned=owned,
        samples=samples,
        nodes=int(span.sum()),
        widest=int(max(span.max(), POWERS + 4)),
        memo=twos[0] if twos else 0,
        jacobians=jacobians,
        scratch=scratch,
    )


def _jacobians(width: np.ndarray, span: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Only between nodes without a narrow one between them, or to the logit."""
    last = len(width) - 1
    offsets = np.zeros((last + 1, last + 1), np.int64)
    used = scratch = 0
    for a in range(1, last):
        for b in range(a + 2, last + 1):
            if b < last and (width[a + 1 : b] <= NARROWEST).any():
                continue
            offsets[a, b] = used
            rows, row = (b, a) if width[b] <= NARROWEST else (a, b)
            used += int(width[rows] * span[row])
            scratch = max(scratch, int(width[rows] * span[a + 1 : b].max()))
    return offsets, used, scratch


@inlined
def flat(net, m, unit, i):
    """Where weight i of a unit lies in the flat parameters, or its bias, which follows them."""
    before = net.width[m - 1]
    return net.flat[m] + (unit * before + i if i < before else net.width[m] * before + unit)


@inner
def lay_out(net, theta, frozen, m, transposed):
    """Write layer m's weights and biases."""
    parameters = theta if m <= net.owned else frozen
    to, span = ahead(transposed, net.row[m]), net.span[m]
    for k in range(net.width[m]):
        for i in range(net.width[m - 1] + 1):
            to[i * span + k] = parameters[flat(net, m, k, i)]
