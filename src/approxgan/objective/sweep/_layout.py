"""Parameters and work space as the compiled passes want them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._lines import Lines
from approxgan.objective.sweep._plan import ROW, SPAN, WT, B, N, Plan, W
from approxgan.objective.sweep._sample import Net, Sample
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


def room_for(p: Plan) -> tuple[int, int]:
    """Elements of work space: of the type of θ, int64. See ``workspace``."""
    floats = 4 * p.nodes + p.jacobian + (3 + p.lines) * p.widest + p.lines
    return floats + p.rows + p.transposed + p.coordinates, 2 * p.lines + p.widest


@inner
def workspace(shape, room, whole):
    """Cut up the work space; returns also where the chain is laid out."""
    nodes, _, _, _, jacobian, widest, count = shape.extents
    units = pointer(room)
    jac = ahead(units, 4 * nodes)
    scratch = ahead(jac, jacobian)
    bound = ahead(scratch, widest)
    total = ahead(bound, widest)
    changes = ahead(total, widest)
    most = ahead(changes, count * widest)
    for i in range(nodes):
        units[i] = cast(np.inf, units)
    s = Sample(
        units, ahead(units, nodes), ahead(units, 2 * nodes), ahead(units, 3 * nodes),
        jac, scratch,
    )  # fmt: skip
    node = pointer(whole)
    unit = ahead(node, count)
    lines = Lines(changes, widest, most, node, unit, bound, ahead(unit, count), total)
    return s, lines, ahead(most, count)


@inner
def chain(shape, rows):
    """One seed's layout: rows, transposed rows, moves, one after the other."""
    transposed = ahead(rows, shape.extents[1])
    return Net(
        pointer(shape.table), pointer(shape.jacobians), len(shape.table) - 1, shape.owned,
        pointer(shape.slopes), rows, transposed, ahead(transposed, shape.extents[2]),
    )  # fmt: skip


@inner
def lay_out(shape, theta, frozen, moves, net):
    """Write the parameters and their moves; what is written to starts as zeros."""
    table, owned = shape.table, shape.owned
    for m in range(1, len(table)):
        own, before = theta if m <= owned else frozen, table[m - 1, N]
        to = ahead(net.transposed, table[m, WT])
        for k in range(table[m, N]):
            place = table[m, ROW] + k * table[m - 1, SPAN]
            at, row = table[m, W] + k * before, ahead(net.rows, place)
            for i in range(before + 1):
                flat = at + i if i < before else table[m, B] + k
                row[i] = to[i * table[m, SPAN] + k] = own[flat]
                if m <= owned:
                    net.moves[place + i] = moves[flat]
