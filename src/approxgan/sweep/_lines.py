"""How one unit's change reaches the logit, exactly, for all of the unit's coordinates at once.

A step in one weight moves the unit's output by d, and as long as no unit behind it crosses its
kink the logit moves by g·d. A unit that does cross adds its own deviation from that straight
continuation, max(0, ·) of a straight function, which then travels on like d did. The *lines* are
these changes, each an array over the coordinates; the input of any unit further on is its value
at θ plus a sum of lines weighted by Jacobians at θ. So the work grows with the number of units
that cross, and no order of crossings has to be followed.

Behind a narrow node its units' total changes replace all earlier lines.
"""

from __future__ import annotations

from typing import NamedTuple

from approxgan.sweep._cache import inlined, inner, reduced
from approxgan.sweep._plan import BENT, NARROW, NODE, ROW, STRIDE, N
from approxgan.sweep._pointer import ahead, cast, fma
from approxgan.sweep._sample import Pointer, into_narrow, into_wide, of

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


@reduced
def largest(x, count):
    """max |x[i]|"""
    best = abs(x[0])
    for i in range(count):
        size = abs(x[i])
        best = size if size > best else best
    return best


@inlined
def _store(lines, k, change, width, m, unit):
    lines.most[k] = largest(change, width)
    lines.node[k], lines.unit[k] = m, unit


@inner
def start(net, s, lines, m, unit):
    """Line 0: the change of the unit's output by each coordinate's step, rounded as h is."""
    zero, width = cast(0.0, s.p), of(net, m, STRIDE)
    move = ahead(net.moves, of(net, m, ROW) + unit * width)
    x = ahead(s.h, of(net, m - 1, NODE))
    node = of(net, m, NODE) + unit
    slope, p, low, h = net.slopes[m], s.p[node], s.low[node], s.h[node]
    change = lines.changes
    for i in range(width):
        moved = p + fma(move[i], x[i], low)
        change[i] = (moved if moved > zero else slope * moved) - h
    _store(lines, 0, change, width, m, unit)
    return width


@inner
def spread(net, s, lines, m, width):
    """Follow line 0 from node m to the logit; returns the range of lines it still takes."""
    first, count = 0, 1
    for q in range(m + 1, net.last):
        if of(net, q, NARROW):
            if _is_safe(net, s, lines, q, first, count):
                break
            first, count = _gather(net, s, lines, q, first, count, width)
        elif of(net, q, BENT):
            near = _candidates(net, s, lines, q, first, count)
            if near > 0:
                count = _cross(net, s, lines, q, near, first, count, width)
    return first, count


@inner
def at_logit(net, s, lines, first, count, width):
    """Fill total with the change of the logit, and return a bound on it."""
    low = s.low[of(net, net.last, NODE)]
    most = abs(low)
    for k in range(first, count):
        slope = s.g[of(net, lines.node[k], NODE) + lines.unit[k]]
        most += abs(slope) * lines.most[k]
        _add_line(lines, slope, k, low, k == first, width)
    return most * cast(MARGIN, s.p)


@inlined
def _add_line(lines, slope, k, low, is_first, width):
    total, change = lines.total, ahead(lines.changes, k * lines.longest)
    if is_first:
        for i in range(width):
            total[i] = fma(slope, change[i], low)
    else:
        for i in range(width):
            total[i] = fma(slope, change[i], total[i])


@inner
def _candidates(net, s, lines, q, first, count):
    """List the units of the wide node q whose inputs may change sign; returns how many."""
    units, bound = of(net, q, N), lines.bound
    p = ahead(s.p, of(net, q, NODE))
    near = 0
    for k in range(first, count):
        row = ahead(into_wide(net, s, lines.node[k], q), lines.unit[k] * units)
        most = lines.most[k] * cast(MARGIN, s.p)
        if k == first:
            for u in range(units):
                bound[u] = abs(row[u]) * most
        else:
            for u in range(units):
                bound[u] = fma(abs(row[u]), most, bound[u])
    for u in range(units):
        near += 0 if bound[u] < abs(p[u]) else 1
    if near > 0:
        near = 0
        for u in range(units):
            lines.found[near] = u
            near += 0 if bound[u] < abs(p[u]) else 1
    return near


@inner
def _cross(net, s, lines, q, near, first, count, width):
    """Append a line for every listed unit that does cross its kink; returns the lines' end."""
    zero = cast(0.0, s.p)
    lacking = cast(1.0, s.p) - net.slopes[q]
    following = count
    for found in range(near):
        u = lines.found[found]
        p, low = s.p[of(net, q, NODE) + u], s.low[of(net, q, NODE) + u]
        for k in range(first, count):
            row = ahead(into_wide(net, s, lines.node[k], q), lines.unit[k] * of(net, q, N))
            _add_line(lines, row[u], k, low, k == first, width)
        change, total = ahead(lines.changes, following * lines.longest), lines.total
        if p > zero:
            for i in range(width):
                moved = p + total[i]
                change[i] = -lacking * (moved if moved < zero else zero)
        else:
            for i in range(width):
                moved = p + total[i]
                change[i] = lacking * (moved if moved > zero else zero)
        _store(lines, following, change, width, q, u)
        if not lines.most[following] == zero:
            following += 1
    return following


@inner
def _is_safe(net, s, lines, q, first, count):
    """Whether no unit of the narrow node q, and none behind it, can cross its kink."""
    square = cast(0.0, s.p)
    for r in range(of(net, q, N)):
        node = of(net, q, NODE) + r
        most = abs(s.low[node])
        for k in range(first, count):
            a = lines.node[k]
            row = ahead(into_narrow(net, s, a, q), r * of(net, a, N))
            most += abs(row[lines.unit[k]]) * lines.most[k]
        most *= cast(MARGIN, s.p)
        if of(net, q, BENT) and not most < abs(s.p[node]):
            return False
        square += (most * s.bend[node]) ** 2
    return square < s.safe[q] * s.safe[q]


@inner
def _gather(net, s, lines, q, first, count, width):
    """Replace the lines by the changes of the narrow node's outputs; returns their range."""
    zero, slope, units = cast(0.0, s.p), net.slopes[q], of(net, q, N)
    for r in range(units):
        node = of(net, q, NODE) + r
        p, low, h = s.p[node], s.low[node], s.h[node]
        for k in range(first, count):
            a = lines.node[k]
            row = ahead(into_narrow(net, s, a, q), r * of(net, a, N))
            _add_line(lines, row[lines.unit[k]], k, low, k == first, width)
        change, total = ahead(lines.changes, (count + r) * lines.longest), lines.total
        for i in range(width):
            moved = p + total[i]
            change[i] = (moved if moved > zero else slope * moved) - h
        _store(lines, count + r, change, width, q, r)
    return count, count + units
