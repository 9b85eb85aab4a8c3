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
from approxgan.objective.sweep._vector import LANES, ahead, fma, store, where_above
from approxgan.objective.sweep._vector import load_lanes as load

NARROW = 8
"""The widest narrow layer; a wide one sums for as many units at once."""
SLOPE, TANH, SOFTPLUS = range(3)
KINDS = {"slope": SLOPE, "tanh": TANH, "softplus": SOFTPLUS}
"""Of activations."""


@inlined
def leak(x, slope):
    """A piecewise-linear activation."""
    return where_above(x, 0.0, x, slope * x)


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
def _begin(sums, at):
    if sums is None:
        return 0.0
    return load(sums, at)


@inlined
def _eight(sums, at, own, w, b, length, count, slope, x, x_row, y, y_row):
    s0, s1 = _begin(sums, at), _begin(sums, at + own)
    s2, s3 = _begin(sums, at + 2 * own), _begin(sums, at + 3 * own)
    s4, s5 = _begin(sums, at + 4 * own), _begin(sums, at + 5 * own)
    s6, s7 = _begin(sums, at + 6 * own), _begin(sums, at + 7 * own)
    for _ in range(length):
        v = load(x, 0)
        s0, s1 = fma(w[0], v, s0), fma(w[1], v, s1)
        s2, s3 = fma(w[2], v, s2), fma(w[3], v, s3)
        s4, s5 = fma(w[4], v, s4), fma(w[5], v, s5)
        s6, s7 = fma(w[6], v, s6), fma(w[7], v, s7)
        w, x = ahead(w, count), ahead(x, x_row)
    store(y, 0, leak(s0 + b[0], slope))
    store(y, y_row, leak(s1 + b[1], slope))
    store(y, 2 * y_row, leak(s2 + b[2], slope))
    store(y, 3 * y_row, leak(s3 + b[3], slope))
    store(y, 4 * y_row, leak(s4 + b[4], slope))
    store(y, 5 * y_row, leak(s5 + b[5], slope))
    store(y, 6 * y_row, leak(s6 + b[6], slope))
    store(y, 7 * y_row, leak(s7 + b[7], slope))


@inner
def extend(sums, own, w, count, x, samples):
    """A wide layer's sums with the next product."""
    for k in range(count):
        row = ahead(sums, k * own)
        for t in range(0, samples, LANES):
            store(row, t, fma(w[k], load(x, t), load(row, t)))


@inner
def narrow(w, b, length, count, slope, x, x_row, y, y_row, samples):
    """A narrow layer."""
    for k in range(count):
        for t in range(0, samples, LANES):
            r, start = ahead(w, k), ahead(x, t)
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
            for _ in range(length // 8):
                s0 = s0 + r[0] * load(start, 0)
                s1 = s1 + r[count] * load(start, x_row)
                s2 = s2 + r[2 * count] * load(start, 2 * x_row)
                s3 = s3 + r[3 * count] * load(start, 3 * x_row)
                s4 = s4 + r[4 * count] * load(start, 4 * x_row)
                s5 = s5 + r[5 * count] * load(start, 5 * x_row)
                s6 = s6 + r[6 * count] * load(start, 6 * x_row)
                s7 = s7 + r[7 * count] * load(start, 7 * x_row)
                r, start = ahead(r, 8 * count), ahead(start, 8 * x_row)
            total = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
            total = _with_rest(total, ahead(w, k), length, count, ahead(x, t), x_row)
            store(y, k * y_row + t, leak(total + b[k], slope))


@inlined
def _with_rest(total, w, length, count, x, x_row):
    for i in range(length - length % 8, length):
        total = total + w[i * count] * load(x, i * x_row)
    return total


@inner
def strand(total, w, length, count, first, x, x_row, samples):
    """A narrow unit's sum of every eighth product from ``first`` on: total [samples]."""
    for t in range(0, samples, LANES):
        s = 0.0
        for i in range(first, length - length % 8, 8):
            s = s + w[i * count] * load(x, i * x_row + t)
        store(total, t, s)


@inner
def add_up(strands, own, w, bias, length, count, slope, x, x_row, y, samples):
    """A narrow unit's output from its strands [8, samples], whose rows have length ``own``."""
    for t in range(0, samples, LANES):
        at = ahead(strands, t)
        even = (load(at, 0) + load(at, 4 * own)) + (load(at, 2 * own) + load(at, 6 * own))
        odd = (load(at, own) + load(at, 5 * own)) + (load(at, 3 * own) + load(at, 7 * own))
        total = _with_rest(even + odd, w, length, count, ahead(x, t), x_row)
        store(y, t, leak(total + bias, slope))


@inner
def bend(kind, y, y_row, count, samples):
    """A smooth activation in place, evaluated in float64 and rounded once."""
    if kind == SLOPE:
        return
    for k in range(count):
        for t in range(k * y_row, k * y_row + samples):
            p = np.float64(y[t])
            if kind == TANH:
                y[t] = math.tanh(p)
            else:
                y[t] = max(p, 0.0) + math.log1p(math.exp(-abs(p)))
