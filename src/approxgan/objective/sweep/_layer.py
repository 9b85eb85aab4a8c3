"""One layer for many samples, in a stated order of sums.

A layer wider than ``NARROW`` sums its products one after the other, each fused with the addition.
A narrower one rounds its products, adds them in 8 strands, every eighth from the first, adds the
strands by halves, and then what is left of the row. The bias comes last. That is the order of
torch's ``bmm`` on a processor with AVX-512 (MKL 2024.2), for two or more stacked seeds, layers of
at least 12 or at most 3 units, and inputs of at most 192 or a multiple of 4 units.

Weights w [length + 1, span], the biases last, lie input by input, so that one register's samples
meet the weights of eight units in one place. x [length, ROW] and y [count, ROW] hold samples.
"""

import math

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._vector import LANES, ahead, fma, registers, store, where_above
from approxgan.objective.sweep._vector import load_lanes as load

NARROW = 8
"""The widest narrow layer; a wide one sums for as many units at once."""
TILE = 64
"""Samples that are skipped, or go through the layers, together."""
ROW = 2 * TILE + 16
"""Length of rows of samples: of an odd number of cache lines, so that they share no set."""
SLOPE, TANH, SOFTPLUS = range(3)
KINDS = {"slope": SLOPE, "tanh": TANH, "softplus": SOFTPLUS}
"""Of activations."""


@inlined
def leak(x, slope):
    """A piecewise-linear activation."""
    return where_above(x, 0.0, x, slope * x)


@inlined
def _zero(x):
    """As many zeros as are loaded at once."""
    return where_above(load(x, 0), load(x, 0), load(x, 0), 0.0)


@inner
def wide(sums, w, span, length, count, slope, x, y, samples):
    """A wide layer from sums [count, ROW], or None: from 0. Units are filled up to eights."""
    s = registers(x)
    for first in range(0, count, 8):
        for t in range(0, samples, LANES):
            r, start, to = ahead(w, first), ahead(x, t), first * ROW + t
            for k in range(8):
                begin = _zero(start) if sums is None else load(sums, to + k * ROW)
                store(s, k * LANES, begin)
            for _ in range(length):
                v = load(start, 0)
                for k in range(8):
                    store(s, k * LANES, fma(r[k], v, load(s, k * LANES)))
                r, start = ahead(r, span), ahead(start, ROW)
            for k in range(8):
                store(y, to + k * ROW, leak(load(s, k * LANES) + r[k], slope))


@inlined
def strands(s, row, w, span, length, x):
    """A narrow unit's: s [8, row]."""
    for k in range(8):
        store(s, k * row, _zero(x))
    for i in range(0, length - 7, 8):
        for k in range(8):
            v = load(x, (i + k) * ROW)
            store(s, k * row, load(s, k * row) + w[(i + k) * span] * v)


@inner
def strand(total, w, span, length, first, x, samples):
    """One of them, which begins with product ``first``: total [samples]."""
    for t in range(0, samples, LANES):
        s = 0.0
        for i in range(first, length - length % 8, 8):
            s = s + w[i * span] * load(x, i * ROW + t)
        store(total, t, s)


@inlined
def add_up(s, row, w, span, length, slope, x):
    """A narrow unit's output from its strands [8, row]."""
    even = (load(s, 0) + load(s, 4 * row)) + (load(s, 2 * row) + load(s, 6 * row))
    odd = (load(s, row) + load(s, 5 * row)) + (load(s, 3 * row) + load(s, 7 * row))
    total = even + odd
    for i in range(length - length % 8, length):
        total = total + w[i * span] * load(x, i * ROW)
    return leak(total + w[length * span], slope)


@inner
def narrow(w, span, length, count, slope, x, y, samples):
    """A narrow layer."""
    s = registers(x)
    for k in range(count):
        for t in range(0, samples, LANES):
            r, start = ahead(w, k), ahead(x, t)
            strands(s, LANES, r, span, length, start)
            store(y, k * ROW + t, add_up(s, LANES, r, span, length, slope, start))


@inner
def bend(kind, y, count, samples):
    """A smooth activation in place, evaluated in float64 and rounded once."""
    if kind == SLOPE:
        return
    for k in range(count):
        for t in range(k * ROW, k * ROW + samples):
            p = np.float64(y[t])
            if kind == TANH:
                y[t] = math.tanh(p)
            else:
                y[t] = max(p, 0.0) + math.log1p(math.exp(-abs(p)))
