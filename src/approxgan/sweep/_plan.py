"""Where everything lies in the flat arrays of the compiled sweep.

Node 0 is the input, node m the output of layer m (counted from 1), node L the logit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

N, NODE, W, B, WT, ROW, STRIDE, NARROW, BENT = range(9)
"""Columns of ``Plan.table``, one row per node.

N: its width. NODE: its place in arrays over all units. W, B: weights [N, N of the node before]
and biases in the flat parameters. WT: the weights transposed, then the biases as one more row,
then rows of zeros to a multiple of 4. ROW, STRIDE: a swept unit's coordinates (weights, bias,
padding) in the arrays over coordinates, and their number. NARROW: few units, all traffic passes
through them. BENT: its slope is not 1.
"""
COLUMNS = 9
NARROWEST = 8
"""Nodes up to this width are where paths are gathered: see ``_lines``."""
BLOCK = 8
"""Rows are padded to whole vectors, so that no loop ends in single steps."""


class Plan(NamedTuple):
    table: np.ndarray
    """[L + 1, COLUMNS] int64"""
    jacobians: np.ndarray
    """[L + 1, L + 1] int64: place of ∂(input of node b) / ∂(output of node a), b > a + 1."""
    owned: int
    nodes: int
    transposed: int
    coordinates: int
    jacobian: int
    widest: int
    lines: int
    """Lines of one unit: itself and all units behind it."""
    longest: int


def _padded(count: int, block: int) -> int:
    return -(-count // block) * block


@lru_cache(maxsize=64)
def plan(sizes: tuple[int, ...], slopes: tuple[float, ...], owned: int) -> Plan:
    last = len(sizes) - 1
    table = np.zeros((last + 1, COLUMNS), np.int64)
    node = weight = transposed = row = 0
    for m, width in enumerate(sizes):
        table[m, N], table[m, NODE] = width, node
        node += _padded(width + 1, BLOCK)
        if m == 0:
            continue
        before = sizes[m - 1]
        table[m, W], table[m, B] = weight, weight + width * before
        weight += width * (before + 1)
        table[m, WT] = transposed
        transposed += width * _padded(before + 1, 4)
        table[m, ROW], table[m, STRIDE] = row, _padded(before + 1, BLOCK)
        row += width * int(table[m, STRIDE]) if m <= owned else 0
        table[m, NARROW] = m < last and width <= NARROWEST
        table[m, BENT] = slopes[m - 1] != 1.0
    jacobians, jacobian = _jacobians(table)
    return Plan(
        table, jacobians, owned, node, transposed, row, jacobian, max(sizes) + 1,
        1 + sum(sizes[1:]), int(table[1 : owned + 1, STRIDE].max()),
    )  # fmt: skip


def _jacobians(table: np.ndarray) -> tuple[np.ndarray, int]:
    """Only between nodes without a narrow one between them."""
    last = len(table) - 1
    offsets = np.zeros((last + 1, last + 1), np.int64)
    used = 0
    for a in range(1, last):
        for b in range(a + 1, last):
            if b > a + 1:
                offsets[a, b] = used
                used += int(table[a, N] * table[b, N])
            if table[b, NARROW]:
                break
    return offsets, used
