"""The passes of some samples through the chain at θ: activations, their slopes, and Jacobians.

Everything after the forward pass holds as long as no unit crosses its kink; ``_lines`` adds what
happens when one does.
"""

from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import COLUMNS, NARROW, NODE, ROW, SPAN, WT, N
from approxgan.objective.sweep._vector import ahead, cast, fma, load, splat, store, where_above

Pointer = Any


class Net(NamedTuple):
    """One seed's chain: fixed while its samples are gone through. Pointers and numbers."""

    table: Pointer
    jacobians: Pointer
    last: int
    """L"""
    owned: int
    nodes: int
    samples: int
    """A multiple of 4."""
    slopes: Pointer
    """[L + 1], by node."""
    rows: Pointer
    transposed: Pointer
    moves: Pointer
    """[coordinates] fl(θ + step) - θ, zero in the padding."""
    reach: Pointer
    """[nodes]: the largest |move| of a unit."""
    heaviest: Pointer
    """[nodes]: the largest |weight| behind a unit."""


class Samples(NamedTuple):
    """What is known of the samples, in rows of ``Net.nodes`` as ``Plan.table`` lays them out."""

    p: Pointer
    """Inputs of the activations; infinite in the padding, where no unit shall cross its kink."""
    h: Pointer
    """Outputs; behind each node's last a 1 for the bias, then zeros."""
    bend: Pointer
    """Slope of the activation at p; 0 in the padding."""
    g: Pointer
    """∂ logit / ∂h"""
    jac: Pointer
    """Source by source, but target by target where the target node is narrow."""
    scratch: Pointer
    series: Pointer
    """[samples, POWERS + 1]: of the loss in changes of the logit."""
    limit: Pointer
    """[samples]: changes for which the series holds."""
    near: Pointer
    """[samples, L + 1]: the smallest |p| of a node."""
    gap: Pointer
    """[samples, L + 1]: changes of a narrow node's outputs that take no unit here to its kink."""
    norm: Pointer
    """[samples, L + 1]: of this node's outputs, per change of a narrow node's."""
    n: int
    """The sample at which p, h, bend and g start."""


@inlined
def of(net, m, column):
    """An entry of ``Plan.table``."""
    return net.table[m * COLUMNS + column]


@inlined
def sample(net, s, n):
    """The samples from n on."""
    at = n * net.nodes
    return Samples(
        ahead(s.p, at), ahead(s.h, at), ahead(s.bend, at), ahead(s.g, at), s.jac, s.scratch,
        s.series, s.limit, s.near, s.gap, s.norm, n,
    )  # fmt: skip


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
                a0, a1 = fma(splat(r0[at]), v, a0), fma(splat(r1[at]), v, a1)
                a2, a3 = fma(splat(r2[at]), v, a2), fma(splat(r3[at]), v, a3)
            store(to, 0, a0)
            store(to, y_row, a1)
            store(to, 2 * y_row, a2)
            store(to, 3 * y_row, a3)


@inner
def forward(net, s):
    """Fill p, h and bend for the inputs in h, with p starting as zeros."""
    zero, one = cast(0.0, s.p), cast(1.0, s.p)
    for m in range(1, net.last + 1):
        width, span, node, before = of(net, m, N), of(net, m, SPAN), of(net, m, NODE), m - 1
        h, rows = ahead(s.h, of(net, before, NODE)), ahead(net.transposed, of(net, m, WT))
        p = ahead(s.p, node)
        count = of(net, before, N) + 1
        product(h, net.nodes, 1, net.samples, rows, span, count, p, net.nodes, span)
        for at in range(node, node + net.samples * net.nodes, net.nodes):
            for k in range(at, at + span, 8):
                into = load(s.p, k)
                bend = where_above(into, splat(zero), splat(one), splat(net.slopes[m]))
                store(s.bend, k, bend)
                store(s.h, k, bend * into)
            s.h[at + width] = one
            for k in range(at + width, at + span):
                s.p[k], s.bend[k] = cast(np.inf, s.p), zero


@inner
def _chain(net, s, source, by_sample, by_row, count, m, x, x_row, to, to_row):
    """Take ``count`` rows of derivatives with respect to node m's outputs through its layer."""
    span, bend = of(net, m, SPAN), ahead(s.bend, of(net, m, NODE))
    for n in range(net.samples):
        for r in range(count):
            row = ahead(source, n * by_sample + r * by_row)
            scaled = ahead(s.scratch, (n * count + r) * span)
            for k in range(0, span, 8):
                store(scaled, k, load(row, k) * load(bend, n * net.nodes + k))
    rows = net.samples * count
    product(s.scratch, span, 1, rows, x, x_row, of(net, m, N), to, to_row, x_row)


@inner
def backward(net, s):
    """Fill g from the logit's own 1 down to node 1."""
    for n in range(net.samples):
        s.g[n * net.nodes + of(net, net.last, NODE)] = cast(1.0, s.p)
    for m in range(net.last, 1, -1):
        rows, span = ahead(net.rows, of(net, m, ROW)), of(net, m - 1, SPAN)
        g, to = ahead(s.g, of(net, m, NODE)), ahead(s.g, of(net, m - 1, NODE))
        _chain(net, s, g, net.nodes, 0, 1, m, rows, span, to, net.nodes)


@inner
def jacobians(net, s):
    """Fill jac between nodes more than one layer apart without a narrow node between them."""
    start = 1
    for b in range(2, net.last):
        if of(net, b, NARROW):
            count, first = of(net, b, N), ahead(net.rows, of(net, b, ROW))
            for a in range(b - 2, start - 1, -1):
                by_row, span = of(net, a + 1, SPAN), of(net, a, SPAN)
                source = first if a == b - 2 else ahead(s.jac, place(net, a + 1, b))
                by_sample = 0 if a == b - 2 else count * by_row
                rows, to = ahead(net.rows, of(net, a + 1, ROW)), ahead(s.jac, place(net, a, b))
                _chain(net, s, source, by_sample, by_row, count, a + 1, rows, span, to, span)
            start = b
            continue
        first, rows = (
            ahead(net.transposed, of(net, b - 1, WT)),
            ahead(net.transposed, of(net, b, WT)),
        )
        for a in range(start, b - 1):
            count, by_row, span = of(net, a, N), of(net, b - 1, SPAN), of(net, b, SPAN)
            source = first if a == b - 2 else ahead(s.jac, place(net, a, b - 1))
            by_sample = 0 if a == b - 2 else count * by_row
            to = ahead(s.jac, place(net, a, b))
            _chain(net, s, source, by_sample, by_row, count, b - 1, rows, span, to, span)


@inlined
def place(net, a, b):
    """Where the Jacobians from node a to node b lie."""
    return net.jacobians[a * (net.last + 1) + b] * net.samples


@inlined
def into_wide(net, s, a, unit, b):
    """∂(inputs of the wide node b) / ∂(output ``unit`` of node a)"""
    span = of(net, b, SPAN)
    if a == b - 1:
        return ahead(net.transposed, of(net, b, WT) + unit * span)
    return ahead(s.jac, place(net, a, b) + (s.n * of(net, a, N) + unit) * span)


@inlined
def into_narrow(net, s, a, b, r):
    """∂(input r of the narrow node b) / ∂(outputs of node a)"""
    span = of(net, a, SPAN)
    if a == b - 1:
        return ahead(net.rows, of(net, b, ROW) + r * span)
    return ahead(s.jac, place(net, a, b) + (s.n * of(net, b, N) + r) * span)
