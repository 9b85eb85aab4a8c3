"""Where everything lies in the flat arrays of the compiled sweep.

Node 0 is the input, node m the output of layer m (counted from 1), node L the logit.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from approxgan.objective.sweep._calls import up

N, NODE, SPAN, ROW, WT, W, B, NARROW, BENT = range(9)
"""Columns of ``Plan.table``, one row per node.

N: its width. NODE, SPAN: its place in arrays over all units, and its length there with one
place for the bias of the next layer, and padding. ROW: the weights into it, unit by unit in rows
of the SPAN before, the bias behind the weights; arrays over coordinates are laid out like that
too. WT: the same transposed, in rows of its own SPAN, the biases last. W, B: weights and biases
in the flat parameters of their player. NARROW: few units, through which all lines pass: see
``_lines``. BENT: its slope is not 1.
"""
COLUMNS = 9
NARROWEST = 8
"""The widest node that counts as narrow."""
POWERS = 12
"""Of a series of the loss, at most."""
VECTOR = 8
ROWS = 4
"""Matrices are padded with zeros to whole vectors and to groups of rows."""


class Plan(NamedTuple):
    """Python's and the compiled code's."""

    table: np.ndarray
    """[L + 1, COLUMNS] int64"""
    jacobians: np.ndarray
    """[L + 1, L + 1] int64: place of ∂(inputs of node b) / ∂(outputs of node a), b > a + 1."""
    slopes: np.ndarray
    """[L + 1], by node, of the type of θ."""
    owned: int
    nodes: int
    """Sum of SPAN."""
    rows: int
    transposed: int
    coordinates: int
    """The part of ``rows`` that is swept."""
    jacobian: int
    scratch: int
    """Of one sample."""
    widest: int
    """The largest SPAN, or room for a series."""
    lines: int
    """Lines of one unit: itself and all units behind it."""

    def room(self, samples: int) -> tuple[int, int, int]:
        """Of work space: numbers that start as zeros, all numbers, integers; see ``workspace``."""
        zeros = 4 * samples * self.nodes + samples * self.jacobian + 2 * self.nodes
        zeros += self.rows + self.transposed + 2 * self.coordinates + samples * (POWERS + 1)
        others = samples * (self.scratch + 1 + 3 * len(self.table)) + self.lines
        others += (self.lines + 2) * self.widest
        return zeros, zeros + others, 2 * self.lines + (samples + 1) * self.widest


@lru_cache(maxsize=64)
def plan(sizes: tuple[int, ...], slopes: tuple[float, ...], owned: int, dtype: np.dtype) -> Plan:
    last = len(sizes) - 1
    table = np.zeros((last + 1, COLUMNS), np.int64)
    node = weight = transposed = row = coordinates = 0
    for m, width in enumerate(sizes):
        span = up(width + 1, VECTOR)
        table[m, [N, NODE, SPAN, ROW, WT]] = width, node, span, row, transposed
        node += span
        if m == 0:
            continue
        before = sizes[m - 1]
        weight = 0 if m == owned + 1 else weight
        table[m, [W, B]] = weight, weight + width * before
        weight += width * (before + 1)
        row += up(width, ROWS) * int(table[m - 1, SPAN])
        transposed += span * (before + 1)
        coordinates = row if m == owned else coordinates
        table[m, NARROW] = m < last and width <= NARROWEST
        table[m, BENT] = slopes[m - 1] != 1.0
    jacobians, jacobian, scratch = _jacobians(table)
    widest, lines = max(int(table[:, SPAN].max()), POWERS + 4), 1 + sum(sizes[1:])
    by_node = np.array([1.0, *slopes], dtype)
    return Plan(
        table, jacobians, by_node, owned, node, row, transposed, coordinates, jacobian,
        max(scratch, 3 * widest), widest, lines,
    )  # fmt: skip


def _jacobians(table: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Only between nodes without a narrow one between them."""
    last = len(table) - 1
    offsets = np.zeros((last + 1, last + 1), np.int64)
    used = scratch = 0
    for a in range(1, last):
        for b in range(a + 2, last):
            if table[a + 1 : b, NARROW].any():
                break
            offsets[a, b] = used
            to_narrow = table[b, NARROW]
            rows, row = (b, a) if to_narrow else (a, b)
            used += int(table[rows, N] * table[row, SPAN])
            scratch = max(scratch, int(table[rows, N] * table[a + 1 : b, SPAN].max()))
    return offsets, used, scratch
