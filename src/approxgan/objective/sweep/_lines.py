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
from approxgan.objective.sweep._sample import into_narrow, into_wide, is_narrow, units
from approxgan.objective.sweep._vector import (
    ahead,
    biggest,
    fma,
    load,
    lowest,
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


@inlined
def start(net, s, n, m, unit, width):
    """Line 0: the change of the unit's output by each coordinate's step, rounded as h is."""
    moves = ahead(s.moves, net.row[m] + unit * width)
    x, node = ahead(s.h, units(net, n, m - 1)), units(net, n, m) + unit
    most = 0.0
    for i in range(0, width, 8):
        moved = fma(load(moves, i), load(x, i), s.p[node])
        change = leak(moved, net.slope[m]) - s.h[node]
        store(s.lines, i, change)
        most = larger(most, abs(change))
    _set_line(s, 0, most, m, unit)


@inlined
def spread(net, s, n, m, width):
    """Follow line 0 from node m to the logit; returns the range of lines it still takes."""
    first, count = 0, 1
    for q in range(m + 1, net.last):
        if is_narrow(net, q):
            first, count = count, _gather(net, s, n, q, first, count, width)
        elif net.slope[q] != 1.0:
            near = _candidates(net, s, n, q, first, count)
            if near > 0:
                count = _cross(net, s, n, q, near, first, count, width)
    return first, count


@inlined
def at_logit(net, s, n, first, count, width):
    """Leave the changes of the logit in ``total``; returns the most |change|."""
    for k in range(first, count):
        rate = s.g[units(net, n, s.origin[2 * k]) + s.origin[2 * k + 1]]
        _add_line(net, s, k, k == first, rate, width)
    return largest(s.total, width)


@inlined
def _add_line(net, s, k, is_first, rate, width):
    """Add a line, times the change of an input per change of the line's unit, to ``total``."""
    line = ahead(s.lines, k * net.widest)
    if is_first:
        for i in range(0, width, 8):
            store(s.total, i, rate * load(line, i))
    else:
        for i in range(0, width, 8):
            store(s.total, i, fma(rate, load(line, i), load(s.total, i)))


@inlined
def _candidates(net, s, n, q, first, count):
    """List the units of the wide node q whose inputs may change sign; returns how many."""
    p, near = ahead(s.p, units(net, n, q)), 0
    for k in range(first, count):
        row = into_wide(net, s, n, s.origin[2 * k], s.origin[2 * k + 1], q)
        for u in range(0, net.width[q], 8):
            before = 0.0 if k == first else load(s.bound, u)
            store(s.bound, u, fma(abs(load(row, u)), s.most[k], before))
    for u in range(0, net.width[q], 8):
        bits = not_below(load(s.bound, u), abs(load(p, u)))
        while bits:
            s.found[near] = u + lowest(bits)
            near += 1
            bits &= bits - 1
    return near


@inner
def _cross(net, s, n, q, near, first, count, width):
    """Append a line for every listed unit that does cross its kink; returns the lines' end."""
    following, lacking = count, 1.0 - net.slope[q]
    for found in range(near):
        u = s.found[found]
        p, most = s.p[units(net, n, q) + u], 0.0
        for k in range(first, count):
            row = into_wide(net, s, n, s.origin[2 * k], s.origin[2 * k + 1], q)
            _add_line(net, s, k, k == first, row[u], width)
        side = -1.0 if p > 0.0 else 1.0
        for i in range(0, width, 8):
            # max(0, ·) on the side of the kink that p is not on
            beyond = lacking * larger(side * (p + load(s.total, i)), 0.0)
            store(s.lines, following * net.widest + i, beyond)
            most = larger(most, abs(beyond))
        _set_line(s, following, most, q, u)
        if s.most[following] != 0.0:
            following += 1
    return following


@inner
def _gather(net, s, n, q, first, count, width):
    """Replace the lines by the changes of the narrow node's outputs; returns their end."""
    for r in range(net.width[q]):
        node, most = units(net, n, q) + r, 0.0
        for k in range(first, count):
            row = into_narrow(net, s, n, s.origin[2 * k], q, r)
            _add_line(net, s, k, k == first, row[s.origin[2 * k + 1]], width)
        for i in range(0, width, 8):
            moved = s.p[node] + load(s.total, i)
            change = leak(moved, net.slope[q]) - s.h[node]
            store(s.lines, (count + r) * net.widest + i, change)
            most = larger(most, abs(change))
        _set_line(s, count + r, most, q, r)
    return count + net.width[q]
