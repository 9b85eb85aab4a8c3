"""One layer for many samples, in a stated order of sums.

A layer wider than ``NARROW`` sums its products one after the other, each fused with the addition.
A narrower one rounds its products, adds them in 8 strands, every eighth from the first, adds the
strands by halves, and then what is left of the row. The bias comes last. That is the order of
torch's ``bmm`` on a processor with AVX-512 (MKL 2024.2), for two or more stacked seeds, layers of
at least 12 or at most 3 units, and inputs of at most 192 or a multiple of 4 units.

Weights w [length, count] lie input by input, so that one register's samples meet the weights of
eight units in one place. x [length, samples] and y [count, samples] have rows of other lengths.
"""

import math

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._vector import LANES, ahead, cast, fma, store, where_above
from approxgan.objective.sweep._vector import load_lanes as load
from approxgan.objective.sweep._vector import splat_lanes as splat

NARROW = 8
"""The widest narrow layer; a wide one sums for as many units at once."""
SLOPE, TANH, SOFTPLUS = range(3)
KINDS = {"slope": SLOPE, "tanh": TANH, "softplus": SOFTPLUS}
"""Of activations."""


@inlined
def _put(y, at, total, bias, slope):
    total = total + splat(bias)
    zero = splat(slope) - splat(slope)
    store(y, at, where_above(total, zero, total, splat(slope) * total))


@inner
def wide(sums, own, w, b, length, count, slope, x, x_row, y, y_row, samples):
    """A wide layer from sums [count, samples] with rows of length ``own``, or None: from 0.

    Where units are left over, some are computed twice.
    """
    for first in range(0, count, 8):
        k = min(first, count - 8)
        for t in range(0, samples, LANES):
            at, r, to = k * own + t, ahead(w, k), ahead(y, k * y_row + t)
            _eight(
                sums, at, own, r, ahead(b, k), length, count, slope, ahead(x, t), x_row, to, y_row
            )


@inlined
def _begin(sums, at, like):
    if sums is None:
        return splat(cast(0.0, like))
    return load(sums, at)


@inlined
def _eight(sums, at, own, w, b, length, count, slope, x, x_row, y, y_row):
    s0, s1 = _begin(sums, at, x), _begin(sums, at + own, x)
    s2, s3 = _begin(sums, at + 2 * own, x), _begin(sums, at + 3 * own, x)
    s4, s5 = _begin(sums, at + 4 * own, x), _begin(sums, at + 5 * own, x)
    s6, s7 = _begin(sums, at + 6 * own, x), _begin(sums, at + 7 * own, x)
    for _ in range(length):
        v = load(x, 0)
        s0, s1 = fma(splat(w[0]), v, s0), fma(splat(w[1]), v, s1)
        s2, s3 = fma(splat(w[2]), v, s2), fma(splat(w[3]), v, s3)
        s4, s5 = fma(splat(w[4]), v, s4), fma(splat(w[5]), v, s5)
        s6, s7 = fma(splat(w[6]), v, s6), fma(splat(w[7]), v, s7)
        w, x = ahead(w, count), ahead(x, x_row)
    _put(y, 0, s0, b[0], slope)
    _put(y, y_row, s1, b[1], slope)
    _put(y, 2 * y_row, s2, b[2], slope)
    _put(y, 3 * y_row, s3, b[3], slope)
    _put(y, 4 * y_row, s4, b[4], slope)
    _put(y, 5 * y_row, s5, b[5], slope)
    _put(y, 6 * y_row, s6, b[6], slope)
    _put(y, 7 * y_row, s7, b[7], slope)


@inner
def extend(sums, own, w, count, x, samples):
    """A wide layer's sums with the next product."""
    for k in range(count):
        row = ahead(sums, k * own)
        for t in range(0, samples, LANES):
            store(row, t, fma(splat(w[k]), load(x, t), load(row, t)))


@inner
def narrow(w, b, length, count, slope, x, x_row, y, y_row, samples):
    """A narrow layer."""
    for k in range(count):
        for t in range(0, samples, LANES):
            r, start = ahead(w, k), ahead(x, t)
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = splat(cast(0.0, x))
            for _ in range(length // 8):
                s0 = s0 + splat(r[0]) * load(start, 0)
                s1 = s1 + splat(r[count]) * load(start, x_row)
                s2 = s2 + splat(r[2 * count]) * load(start, 2 * x_row)
                s3 = s3 + splat(r[3 * count]) * load(start, 3 * x_row)
                s4 = s4 + splat(r[4 * count]) * load(start, 4 * x_row)
                s5 = s5 + splat(r[5 * count]) * load(start, 5 * x_row)
                s6 = s6 + splat(r[6 * count]) * load(start, 6 * x_row)
                s7 = s7 + splat(r[7 * count]) * load(start, 7 * x_row)
                r, start = ahead(r, 8 * count), ahead(start, 8 * x_row)
            total = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
            total = _with_rest(total, ahead(w, k), length, count, ahead(x, t), x_row)
            _put(y, k * y_row + t, total, b[k], slope)


@inlined
def _with_rest(total, w, length, count, x, x_row):
    for i in range(length - length % 8, length):
        total = total + splat(w[i * count]) * load(x, i * x_row)
    return total


@inner
def strand(total, w, length, count, first, x, x_row, samples):
    """A narrow unit's sum of every eighth product from ``first`` on: total [samples]."""
    for t in range(0, samples, LANES):
        s = splat(cast(0.0, x))
        for i in range(first, length - length % 8, 8):
            s = s + splat(w[i * count]) * load(x, i * x_row + t)
        store(total, t, s)


@inner
def add_up(strands, own, w, bias, length, count, slope, x, x_row, y, samples):
    """A narrow unit's output from its strands [8, samples], whose rows have length ``own``."""
    for t in range(0, samples, LANES):
        at = ahead(strands, t)
        even = (load(at, 0) + load(at, 4 * own)) + (load(at, 2 * own) + load(at, 6 * own))
        odd = (load(at, own) + load(at, 5 * own)) + (load(at, 3 * own) + load(at, 7 * own))
        total = _with_rest(even + odd, w, length, count, ahead(x, t), x_row)
        _put(y, t, total, bias, slope)


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
