"""The passes of some samples through the chain at θ: activations, their slopes, and Jacobians.

Everything after the forward pass holds as long as no unit crosses its kink; ``_lines`` adds what
happens when one does.
"""

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import NARROWEST
from approxgan.objective.sweep._vector import ahead, fma, load, registers, store, where_above


@inlined
def is_narrow(net, m):
    return net.width[m] <= NARROWEST


@inlined
def units(net, n, m):
    """Where the units of a sample's node lie."""
    return n * net.nodes + net.node[m]


@inner
def product(rows, apart, along, count, x, x_row, length, y, y_row, width):
    """y[k] += Σ_i rows[k·apart + i·along] x[i]: count is a multiple of 4, width one of 8."""
    s = registers(y)
    for t in range(0, width, 8):
        for first in range(0, count, 4):
            r, start, to = ahead(rows, first * apart), ahead(x, t), ahead(y, first * y_row + t)
            for k in range(4):
                store(s, k * 8, load(to, k * y_row))
            for _ in range(length):
                v = load(start, 0)
                for k in range(4):
                    store(s, k * 8, fma(r[k * apart], v, load(s, k * 8)))
                r, start = ahead(r, along), ahead(start, x_row)
            for k in range(4):
                store(to, k * y_row, load(s, k * 8))


@inner
def forward(net, s):
    """Fill p, h and bend for the inputs in h, with p starting as zeros."""
    for m in range(1, net.last + 1):
        width, span, node, before = net.width[m], net.span[m], net.node[m], m - 1
        h, rows = ahead(s.h, net.node[before]), ahead(s.transposed, net.row[m])
        p, count = ahead(s.p, node), net.width[before] + 1
        product(h, net.nodes, 1, net.samples, rows, span, count, p, net.nodes, span)
        for n in range(net.samples):
            at = units(net, n, m)
            for k in range(at, at + span, 8):
                into = load(s.p, k)
                bend = where_above(into, 0.0, 1.0, net.slope[m])
                store(s.bend, k, bend)
                store(s.h, k, bend * into)
            s.h[at + width] = 1.0
            for k in range(at + width, at + span):
                s.p[k], s.bend[k] = np.inf, 0.0


@inner
def jacobians(net, s):
    """Fill them between nodes more than one layer apart without a narrow node between them.

    Those of the logit go through narrow nodes too.
    """
    start = 1
    for b in range(2, net.last + 1):
        if is_narrow(net, b):
            start = start if b < net.last else 1
            for a in range(b - 2, start - 1, -1):
                first, rows = into_narrow(net, s, 0, a + 1, b, 0), ahead(s.rows, net.row[a + 1])
                _link(net, s, a, b, first, net.width[b], a + 1, rows, net.span[a])
            start = b
        else:
            rows = ahead(s.transposed, net.row[b])
            for a in range(start, b - 1):
                first = into_wide(net, s, 0, a, 0, b - 1)
                _link(net, s, a, b, first, net.width[a], b - 1, rows, net.span[b])


@inner
def _link(net, s, a, b, first, count, m, x, width):
    """Fill them from a to b from those between m and one of the two, of sample 0 at ``first``.

    Those are ``count`` rows of derivatives with respect to node m, and go through a layer x.
    """
    span, to = net.span[m], ahead(s.jacobians, place(net, a, b))
    by_sample = 0 if a == b - 2 else count * span
    for n in range(net.samples):
        bend = ahead(s.bend, units(net, n, m))
        for r in range(count):
            row, at = ahead(first, n * by_sample + r * span), (n * count + r) * span
            for k in range(0, span, 8):
                store(s.scratch, at + k, load(row, k) * load(bend, k))
    rows = net.samples * count
    product(s.scratch, span, 1, rows, x, width, net.width[m], to, width, width)


@inlined
def place(net, a, b):
    """Where the Jacobians from node a to node b lie."""
    return net.jacobian[a * (net.last + 1) + b] * net.samples


@inlined
def into_wide(net, s, n, a, unit, b):
    """∂(inputs of the wide node b) / ∂(output ``unit`` of node a)"""
    span = net.span[b]
    if a == b - 1:
        return ahead(s.transposed, net.row[b] + unit * span)
    return ahead(s.jacobians, place(net, a, b) + (n * net.width[a] + unit) * span)


@inlined
def into_narrow(net, s, n, a, b, r):
    """∂(input r of the narrow node b) / ∂(outputs of node a)"""
    span = net.span[a]
    if a == b - 1:
        return ahead(s.rows, net.row[b] + r * span)
    return ahead(s.jacobians, place(net, a, b) + (n * net.width[b] + r) * span)


@inlined
def derivative(net, s, n, a, unit, b, r):
    """∂(input r of node b) / ∂(output ``unit`` of node a)"""
    if a == b:
        return net.slope[0]
    if is_narrow(net, b):
        return into_narrow(net, s, n, a, b, r)[unit]
    return into_wide(net, s, n, a, unit, b)[r]
