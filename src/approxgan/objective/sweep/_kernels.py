"""The three passes of a sweep: lay out the parameters, go through the samples, add up.

A sample's losses go into one of lanes × 4 strands by its place in the batch; a strand is added
up in order, then the strands of a lane, then the lanes. That is how torch's mean adds a row of
floats in vectors, so that rounding grows as it does there, and a task is one seed's one lane, so
that the result does not depend on which thread takes which task.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._layout import Shape, chain, workspace
from approxgan.objective.sweep._lines import at_logit, spread, start
from approxgan.objective.sweep._plan import NODE, ROW, SPAN, B, N, W
from approxgan.objective.sweep._rounding import roundings
from approxgan.objective.sweep._safe import safe_radii
from approxgan.objective.sweep._sample import backward, forward, jacobians, of
from approxgan.objective.sweep._scalar import add_all, expand, value
from approxgan.objective.sweep._vector import ahead, cast, load, pointer, splat, store

STRANDS = 4


class Terms(NamedTuple):
    spans: np.ndarray
    """[T, 3] int64: start, stop, code of the function."""
    factors: np.ndarray
    """[T, 2]: sign, weight."""
    limits: np.ndarray
    """See ``_scalar.LIMITS``."""


@inner
def run(shape, terms, flat, inputs, losses, values, room, exact, whole, first, last):
    """Tasks first to last; task t is lane t % lanes of seed t // lanes.

    inputs [S, samples, columns]; losses [S, lanes, T, coordinates], values [S, lanes, T].
    """
    lanes, coordinates = losses.shape[1], losses.shape[3]
    s, lines, strand, coefficients, series = workspace(shape, room, exact, whole)
    limits = pointer(terms.limits)
    for task in range(first, last):
        seed, lane = task // lanes, task % lanes
        net = chain(shape, flat[seed])
        for t in range(len(terms.spans)):
            total = pointer(losses[seed, lane, t])
            begin, end, kind = terms.spans[t]
            sign = terms.factors[t, 0]
            value_of_lane = cast(0.0, strand)
            _clear(total, coordinates)
            for part in range(STRANDS):
                subtotal = cast(0.0, strand)
                _clear(strand, coordinates)
                for sample in range(begin + part * lanes + lane, end, STRANDS * lanes):
                    forward(net, pointer(inputs[seed, sample]), s)
                    logit = s.p[of(net, net.last, NODE)]
                    if not np.isfinite(logit):
                        subtotal = cast(np.nan, strand)
                        break
                    expand(kind, sign * logit, series, coefficients)
                    subtotal += value(kind, sign * logit, coefficients)
                    backward(net, s)
                    jacobians(net, s)
                    safe_radii(net, s)
                    roundings(net, s)
                    _units(net, s, lines, kind, sign, limits, coefficients, strand)
                value_of_lane += subtotal
                _add(total, strand, coordinates)
            values[seed, lane, t] = value_of_lane


@inner
def _clear(x, count):
    zero = splat(cast(0.0, x))
    for i in range(0, count, 8):
        store(x, i, zero)


@inner
def _add(x, y, count):
    for i in range(0, count, 8):
        store(x, i, load(x, i) + load(y, i))


@inner
def _units(net, s, lines, kind, sign, limits, coefficients, losses):
    """Add one sample's loss at every coordinate's step."""
    logit = s.p[of(net, net.last, NODE)]
    for m in range(1, net.owned + 1):
        width = of(net, m - 1, SPAN)
        for unit in range(of(net, m, N)):
            start(net, s, lines, m, unit, width)
            first, count = spread(net, s, lines, m, width)
            most = at_logit(net, s, lines, first, count, width)
            to = ahead(losses, of(net, m, ROW) + unit * width)
            add_all(kind, sign, logit, lines.total, most, limits, coefficients, to, width)


@inner
def finish(shape, terms, theta, steps, constant, sums, of_lanes, losses, values):
    """Losses [S, P] and values [S] from the lanes' sums; NaN for what is not finite."""
    for seed in range(len(values)):
        values[seed] = _merge(terms, sums[seed], of_lanes[seed], constant[seed])
        step = steps[seed % len(steps)]
        _scatter(shape, pointer(sums[seed]), losses[seed])
        for i in range(losses.shape[1]):
            moved = theta[seed, i] + step[i if len(step) > 1 else 0]
            if not np.isfinite(values[seed]) or not np.isfinite(moved):
                losses[seed, i] = np.nan


@inner
def _merge(terms, sums, of_lanes, constant):
    """Lanes in order, terms in order, then the constant; into sums[0, 0] and the result."""
    merged, count = pointer(sums[0, 0]), sums.shape[2]
    value = cast(0.0, merged)
    for t in range(len(terms.spans)):
        weight, total = terms.factors[t, 1], pointer(sums[0, t])
        subtotal = of_lanes[0, t]
        for lane in range(1, len(sums)):
            subtotal += of_lanes[lane, t]
            _add(total, pointer(sums[lane, t]), count)
        value += weight * subtotal
        for i in range(0, count, 8):
            store(total, i, splat(weight) * load(total, i))
        if t > 0:
            _add(merged, total, count)
    for i in range(0, count, 8):
        store(merged, i, load(merged, i) + splat(constant))
    return value + constant


@inner
def _scatter(shape: Shape, merged, losses):
    """From rows of weights and bias to the order of the flat parameters."""
    table = shape.table
    for m in range(1, shape.owned + 1):
        before = table[m - 1, N]
        for unit in range(table[m, N]):
            row = ahead(merged, table[m, ROW] + unit * table[m - 1, SPAN])
            at = table[m, W] + unit * before
            for i in range(before):
                losses[at + i] = row[i]
            losses[table[m, B] + unit] = row[before]
