"""Where everything lies in the flat arrays of the compiled sweep.

Node 0 is the input, node m the output of layer m (counted from 1), node L the logit.
"""

from __future__ import annotations

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
    flat: np.ndarray
    places: np.ndarray
    """Of the swept parameters, unit by unit, in their flat order and in ``rows``."""
    owned: int
    nodes: int
    """Sum of SPAN."""
    rows: int
    transposed: int
    coordinates: int
    """The part of ``rows`` that is swept."""
    jacobian: int
    widest: int
    """The largest SPAN."""
    lines: int
    """Lines of one unit: itself and all units behind it."""

    def room(self) -> tuple[int, int]:
        """Elements of work space: of the type of θ, int64. See ``_kernels``."""
        floats = 4 * self.nodes + self.jacobian + (3 + self.lines) * self.widest + self.lines
        whole = 2 * self.lines + self.widest
        return floats + self.rows + self.transposed + self.coordinates, whole


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
        row += width * int(table[m - 1, SPAN])
        transposed += span * up(before + 1, ROWS)
        coordinates = row if m == owned else coordinates
        table[m, NARROW] = m < last and width <= NARROWEST
        table[m, BENT] = slopes[m - 1] != 1.0
    jacobians, jacobian = _jacobians(table)
    widest, lines = int(table[:, SPAN].max()), 1 + sum(sizes[1:])
    by_node = np.array([1.0, *slopes], dtype)
    return Plan(
        table, jacobians, by_node, *_order(table, owned), owned, node, row, transposed,
        coordinates, jacobian, widest, lines,
    )  # fmt: skip


def _order(table: np.ndarray, owned: int) -> tuple[np.ndarray, np.ndarray]:
    flat, places = [], []
    for m in range(1, owned + 1):
        before = np.arange(table[m - 1, N] + 1)
        units = np.arange(table[m, N])[:, None]
        weights = table[m, W] + units * before[-1] + before
        flat.append(np.where(before < before[-1], weights, table[m, B] + units).ravel())
        places.append((table[m, ROW] + units * table[m - 1, SPAN] + before).ravel())
    return np.concatenate(flat), np.concatenate(places)


def _jacobians(table: np.ndarray) -> tuple[np.ndarray, int]:
    """Only between nodes without a narrow one between them."""
    last = len(table) - 1
    offsets = np.zeros((last + 1, last + 1), np.int64)
    used = 0
    for a in range(1, last):
        for b in range(a + 2, last):
            if table[a + 1 : b, NARROW].any():
                break
            offsets[a, b] = used
            used += int(table[a, SPAN] * table[b, SPAN])
    return offsets, used
