"""How one unit's change reaches the logit, exactly, for all of the unit's coordinates at once.

A step in one weight moves the unit's output by d, and as long as no unit behind it crosses its
kink the logit moves by g·d. A unit that does cross adds its own deviation from that straight
continuation, max(0, ·) of a straight function, which then travels on like d did. The *lines* are
these changes, each an array over the coordinates; the input of any unit further on is its value
at θ plus a sum of lines weighted by Jacobians at θ. So the work grows with the number of units
that cross, and no order of crossings has to be followed.

Behind a narrow node its units' total changes replace all earlier lines.
"""

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._layer import leak
from approxgan.objective.sweep._sample import derivative, into_wide, is_narrow, units
from approxgan.objective.sweep._vector import (
    ahead,
    biggest,
    fma,
    load,
    not_below,
    store,
    where_above,
)

MARGIN = 1.0 + 1e-4
"""Widens bounds, so that their rounding can never hide a crossing."""


@inlined
def larger(x, y):
    return where_above(x, y, x, y)


@inlined
def largest(x, count):
    """The largest of |x|."""
    most = 0.0
    for i in range(0, count, 8):
        most = larger(abs(load(x, i)), most)
    return biggest(most)


@inlined
def _set_line(s, k, most, m, unit):
    s.most[k], s.origin[2 * k], s.origin[2 * k + 1] = biggest(most * MARGIN), m, unit


@inner
def follow(net, s, n, m, unit, width):
    """Leave a unit's changes of the logit in ``total``; returns the most |change|.

    Line 0 is the change of its output by each coordinate's step, rounded as h is.
    """
    moves = ahead(s.moves, net.row[m] + unit * width)
    x, node = ahead(s.h, units(net, n, m - 1)), units(net, n, m) + unit
    most, first, count = 0.0, 0, 1
    for i in range(0, width, 8):
        moved = fma(load(moves, i), load(x, i), s.p[node])
        change = leak(moved, net.slope[m]) - s.h[node]
        store(s.lines, i, change)
        most = larger(most, abs(change))
    _set_line(s, 0, most, m, unit)
    for q in range(m + 1, net.last):
        if is_narrow(net, q):
            first, count = count, _gather(net, s, n, q, first, count, width)
        elif net.slope[q] != 1.0:
            count = _cross(net, s, n, q, first, count, width)
    _add_lines(net, s, n, net.last, 0, first, count, width)
    return largest(s.total, width)


@inlined
def _add_lines(net, s, n, q, unit, first, count, width):
    """Leave the changes of a unit's input, if no unit before it crosses again, in ``total``."""
    for k in range(first, count):
        rate = derivative(net, s, n, s.origin[2 * k], s.origin[2 * k + 1], q, unit)
        line = ahead(s.lines, k * net.widest)
        for i in range(0, width, 8):
            before = 0.0 if k == first else load(s.total, i)
            store(s.total, i, fma(rate, load(line, i), before))


@inner
def _cross(net, s, n, q, first, count, width):
    """Append a line for every unit of the wide node q that crosses its kink; returns their end."""
    p, following, lacking = ahead(s.p, units(net, n, q)), count, 1.0 - net.slope[q]
    for k in range(first, count):
        row = into_wide(net, s, n, s.origin[2 * k], s.origin[2 * k + 1], q)
        for u in range(0, net.width[q], 8):
            before = 0.0 if k == first else load(s.bound, u)
            store(s.bound, u, fma(abs(load(row, u)), s.most[k], before))
    for u in range(0, net.width[q], 8):
        bits = not_below(load(s.bound, u), abs(load(p, u)))
        for unit in range(u, u + 8 if bits else u):
            if not bits >> (unit - u) & 1:
                continue
            most = 0.0
            _add_lines(net, s, n, q, unit, first, count, width)
            side = -1.0 if p[unit] > 0.0 else 1.0
            for i in range(0, width, 8):
                # max(0, ·) on the side of the kink that p is not on
                beyond = lacking * larger(side * (p[unit] + load(s.total, i)), 0.0)
                store(s.lines, following * net.widest + i, beyond)
                most = larger(most, abs(beyond))
            _set_line(s, following, most, q, unit)
            following += s.most[following] != 0.0
    return following


@inner
def _gather(net, s, n, q, first, count, width):
    """Replace the lines by the changes of the narrow node's outputs; returns their end."""
    for r in range(net.width[q]):
        node, most = units(net, n, q) + r, 0.0
        _add_lines(net, s, n, q, r, first, count, width)
        for i in range(0, width, 8):
            moved = s.p[node] + load(s.total, i)
            change = leak(moved, net.slope[q]) - s.h[node]
            store(s.lines, (count + r) * net.widest + i, change)
            most = larger(most, abs(change))
        _set_line(s, count + r, most, q, r)
    return count + net.width[q]
