"""From one seed's parameters and samples to the logits at every coordinate's step."""

from __future__ import annotations

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._lines import Lines, at_logit, spread, start
from approxgan.objective.sweep._plan import NODE, ROW, SPAN, WT, B, N, W
from approxgan.objective.sweep._sample import Net, Sample, backward, forward, jacobians, of
from approxgan.objective.sweep._vector import ahead, cast, pointer


@inner
def move_logits(plan, theta, frozen, moves, inputs, room, whole, out):
    """θ [P], what is behind [Q], moves [P], inputs [samples, columns] -> out [samples, > C].

    C coordinates as ``Plan.table`` lays them out, then the logit at θ; NaN where that is not
    finite. ``room`` starts as zeros.
    """
    s, lines, flat = workspace(plan, room, whole)
    net = chain(plan, flat)
    lay_out(plan, theta, frozen, moves, net)
    for sample in range(len(inputs)):
        forward(net, pointer(inputs[sample]), s)
        logit = s.p[of(net, net.last, NODE)]
        out[sample, plan.coordinates] = logit
        if not np.isfinite(logit):
            out[sample] = np.nan
            continue
        backward(net, s)
        jacobians(net, s)
        for m in range(1, net.owned + 1):
            width = of(net, m - 1, SPAN)
            for unit in range(of(net, m, N)):
                start(net, s, lines, m, unit, width)
                first, count = spread(net, s, lines, m, width)
                to = ahead(pointer(out[sample]), of(net, m, ROW) + unit * width)
                at_logit(net, s, lines, first, count, width, to)


@inner
def workspace(plan, room, whole):
    """Cut up the work space; returns also where the chain is laid out."""
    nodes, widest, count = plan.nodes, plan.widest, plan.lines
    units = pointer(room)
    jac = ahead(units, 4 * nodes)
    scratch = ahead(jac, plan.jacobian)
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
def chain(plan, rows):
    """One seed's layout: rows, transposed rows, moves, one after the other."""
    transposed = ahead(rows, plan.rows)
    return Net(
        pointer(plan.table), pointer(plan.jacobians), len(plan.table) - 1, plan.owned,
        pointer(plan.slopes), rows, transposed, ahead(transposed, plan.transposed),
    )  # fmt: skip


@inner
def lay_out(plan, theta, frozen, moves, net):
    """Write the parameters and their moves; what is written to starts as zeros."""
    table, owned = plan.table, plan.owned
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
