"""How one unit's change reaches the logit, exactly, for all of the unit's coordinates at once.

A step in one weight moves the unit's output by d, and as long as no unit behind it crosses its
kink the logit moves by g·d. A unit that does cross adds its own deviation from that straight
continuation, max(0, ·) of a straight function, which then travels on like d did. The *lines* are
these changes, each an array over the coordinates; the input of any unit further on is its value
at θ plus a sum of lines weighted by Jacobians at θ. So the work grows with the number of units
that cross, and no order of crossings has to be followed.

Behind a narrow node its units' total changes replace all earlier lines.
"""

from typing import NamedTuple

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import BENT, NARROW, NODE, ROW, N
from approxgan.objective.sweep._sample import Pointer, into_narrow, into_wide, of
from approxgan.objective.sweep._vector import (
    ahead,
    biggest,
    cast,
    fma,
    load,
    lowest,
    not_below,
    size,
    splat,
    store,
    where_above,
)

MARGIN = 1.0 + 1e-4
"""Widens bounds, so that their rounding can never hide a crossing."""


class Lines(NamedTuple):
    changes: Pointer
    """[lines, longest]: changes of one unit's output."""
    longest: int
    most: Pointer
    """[lines]: bounds on |change|."""
    node: Pointer
    """[lines]"""
    unit: Pointer
    """[lines]"""
    bound: Pointer
    """[widest]: bounds on the changes of a node's inputs."""
    found: Pointer
    """[widest]: units that may cross."""
    total: Pointer
    """[longest]: the change of one unit's input, or of the logit."""


@inlined
def largest(x, count):
    """The largest of |x|."""
    most = splat(cast(0.0, x))
    for i in range(0, count, 8):
        v = size(load(x, i))
        most = where_above(v, most, v, most)
    return biggest(most)


@inlined
def _set_line(lines, k, most, m, unit):
    lines.most[k], lines.node[k], lines.unit[k] = biggest(most), m, unit


@inlined
def start(net, s, lines, m, unit, width):
    """Line 0: the change of the unit's output by each coordinate's step, rounded as h is."""
    zero = splat(cast(0.0, s.p))
    moves = ahead(net.moves, of(net, m, ROW) + unit * width)
    x = ahead(s.h, of(net, m - 1, NODE))
    node = of(net, m, NODE) + unit
    slope, p = splat(net.slopes[m]), splat(s.p[node])
    h, most = splat(s.h[node]), zero
    for i in range(0, width, 8):
        moved = fma(load(moves, i), load(x, i), p)
        change = where_above(moved, zero, moved, slope * moved) - h
        store(lines.changes, i, change)
        most = where_above(most, size(change), most, size(change))
    _set_line(lines, 0, most, m, unit)


@inlined
def spread(net, s, lines, m, width):
    """Follow line 0 from node m to the logit; returns the range of lines it still takes."""
    first, count = 0, 1
    for q in range(m + 1, net.last):
        if of(net, q, NARROW):
            first, count = count, _gather(net, s, lines, q, first, count, width)
        elif of(net, q, BENT):
            near = _candidates(net, s, lines, q, first, count)
            if near > 0:
                count = _cross(net, s, lines, q, near, first, count, width)
    return first, count


@inlined
def at_logit(net, s, lines, first, count, width):
    """Leave the changes of the logit in ``total``; returns the most |change|."""
    for k in range(first, count):
        slope = s.g[of(net, lines.node[k], NODE) + lines.unit[k]]
        _add_line(lines, slope, k, k == first, width)
    return largest(lines.total, width)


@inlined
def _add_line(lines, slope, k, is_first, width):
    total, change = lines.total, ahead(lines.changes, k * lines.longest)
    slopes = splat(slope)
    if is_first:
        for i in range(0, width, 8):
            store(total, i, slopes * load(change, i))
    else:
        for i in range(0, width, 8):
            store(total, i, fma(slopes, load(change, i), load(total, i)))


@inlined
def _candidates(net, s, lines, q, first, count):
    """List the units of the wide node q whose inputs may change sign; returns how many."""
    units, bound, near = of(net, q, N), lines.bound, 0
    p = ahead(s.p, of(net, q, NODE))
    if count == first + 1:
        row = into_wide(net, s, lines.node[first], lines.unit[first], q)
        most = splat(lines.most[first] * cast(MARGIN, s.p))
        for u in range(0, units, 8):
            bits = not_below(size(load(row, u)) * most, size(load(p, u)))
            near = _list(lines, near, u, bits)
        return near
    _bound(net, s, lines, q, first, count)
    for u in range(0, units, 8):
        near = _list(lines, near, u, not_below(load(bound, u), size(load(p, u))))
    return near


@inlined
def _list(lines, near, u, bits):
    while bits:
        lines.found[near] = u + lowest(bits)
        near += 1
        bits &= bits - 1
    return near


@inner
def _bound(net, s, lines, q, first, count):
    """Bound the changes of the wide node's inputs."""
    units, bound = of(net, q, N), lines.bound
    for k in range(first, count):
        row = into_wide(net, s, lines.node[k], lines.unit[k], q)
        most = splat(lines.most[k] * cast(MARGIN, s.p))
        if k == first:
            for u in range(0, units, 8):
                store(bound, u, size(load(row, u)) * most)
        else:
            for u in range(0, units, 8):
                store(bound, u, fma(size(load(row, u)), most, load(bound, u)))


@inner
def _cross(net, s, lines, q, near, first, count, width):
    """Append a line for every listed unit that does cross its kink; returns the lines' end."""
    zero = splat(cast(0.0, s.p))
    lacking = cast(1.0, s.p) - net.slopes[q]
    following = count
    for found in range(near):
        u = lines.found[found]
        p = s.p[of(net, q, NODE) + u]
        for k in range(first, count):
            row = into_wide(net, s, lines.node[k], lines.unit[k], q)
            _add_line(lines, row[u], k, k == first, width)
        change, ps, most = ahead(lines.changes, following * lines.longest), splat(p), zero
        # max(0, ·) on the side of the kink that p is not on
        side = splat(cast(-1.0, s.p) if p > 0.0 else cast(1.0, s.p))
        rate = splat(lacking)
        for i in range(0, width, 8):
            beyond = side * (ps + load(lines.total, i))
            beyond = rate * where_above(beyond, zero, beyond, zero)
            store(change, i, beyond)
            most = where_above(most, size(beyond), most, size(beyond))
        _set_line(lines, following, most, q, u)
        if lines.most[following] != 0.0:
            following += 1
    return following


@inner
def _gather(net, s, lines, q, first, count, width):
    """Replace the lines by the changes of the narrow node's outputs; returns their end."""
    zero, slope = splat(cast(0.0, s.p)), splat(net.slopes[q])
    for r in range(of(net, q, N)):
        node = of(net, q, NODE) + r
        p, h, most = splat(s.p[node]), splat(s.h[node]), zero
        for k in range(first, count):
            rate = into_narrow(net, s, lines.node[k], q, r)[lines.unit[k]]
            _add_line(lines, rate, k, k == first, width)
        change = ahead(lines.changes, (count + r) * lines.longest)
        for i in range(0, width, 8):
            moved = p + load(lines.total, i)
            moved = where_above(moved, zero, moved, slope * moved) - h
            store(change, i, moved)
            most = where_above(most, size(moved), most, size(moved))
        _set_line(lines, count + r, most, q, r)
    return count + of(net, q, N)
