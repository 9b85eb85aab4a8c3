"""The passes of some samples through the chain at θ: activations, their slopes, and Jacobians.

Everything after the forward pass holds as long as no unit crosses its kink; ``_lines`` adds what
happens when one does.
"""

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import NARROWEST
from approxgan.objective.sweep._vector import ahead, fma, load, store, where_above


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
    for t in range(0, width, 8):
        for k in range(0, count, 4):
            r0, to, start = ahead(rows, k * apart), ahead(y, k * y_row + t), ahead(x, t)
            r1, r2, r3 = ahead(r0, apart), ahead(r0, 2 * apart), ahead(r0, 3 * apart)
            a0, a1 = load(to, 0), load(to, y_row)
            a2, a3 = load(to, 2 * y_row), load(to, 3 * y_row)
            for i in range(length):
                v, at = load(start, i * x_row), i * along
                a0, a1 = fma(r0[at], v, a0), fma(r1[at], v, a1)
                a2, a3 = fma(r2[at], v, a2), fma(r3[at], v, a3)
            store(to, 0, a0)
            store(to, y_row, a1)
            store(to, 2 * y_row, a2)
            store(to, 3 * y_row, a3)


@inner
def forward(net, s):
    """Fill p, h and bend for the inputs in h, with p starting as zeros."""
    for m in range(1, net.last + 1):
        width, span, node, before = net.width[m], net.span[m], net.node[m], m - 1
        h, rows = ahead(s.h, net.node[before]), ahead(s.transposed, net.transposed[m])
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
def _chain(net, s, source, by_sample, by_row, count, m, x, x_row, to, to_row):
    """Take ``count`` rows of derivatives with respect to node m's outputs through its layer."""
    span = net.span[m]
    for n in range(net.samples):
        bend = ahead(s.bend, units(net, n, m))
        for r in range(count):
            row = ahead(source, n * by_sample + r * by_row)
            scaled = ahead(s.scratch, (n * count + r) * span)
            for k in range(0, span, 8):
                store(scaled, k, load(row, k) * load(bend, k))
    rows = net.samples * count
    product(s.scratch, span, 1, rows, x, x_row, net.width[m], to, to_row, x_row)


@inner
def backward(net, s):
    """Fill g from the logit's own 1 down to node 1."""
    for n in range(net.samples):
        s.g[units(net, n, net.last)] = 1.0
    for m in range(net.last, 1, -1):
        rows, span = ahead(s.rows, net.row[m]), net.span[m - 1]
        g, to = ahead(s.g, net.node[m]), ahead(s.g, net.node[m - 1])
        _chain(net, s, g, net.nodes, 0, 1, m, rows, span, to, net.nodes)


@inner
def jacobians(net, s):
    """Fill them between nodes more than one layer apart without a narrow node between them."""
    start = 1
    for b in range(2, net.last):
        if is_narrow(net, b):
            for a in range(b - 2, start - 1, -1):
                first, rows = into_narrow(net, s, 0, a + 1, b, 0), ahead(s.rows, net.row[a + 1])
                _link(net, s, a, b, first, net.width[b], a + 1, rows, net.span[a])
            start = b
        else:
            rows = ahead(s.transposed, net.transposed[b])
            for a in range(start, b - 1):
                first = into_wide(net, s, 0, a, 0, b - 1)
                _link(net, s, a, b, first, net.width[a], b - 1, rows, net.span[b])


@inner
def _link(net, s, a, b, first, count, m, rows, span):
    """Fill them from a to b from those between m and one of the two, of sample 0 at ``first``."""
    by_row, to = net.span[m], ahead(s.jacobians, place(net, a, b))
    _chain(
        net, s, first, 0 if a == b - 2 else count * by_row, by_row, count, m, rows, span, to, span
    )


@inlined
def place(net, a, b):
    """Where the Jacobians from node a to node b lie."""
    return net.jacobian[a * (net.last + 1) + b] * net.samples


@inlined
def into_wide(net, s, n, a, unit, b):
    """∂(inputs of the wide node b) / ∂(output ``unit`` of node a)"""
    span = net.span[b]
    if a == b - 1:
        return ahead(s.transposed, net.transposed[b] + unit * span)
    return ahead(s.jacobians, place(net, a, b) + (n * net.width[a] + unit) * span)


@inlined
def into_narrow(net, s, n, a, b, r):
    """∂(input r of the narrow node b) / ∂(outputs of node a)"""
    span = net.span[a]
    if a == b - 1:
        return ahead(s.rows, net.row[b] + r * span)
    return ahead(s.jacobians, place(net, a, b) + (n * net.width[b] + r) * span)
