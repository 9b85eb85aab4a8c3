"""Parameters and work space as the compiled passes want them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from approxgan.sweep._cache import inner
from approxgan.sweep._lines import Lines
from approxgan.sweep._plan import ROW, STRIDE, WT, B, N, Plan, W
from approxgan.sweep._pointer import ahead, pointer
from approxgan.sweep._sample import Net, Sample
from approxgan.sweep._scalar import COEFFICIENTS


class Shape(NamedTuple):
    """``Plan`` for the compiled code."""

    table: np.ndarray
    jacobians: np.ndarray
    slopes: np.ndarray
    """[L + 1], by node."""
    extents: np.ndarray
    """Fields of ``Plan`` from ``nodes`` on."""
    owned: int


def room_for(plan: Plan) -> tuple[int, int, int]:
    """Elements of work space: of the type of θ, float64, int64. See ``workspace``."""
    p = plan
    floats = 5 * p.nodes + p.jacobian + len(p.table) + 2 * p.widest + COEFFICIENTS
    floats += p.lines * (p.longest + 1) + p.longest + p.coordinates
    return floats, p.widest + COEFFICIENTS, 2 * p.lines + p.widest


@inner
def workspace(shape, room, exact, whole):
    """Cut up the work space; ``room`` starts as zeros."""
    nodes, _, coordinates, jacobian, widest, count, longest = shape.extents
    units = pointer(room)
    jac = ahead(units, 5 * nodes)
    safe = ahead(jac, jacobian)
    scratch = ahead(safe, len(shape.table))
    bound = ahead(scratch, widest)
    coefficients = ahead(bound, widest)
    changes = ahead(coefficients, COEFFICIENTS)
    most = ahead(changes, count * longest)
    total = ahead(most, count)
    strand = ahead(total, longest)
    s = Sample(
        units, ahead(units, nodes), ahead(units, 2 * nodes), ahead(units, 3 * nodes),
        ahead(units, 4 * nodes), jac, safe, pointer(exact), scratch,
    )  # fmt: skip
    node = pointer(whole)
    unit = ahead(node, count)
    lines = Lines(changes, longest, most, node, unit, bound, ahead(unit, count), total)
    return s, lines, strand, coefficients, ahead(s.exact, widest)


@inner
def chain(shape, flat):
    """One seed's layout: weights, transposed weights, moves, one after the other."""
    transposed, coordinates = shape.extents[1], shape.extents[2]
    weights = pointer(flat)
    moves = ahead(weights, len(flat) - coordinates)
    return Net(
        pointer(shape.table), pointer(shape.jacobians), len(shape.table) - 1, shape.owned,
        pointer(shape.slopes), weights, ahead(moves, -transposed), moves,
    )  # fmt: skip


@inner
def prepare(shape, theta, frozen, steps, flat):
    """Fill the layout from θ [S, P], the parameters behind [S, Q] and steps [S, P] or [1, 1]."""
    table, own = shape.table, theta.shape[1]
    for seed in range(theta.shape[0]):
        net = chain(shape, flat[seed])
        flat[seed, :own] = theta[seed]
        flat[seed, own : own + frozen.shape[1]] = frozen[seed]
        for m in range(1, len(table)):
            width, before = table[m, N], table[m - 1, N]
            rows = ahead(net.weights, table[m, W])
            _transpose(rows, width, before, ahead(net.transposed, table[m, WT]))
        for m in range(1, shape.owned + 1):
            _moves(table, m, theta[seed], steps[seed % len(steps)], net.moves)


@inner
def _transpose(rows, width, before, out):
    """W row by row and b, to Wᵀ row by row, b, and zeros."""
    for k in range(width):
        for i in range(before):
            out[i * width + k] = rows[k * before + i]
        out[before * width + k] = rows[width * before + k]
    for i in range((before + 1) * width, (before + 4) // 4 * 4 * width):
        out[i] = 0.0


@inner
def _moves(table, m, theta, steps, out):
    """Row by row the changes of the weights into a unit, of its bias, and zeros."""
    before, stride = table[m - 1, N], table[m, STRIDE]
    for unit in range(table[m, N]):
        row = ahead(out, table[m, ROW] + unit * stride)
        at = table[m, W] + unit * before
        for i in range(before):
            row[i] = _move(theta, steps, at + i)
        row[before] = _move(theta, steps, table[m, B] + unit)
        for i in range(before + 1, stride):
            row[i] = 0.0


@inner
def _move(theta, steps, i):
    """The change that rounding leaves of the step; ``finish`` looks for what is not finite."""
    change = (theta[i] + steps[i if len(steps) > 1 else 0]) - theta[i]
    return change if np.isfinite(change) else theta.dtype.type(0)
