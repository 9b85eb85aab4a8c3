"""One sample's pass through the chain at θ: activations, their slopes, and Jacobians.

Everything after the forward pass holds as long as no unit crosses its kink; ``_lines`` adds what
happens when one does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import COLUMNS, NARROW, NODE, ROW, SPAN, WT, N
from approxgan.objective.sweep._vector import ahead, cast, fma, load, splat, store

Pointer = Any


class Net(NamedTuple):
    """One seed's chain: fixed while its samples are gone through. Pointers and numbers."""

    table: Pointer
    jacobians: Pointer
    last: int
    """L"""
    owned: int
    slopes: Pointer
    """[L + 1], by node."""
    rows: Pointer
    transposed: Pointer
    moves: Pointer
    """[coordinates] fl(θ + step) - θ, zero in the padding."""


class Sample(NamedTuple):
    """What is known of one sample; arrays over units are laid out as ``Plan.table`` says."""

    p: Pointer
    """Inputs of the activations; infinite in the padding, where no unit shall cross its kink."""
    h: Pointer
    """Outputs; behind each node's last a 1 for the bias, then zeros."""
    bend: Pointer
    """Slope of the activation at p."""
    g: Pointer
    """∂ logit / ∂h"""
    jac: Pointer
    """Source by source, but target by target where the target node is narrow."""
    scratch: Pointer
    """[widest]"""


@inlined
def of(net, m, column):
    """An entry of ``Plan.table``."""
    return net.table[m * COLUMNS + column]


@inlined
def place(net, a, b):
    """Where the Jacobian from node a to node b lies."""
    return net.jacobians[a * (net.last + 1) + b]


@inner
def forward(net, x, s):
    """Fill p, h and bend for the input x."""
    zero, one = cast(0.0, s.p), cast(1.0, s.p)
    for i in range(of(net, 0, N)):
        s.h[i] = x[i]
    s.h[of(net, 0, N)] = one
    for m in range(1, net.last + 1):
        width, node = of(net, m, N), of(net, m, NODE)
        h, before = ahead(s.h, of(net, m - 1, NODE)), of(net, m - 1, N) + 1
        rows = ahead(net.transposed, of(net, m, WT))
        _combine(s.scratch, width, of(net, m, SPAN), h, before, rows)
        slope = net.slopes[m]
        for k in range(width):
            p = s.scratch[k]
            bend = one if p > zero else slope
            s.p[node + k] = p
            s.bend[node + k] = bend
            s.h[node + k] = bend * p
        s.h[node + width] = one


@inner
def backward(net, s):
    """Fill g from the logit's own 1 down to node 1."""
    s.g[of(net, net.last, NODE)] = cast(1.0, s.p)
    for m in range(net.last, 1, -1):
        at, width = of(net, m, NODE), of(net, m, N)
        for k in range(width):
            s.scratch[k] = s.g[at + k] * s.bend[at + k]
        to, before = ahead(s.g, of(net, m - 1, NODE)), of(net, m - 1, N)
        rows = ahead(net.rows, of(net, m, ROW))
        _combine(to, before, of(net, m - 1, SPAN), s.scratch, width, rows)


@inner
def _combine(out, width, span, x, count, rows):
    """out[k] = Σ_i x[i] · rows[i, k]"""
    zero = splat(cast(0.0, out))
    for k in range(0, width, 8):
        store(out, k, zero)
    whole = count - count % 4
    for i in range(0, whole, 4):
        x0, x1, x2, x3 = splat(x[i]), splat(x[i + 1]), splat(x[i + 2]), splat(x[i + 3])
        r0 = ahead(rows, i * span)
        r1, r2, r3 = ahead(r0, span), ahead(r0, 2 * span), ahead(r0, 3 * span)
        for k in range(0, width, 8):
            y = fma(x1, load(r1, k), fma(x0, load(r0, k), load(out, k)))
            store(out, k, fma(x3, load(r3, k), fma(x2, load(r2, k), y)))
    for i in range(whole, count):
        r0, x0 = ahead(rows, i * span), splat(x[i])
        for k in range(0, width, 8):
            store(out, k, fma(x0, load(r0, k), load(out, k)))


@inner
def jacobians(net, s):
    """Fill jac between nodes more than one layer apart without a narrow node between them."""
    start = 1
    for b in range(2, net.last):
        if of(net, b, NARROW):
            _jacobian_into_narrow(net, s, start, b)
            start = b
        else:
            for a in range(start, b - 1):
                _jacobian(net, s, a, b)


@inner
def _jacobian_into_narrow(net, s, start, b):
    """Backwards, one row for each of the few targets."""
    for r in range(of(net, b, N)):
        row = ahead(net.rows, of(net, b, ROW) + r * of(net, b - 1, SPAN))
        for a in range(b - 2, start - 1, -1):
            between, bend = of(net, a + 1, N), ahead(s.bend, of(net, a + 1, NODE))
            for k in range(between):
                s.scratch[k] = row[k] * bend[k]
            width, span = of(net, a, N), of(net, a, SPAN)
            row = ahead(s.jac, place(net, a, b) + r * span)
            rows = ahead(net.rows, of(net, a + 1, ROW))
            _combine(row, width, span, s.scratch, between, rows)


@inner
def _jacobian(net, s, a, b):
    """Forwards from the Jacobian into node b - 1, one row for each source."""
    between, bend = of(net, b - 1, N), ahead(s.bend, of(net, b - 1, NODE))
    width, span = of(net, b, N), of(net, b, SPAN)
    rows = ahead(net.transposed, of(net, b, WT))
    for unit in range(of(net, a, N)):
        row = into_wide(net, s, a, unit, b - 1)
        for k in range(between):
            s.scratch[k] = row[k] * bend[k]
        to = ahead(s.jac, place(net, a, b) + unit * span)
        _combine(to, width, span, s.scratch, between, rows)


@inlined
def into_wide(net, s, a, unit, b):
    """∂(inputs of the wide node b) / ∂(output ``unit`` of node a)"""
    if a == b - 1:
        return ahead(net.transposed, of(net, b, WT) + unit * of(net, b, SPAN))
    return ahead(s.jac, place(net, a, b) + unit * of(net, b, SPAN))


@inlined
def into_narrow(net, s, a, b, r):
    """∂(input r of the narrow node b) / ∂(outputs of node a)"""
    if a == b - 1:
        return ahead(net.rows, of(net, b, ROW) + r * of(net, a, SPAN))
    return ahead(s.jac, place(net, a, b) + r * of(net, a, SPAN))
