"""Parameters and work space as the compiled passes want them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._lines import Lines
from approxgan.objective.sweep._plan import NODE, ROW, SPAN, WT, B, N, Plan, W
from approxgan.objective.sweep._sample import Net, Sample
from approxgan.objective.sweep._scalar import COEFFICIENTS
from approxgan.objective.sweep._vector import ahead, cast, pointer


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
    floats = 7 * p.nodes + p.jacobian + 5 * len(p.table) + (3 + p.lines) * p.widest
    floats += p.lines + COEFFICIENTS + p.coordinates
    return floats, p.widest + COEFFICIENTS, 2 * p.lines + p.widest


@inner
def workspace(shape, room, exact, whole):
    """Cut up the work space; ``room`` starts as zeros."""
    nodes, _, _, coordinates, jacobian, widest, count = shape.extents
    units = pointer(room)
    jac = ahead(units, 7 * nodes)
    scratch = ahead(jac, jacobian)
    bound = ahead(scratch, widest)
    total = ahead(bound, widest)
    changes = ahead(total, widest)
    strand = ahead(changes, count * widest)
    most = ahead(strand, coordinates)
    safe = ahead(most, count)
    near = ahead(safe, len(shape.table))
    near_grain = ahead(near, len(shape.table))
    far = ahead(near_grain, len(shape.table))
    far_grain = ahead(far, len(shape.table))
    for i in range(nodes):
        units[i] = cast(np.inf, units)
    s = Sample(
        units, ahead(units, nodes), ahead(units, 2 * nodes), ahead(units, 3 * nodes),
        ahead(units, 4 * nodes), ahead(units, 5 * nodes), ahead(units, 6 * nodes),
        jac, safe, near, near_grain, far, far_grain, pointer(exact), scratch,
    )  # fmt: skip
    node = pointer(whole)
    unit = ahead(node, count)
    lines = Lines(changes, widest, most, node, unit, bound, ahead(unit, count), total)
    return s, lines, strand, ahead(far_grain, len(shape.table)), ahead(s.exact, widest)


@inner
def chain(shape, flat):
    """One seed's layout: rows, transposed rows, moves, one after the other."""
    rows = pointer(flat)
    transposed = ahead(rows, shape.extents[1])
    moves = ahead(transposed, shape.extents[2])
    return Net(
        pointer(shape.table), pointer(shape.jacobians), len(shape.table) - 1, shape.owned,
        pointer(shape.slopes), rows, transposed, moves, ahead(moves, shape.extents[3]),
    )  # fmt: skip


@inner
def prepare(shape, theta, frozen, steps, flat):
    """Lay out θ [S, P], what is behind [S, Q] and steps [S, P] or [1, 1]; flat starts as zeros."""
    table, owned = shape.table, shape.owned
    for seed in range(theta.shape[0]):
        net = chain(shape, flat[seed])
        step = steps[seed % len(steps)]
        for m in range(1, len(table)):
            own = theta[seed] if m <= owned else frozen[seed]
            _lay_out(table, m, own, net)
        for m in range(1, owned + 1):
            _moves(table, m, theta[seed], step, net.moves)


@inner
def _lay_out(table, m, own, net):
    width, before = table[m, N], table[m - 1, N]
    out, squares = ahead(net.transposed, table[m, WT]), ahead(net.squares, table[m - 1, NODE])
    for k in range(width):
        row = ahead(net.rows, table[m, ROW] + k * table[m - 1, SPAN])
        at = table[m, W] + k * before
        for i in range(before):
            row[i] = own[at + i]
            out[i * table[m, SPAN] + k] = own[at + i]
        row[before] = own[table[m, B] + k]
        out[before * table[m, SPAN] + k] = row[before]
        for i in range(before + 1):
            squares[i] += row[i] * row[i] / width


@inner
def _moves(table, m, theta, steps, out):
    before = table[m - 1, N]
    for unit in range(table[m, N]):
        row = ahead(out, table[m, ROW] + unit * table[m - 1, SPAN])
        at = table[m, W] + unit * before
        for i in range(before):
            row[i] = _move(theta, steps, at + i)
        row[before] = _move(theta, steps, table[m, B] + unit)


@inner
def _move(theta, steps, i):
    """The change that rounding leaves of the step; ``finish`` looks for what is not finite."""
    change = (theta[i] + steps[i if len(steps) > 1 else 0]) - theta[i]
    return change if np.isfinite(change) else theta.dtype.type(0)
