"""One layer for many samples, in a stated order of sums.

A layer wider than ``NARROW`` sums its products one after the other, each fused with the addition.
A narrower one rounds its products, adds them in 8 strands, every eighth from the first, adds the
strands by halves, and then what is left of the row. The bias comes last. That is the order of
torch's ``bmm`` on a processor with AVX-512 (MKL 2024.2), for two or more stacked seeds, layers of
at least 12 or at most 3 units, and inputs of at most 192 or a multiple of 4 units.
"""

from __future__ import annotations

import math

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._vector import ahead, cast, fma, load, splat, store, where_above

NARROW = 8
"""The widest narrow layer."""
SLOPE, TANH, SOFTPLUS = range(3)
KINDS = {"slope": SLOPE, "tanh": TANH, "softplus": SOFTPLUS}
"""Of activations."""


@inner
def layer(rows, biases, length, count, narrow, kind, slope, x, x_row, y, y_row, samples):
    """y[k] = activation(Σ_i rows[k, i] x[i] + biases[k]) for ``count`` units.

    rows [count, length]; x [length, samples] and y [count, samples], with rows of other lengths.
    """
    if narrow:
        _sum_narrow(rows, biases, length, count, slope, x, x_row, y, y_row, samples)
    else:
        _sum_wide(rows, biases, length, count, slope, x, x_row, y, y_row, samples)
    if kind != SLOPE:
        _bend(kind, y, y_row, count, samples)


@inlined
def _activated(p, slope):
    zero = splat(slope) - splat(slope)
    return where_above(p, zero, p, splat(slope) * p)


@inner
def _sum_wide(rows, biases, length, count, slope, x, x_row, y, y_row, samples):
    """y[k] = activation(Σ_i rows[k, i] x[i] + biases[k]) for ``count`` units."""
    whole = count - count % 4
    for t in range(0, samples, 16):
        start, to = ahead(x, t), ahead(y, t)
        for k in range(0, whole, 4):
            own, bias = ahead(rows, k * length), ahead(biases, k)
            _four(own, bias, length, slope, start, x_row, ahead(to, k * y_row), y_row)
        for k in range(whole, count):
            _one(ahead(rows, k * length), biases[k], length, slope, start, x_row, to, k * y_row)


@inlined
def _one(r0, bias, length, slope, start, x_row, to, at):
    a0 = b0 = splat(cast(0.0, r0))
    for i in range(length):
        w0 = splat(r0[i])
        a0 = fma(w0, load(start, i * x_row), a0)
        b0 = fma(w0, load(start, i * x_row + 8), b0)
    _finish(to, at, a0, b0, bias, slope)


@inlined
def _four(r0, biases, length, slope, start, x_row, to, y_row):
    r1, r2, r3 = ahead(r0, length), ahead(r0, 2 * length), ahead(r0, 3 * length)
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = splat(cast(0.0, r0))
    for i in range(length):
        left, right = load(start, 0), load(start, 8)
        start = ahead(start, x_row)
        w0, w1, w2, w3 = splat(r0[i]), splat(r1[i]), splat(r2[i]), splat(r3[i])
        a0, b0 = fma(w0, left, a0), fma(w0, right, b0)
        a1, b1 = fma(w1, left, a1), fma(w1, right, b1)
        a2, b2 = fma(w2, left, a2), fma(w2, right, b2)
        a3, b3 = fma(w3, left, a3), fma(w3, right, b3)
    _finish(to, 0, a0, b0, biases[0], slope)
    _finish(to, y_row, a1, b1, biases[1], slope)
    _finish(to, 2 * y_row, a2, b2, biases[2], slope)
    _finish(to, 3 * y_row, a3, b3, biases[3], slope)


@inlined
def _finish(y, at, left, right, bias, slope):
    b = splat(bias)
    store(y, at, _activated(left + b, slope))
    store(y, at + 8, _activated(right + b, slope))


@inner
def _sum_narrow(rows, biases, length, count, slope, x, x_row, y, y_row, samples):
    """The same in strands."""
    zero = splat(cast(0.0, x))
    whole = length - length % 8
    for k in range(count):
        r = ahead(rows, k * length)
        for t in range(0, samples, 8):
            start = ahead(x, t)
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = zero
            for i in range(0, whole, 8):
                s0 = s0 + splat(r[i]) * load(start, i * x_row)
                s1 = s1 + splat(r[i + 1]) * load(start, (i + 1) * x_row)
                s2 = s2 + splat(r[i + 2]) * load(start, (i + 2) * x_row)
                s3 = s3 + splat(r[i + 3]) * load(start, (i + 3) * x_row)
                s4 = s4 + splat(r[i + 4]) * load(start, (i + 4) * x_row)
                s5 = s5 + splat(r[i + 5]) * load(start, (i + 5) * x_row)
                s6 = s6 + splat(r[i + 6]) * load(start, (i + 6) * x_row)
                s7 = s7 + splat(r[i + 7]) * load(start, (i + 7) * x_row)
            total = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
            for i in range(whole, length):
                total = total + splat(r[i]) * load(start, i * x_row)
            store(y, k * y_row + t, _activated(total + splat(biases[k]), slope))


@inner
def _bend(kind, y, y_row, count, samples):
    """A smooth activation in place, evaluated in float64 and rounded once."""
    for k in range(count):
        for t in range(k * y_row, k * y_row + samples):
            p = np.float64(y[t])
            if kind == TANH:
                y[t] = cast(math.tanh(p), y)
            else:
                y[t] = cast(max(p, 0.0) + math.log1p(math.exp(-abs(p))), y)
