"""One layer for many samples, in a stated order of sums.

A layer wider than ``NARROW`` sums its products one after the other, each fused with the addition.
A narrower one rounds its products, adds them in 8 strands, every eighth from the first, adds the
strands by halves, and then what is left of the row. The bias comes last. That is the order of
torch's ``bmm`` on a processor with AVX-512 (MKL 2024.2), for two or more stacked seeds, layers of
at least 12 or at most 3 units, and inputs of at most 192 or a multiple of 4 units.
"""

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
        for k in range(count):
            own, to = ahead(rows, k * length), ahead(y, k * y_row)
            _narrow(own, biases[k], length, slope, x, x_row, to, samples)
    else:
        wide(None, 0, rows, length, biases, length, count, slope, x, x_row, y, y_row, samples)
    bend(kind, y, y_row, count, samples)


@inlined
def _activated(p, slope):
    zero = splat(slope) - splat(slope)
    return where_above(p, zero, p, splat(slope) * p)


@inner
def wide(sums, own, rows, stride, biases, length, count, slope, x, x_row, y, y_row, samples):
    """The wide layer's units, from sums [count, samples], or from 0 where they are None.

    ``own`` and ``stride`` are the lengths of rows of ``sums`` and of ``rows``, of which ``length``
    weights are left.
    """
    whole = count - count % 4
    for t in range(0, samples, 16):
        start = ahead(x, t)
        for k in range(0, whole, 4):
            row, bias, to = ahead(rows, k * stride), ahead(biases, k), ahead(y, k * y_row + t)
            at = k * own + t
            _four(sums, at, own, row, stride, bias, length, slope, start, x_row, to, y_row)
        for k in range(whole, count):
            row, to = ahead(rows, k * stride), ahead(y, k * y_row + t)
            _one(sums, k * own + t, row, biases[k], length, slope, start, x_row, to)


@inlined
def _begin(sums, at, like):
    if sums is None:
        return splat(cast(0.0, like))
    return load(sums, at)


@inlined
def _one(sums, at, r0, bias, length, slope, start, x_row, to):
    a0, b0 = _begin(sums, at, r0), _begin(sums, at + 8, r0)
    for i in range(length):
        w0 = splat(r0[i])
        a0 = fma(w0, load(start, i * x_row), a0)
        b0 = fma(w0, load(start, i * x_row + 8), b0)
    _finish(to, 0, a0, b0, bias, slope)


@inlined
def _four(sums, at, own, r0, stride, biases, length, slope, start, x_row, to, y_row):
    r1, r2, r3 = ahead(r0, stride), ahead(r0, 2 * stride), ahead(r0, 3 * stride)
    a0, b0 = _begin(sums, at, r0), _begin(sums, at + 8, r0)
    a1, b1 = _begin(sums, at + own, r0), _begin(sums, at + own + 8, r0)
    a2, b2 = _begin(sums, at + 2 * own, r0), _begin(sums, at + 2 * own + 8, r0)
    a3, b3 = _begin(sums, at + 3 * own, r0), _begin(sums, at + 3 * own + 8, r0)
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
def extend(sums, own, weights, stride, count, x, samples):
    """The wide layer's sums with the next product: weights[k] x, ``stride`` apart."""
    for k in range(count):
        w, row = splat(weights[k * stride]), ahead(sums, k * own)
        for t in range(0, samples, 8):
            store(row, t, fma(w, load(x, t), load(row, t)))


@inner
def _narrow(r, bias, length, slope, x, x_row, y, samples):
    for t in range(0, samples, 8):
        start = ahead(x, t)
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = splat(cast(0.0, x))
        for i in range(0, length - length % 8, 8):
            s0 = s0 + splat(r[i]) * load(start, i * x_row)
            s1 = s1 + splat(r[i + 1]) * load(start, (i + 1) * x_row)
            s2 = s2 + splat(r[i + 2]) * load(start, (i + 2) * x_row)
            s3 = s3 + splat(r[i + 3]) * load(start, (i + 3) * x_row)
            s4 = s4 + splat(r[i + 4]) * load(start, (i + 4) * x_row)
            s5 = s5 + splat(r[i + 5]) * load(start, (i + 5) * x_row)
            s6 = s6 + splat(r[i + 6]) * load(start, (i + 6) * x_row)
            s7 = s7 + splat(r[i + 7]) * load(start, (i + 7) * x_row)
        total = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
        store(y, t, _with_rest(total, r, bias, length, slope, start, x_row))


@inlined
def _with_rest(total, r, bias, length, slope, start, x_row):
    for i in range(length - length % 8, length):
        total = total + splat(r[i]) * load(start, i * x_row)
    return _activated(total + splat(bias), slope)


@inner
def strand(total, r, length, first, x, x_row, samples):
    """A narrow unit's sum of every eighth product from ``first`` on: total [samples]."""
    for t in range(0, samples, 16):
        left = right = splat(cast(0.0, x))
        for i in range(first, length - length % 8, 8):
            w, start = splat(r[i]), ahead(x, i * x_row + t)
            left, right = left + w * load(start, 0), right + w * load(start, 8)
        store(total, t, left)
        store(total, t + 8, right)


@inner
def add_up(strands, own, r, bias, length, slope, x, x_row, y, samples):
    """A narrow unit's output from its strands [8, samples], whose rows have length ``own``."""
    for t in range(0, samples, 8):
        at = ahead(strands, t)
        even = (load(at, 0) + load(at, 4 * own)) + (load(at, 2 * own) + load(at, 6 * own))
        odd = (load(at, own) + load(at, 5 * own)) + (load(at, 3 * own) + load(at, 7 * own))
        store(y, t, _with_rest(even + odd, r, bias, length, slope, ahead(x, t), x_row))


@inner
def bend(kind, y, y_row, count, samples):
    """A smooth activation in place, evaluated in float64 and rounded once."""
    if kind == SLOPE:
        return
    for k in range(count):
        for t in range(k * y_row, k * y_row + samples):
            p = np.float64(y[t])
            if kind == TANH:
                y[t] = cast(math.tanh(p), y)
            else:
                y[t] = cast(max(p, 0.0) + math.log1p(math.exp(-abs(p))), y)
