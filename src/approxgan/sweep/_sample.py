"""One sample's pass through the chain at θ: activations, their slopes, and Jacobians.

Everything after the forward pass holds as long as no unit crosses its kink; ``_lines`` adds what
happens when one does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from approxgan.sweep._cache import inlined, inner
from approxgan.sweep._plan import BENT, COLUMNS, NARROW, NODE, WT, N, W
from approxgan.sweep._pointer import ahead, cast, fma

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
    weights: Pointer
    """Flat parameters of the chain."""
    transposed: Pointer
    moves: Pointer
    """[coordinates] fl(θ + step) - θ, zero in the padding."""


class Sample(NamedTuple):
    """What is known of one sample; arrays over units are laid out as ``Plan.table`` says."""

    p: Pointer
    """Inputs of the activations."""
    low: Pointer
    """What rounding took from p."""
    h: Pointer
    """Outputs; behind each node's last a 1 for the bias, then zeros."""
    bend: Pointer
    """Slope of the activation at p."""
    g: Pointer
    """∂ logit / ∂h"""
    jac: Pointer
    """Source by source, but target by target where the target node is narrow."""
    safe: Pointer
    """[L + 1] at narrow nodes: no unit behind crosses its kink for a smaller change of h."""
    exact: Pointer
    """[widest] float64 scratch."""
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
    """Fill p, low, h and bend for the input x. Sums run in float64 and are rounded once.

    The remainder ``low`` lets a change smaller than the spacing of floats at p still round up
    as often as it does in a loop over forward passes.
    """
    zero, one = cast(0.0, s.p), cast(1.0, s.p)
    for i in range(of(net, 0, N)):
        s.h[i] = x[i]
    s.h[of(net, 0, N)] = one
    for m in range(1, net.last + 1):
        width, node = of(net, m, N), of(net, m, NODE)
        before = of(net, m - 1, N) + 1
        h = ahead(s.h, of(net, m - 1, NODE))
        _matvec(s.exact, width, ahead(net.transposed, of(net, m, WT)), h, before)
        slope = net.slopes[m]
        for k in range(width):
            p = cast(s.exact[k], s.p)
            bend = one if p > zero else slope
            s.p[node + k] = p
            s.low[node + k] = cast(s.exact[k] - np.float64(p), s.p)
            s.bend[node + k] = bend
            s.h[node + k] = bend * p
        s.h[node + width] = one


@inner
def _matvec(out, width, rows, x, count):
    """out[k] = Σ_i x[i] · rows[i, k] in float64; x and rows end in zeros."""
    for k in range(width):
        out[k] = 0.0
    for i in range(0, count, 4):
        x0, x1, x2, x3 = (
            np.float64(x[i]), np.float64(x[i + 1]), np.float64(x[i + 2]), np.float64(x[i + 3]),
        )  # fmt: skip
        r0 = ahead(rows, i * width)
        r1, r2, r3 = ahead(r0, width), ahead(r0, 2 * width), ahead(r0, 3 * width)
        for k in range(width):
            y = fma(x0, np.float64(r0[k]), fma(x1, np.float64(r1[k]), out[k]))
            out[k] = fma(x3, np.float64(r3[k]), fma(x2, np.float64(r2[k]), y))


@inner
def backward(net, s):
    """Fill g from the logit's own 1 down to node 1."""
    s.g[of(net, net.last, NODE)] = cast(1.0, s.p)
    for m in range(net.last, 1, -1):
        at, width = of(net, m, NODE), of(net, m, N)
        for k in range(width):
            s.scratch[k] = s.g[at + k] * s.bend[at + k]
        to, before = ahead(s.g, of(net, m - 1, NODE)), of(net, m - 1, N)
        _combine(to, before, s.scratch, width, ahead(net.weights, of(net, m, W)))


@inner
def _combine(out, width, x, count, rows):
    """out[k] = Σ_i x[i] · rows[i, k]"""
    for k in range(width):
        out[k] = cast(0.0, out)
    whole = count - count % 4
    for i in range(0, whole, 4):
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        r0 = ahead(rows, i * width)
        r1, r2, r3 = ahead(r0, width), ahead(r0, 2 * width), ahead(r0, 3 * width)
        for k in range(width):
            y = fma(x1, r1[k], fma(x0, r0[k], out[k]))
            out[k] = fma(x3, r3[k], fma(x2, r2[k], y))
    for i in range(whole, count):
        r0, x0 = ahead(rows, i * width), x[i]
        for k in range(width):
            out[k] = fma(x0, r0[k], out[k])


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
        row = ahead(net.weights, of(net, b, W) + r * of(net, b - 1, N))
        for a in range(b - 2, start - 1, -1):
            between, bend = of(net, a + 1, N), ahead(s.bend, of(net, a + 1, NODE))
            for k in range(between):
                s.scratch[k] = row[k] * bend[k]
            width = of(net, a, N)
            row = ahead(s.jac, place(net, a, b) + r * width)
            _combine(row, width, s.scratch, between, ahead(net.weights, of(net, a + 1, W)))


@inner
def _jacobian(net, s, a, b):
    """Forwards from the Jacobian into node b - 1, one row for each source."""
    between, width = of(net, b - 1, N), of(net, b, N)
    bend = ahead(s.bend, of(net, b - 1, NODE))
    rows = into_wide(net, s, a, b - 1)
    for unit in range(of(net, a, N)):
        row = ahead(rows, unit * between)
        for k in range(between):
            s.scratch[k] = row[k] * bend[k]
        to = ahead(s.jac, place(net, a, b) + unit * width)
        _combine(to, width, s.scratch, between, ahead(net.transposed, of(net, b, WT)))


@inlined
def into_wide(net, s, a, b):
    """∂(inputs of the wide node b) / ∂(outputs of node a), one row for each output."""
    if a == b - 1:
        return ahead(net.transposed, of(net, b, WT))
    return ahead(s.jac, place(net, a, b))


@inlined
def into_narrow(net, s, a, b):
    """∂(inputs of the narrow node b) / ∂(outputs of node a), one row for each input."""
    if a == b - 1:
        return ahead(net.weights, of(net, b, W))
    return ahead(s.jac, place(net, a, b))
