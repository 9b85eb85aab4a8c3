"""Where everything lies in the arrays of the compiled sweep, which its code has pointers to.

Node 0 is the input, node m the output of layer m (counted from 1), node L the logit.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._calls import flat_places, places, up

NARROWEST = 8
"""The widest node that counts as narrow: all lines pass through its few units, see ``_lines``."""
POWERS = 12
"""Of a series of the loss, at most."""
VECTOR = 8
ROWS = 4
"""Matrices are padded with zeros to whole vectors and to groups of rows."""

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
    arrays over coordinates are laid out like that too."""
    transposed: Array
    """Of the same transposed, in rows of its own span, the biases last."""
    flat: Array
    """Of the same in the flat parameters of their player."""
    slope: Array
    """Below the kink of its activation, of the type of θ; 1 for no kink."""
    jacobian: Array
    """[L + 1, L + 1]: place of ∂(inputs of node b) / ∂(outputs of node a), b > a + 1."""
    last: int
    """L"""
    owned: int
    nodes: int
    """Length of arrays over all units."""
    samples: int
    """A multiple of 4."""
    widest: int
    """The largest span, or room for a series."""
    jacobians: int
    """Of one sample."""
    floats: tuple[int, ...]
    """Sizes of the arrays of a room that are of the type of θ."""
    ints: tuple[int, ...]
    """And of the others, of int64."""


class Room(NamedTuple):
    """One seed's parameters, what is known of some of its samples, and work space."""

    rows: Array
    transposed: Array
    moves: Array
    """fl(θ + step) - θ, zero in the padding."""
    changes: Array
    """Of the loss, by each coordinate's move."""
    reach: Array
    """[nodes]: the largest |move| of a unit."""
    heaviest: Array
    """[nodes]: the largest |weight| behind a unit."""
    p: Array
    """[samples, nodes], likewise the following: inputs of the activations; infinite in the padding,
    where no unit shall cross its kink."""
    h: Array
    """Outputs; behind each node's last a 1 for the bias, then zeros."""
    bend: Array
    """Slope of the activation at p; 0 in the padding."""
    g: Array
    """∂ logit / ∂h"""
    jacobians: Array
    """Source by source, but target by target where the target node is narrow."""
    series: Array
    """[samples, POWERS + 1]: of the loss in changes of the logit. All up to here start as zeros."""
    limit: Array
    """[samples]: changes for which the series holds."""
    near: Array
    """[samples, L + 1]: the smallest |p| of a node."""
    gap: Array
    """[samples, L + 1]: changes of a narrow node's outputs that take no unit here to its kink."""
    norm: Array
    """[samples, L + 1]: of this node's outputs, per change of a narrow node's."""
    scratch: Array
    lines: Array
    """[lines, widest]: changes of one unit's output."""
    most: Array
    """[lines]: bounds on |change|."""
    bound: Array
    """[widest]: on the changes of a node's inputs."""
    total: Array
    """[widest]: the change of one unit's input, or of the logit."""
    origin: Array
    """[lines, 2]: node and unit."""
    found: Array
    """[widest]: units that may cross."""
    late: Array
    """Samples and units that wait for their lines."""


ZEROS = 1 + Room._fields.index("series")


@lru_cache(maxsize=64)
def plan(
    sizes: tuple[int, ...], slopes: tuple[float, ...], owned: int, samples: int, dtype: np.dtype
) -> Net:
    width, last = np.array(sizes), len(sizes) - 1
    span = up(width + 1, VECTOR)
    rows = np.array([0, *up(width[1:], ROWS) * span[:-1]])
    transposed = np.array([0, *span[1:] * (width[:-1] + 1)])
    jacobian, jacobians, scratch = _jacobians(width, span)
    nodes, widest, lines = span.sum(), max(span.max(), POWERS + 4), 1 + width[1:].sum()
    by_node = samples * (last + 1)
    room = Room(
        rows=rows.sum(),
        transposed=transposed.sum(),
        moves=rows[: owned + 1].sum(),
        changes=rows[: owned + 1].sum(),
        reach=nodes,
        heaviest=nodes,
        p=samples * nodes,
        h=samples * nodes,
        bend=samples * nodes,
        g=samples * nodes,
        jacobians=samples * jacobians,
        series=samples * (POWERS + 1),
        limit=samples,
        near=by_node,
        gap=by_node,
        norm=by_node,
        scratch=samples * max(scratch, 3 * widest),
        lines=lines * widest,
        most=lines,
        bound=widest,
        total=widest,
        origin=2 * lines,
        found=widest,
        late=samples * widest,
    )
    lengths, ints = tuple(map(int, room)), room._fields.index("origin")
    return Net(
        width, places(span), span, places(rows), places(transposed), flat_places(width, owned),
        np.array([1.0, *slopes], dtype), jacobian, last, owned, int(nodes), samples, int(widest),
        jacobians, lengths[:ints], lengths[ints:],
    )  # fmt: skip


def _jacobians(width: np.ndarray, span: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Only between nodes without a narrow one between them."""
    last = len(width) - 1
    offsets = np.zeros((last + 1, last + 1), np.int64)
    used = scratch = 0
    for a in range(1, last):
        for b in range(a + 2, last):
            if (width[a + 1 : b] <= NARROWEST).any():
                break
            offsets[a, b] = used
            rows, row = (b, a) if width[b] <= NARROWEST else (a, b)
            used += int(width[rows] * span[row])
            scratch = max(scratch, int(width[rows] * span[a + 1 : b].max()))
    return offsets, used, scratch
