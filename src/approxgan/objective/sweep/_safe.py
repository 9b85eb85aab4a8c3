"""How far a narrow node may move before any unit behind it crosses its kink."""

from __future__ import annotations

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._plan import BENT, NARROW, NODE, N
from approxgan.objective.sweep._sample import into_narrow, into_wide, of
from approxgan.objective.sweep._vector import ahead, cast


@inner
def safe_radii(net, s):
    """Fill safe: the smallest (p / ‖∂p/∂h‖)² of all units behind each narrow node."""
    for q in range(net.last - 1, 0, -1):
        if not of(net, q, NARROW):
            continue
        nearest = cast(np.inf, s.p)
        for b in range(q + 1, net.last):
            if of(net, b, NARROW):
                nearest = min(nearest, _behind_narrow(net, s, q, b))
                break
            if of(net, b, BENT):
                nearest = min(nearest, _behind_wide(net, s, q, b))
        s.safe[q] = nearest


@inner
def _behind_wide(net, s, q, b):
    """The smallest in node b."""
    zero, width = cast(0.0, s.p), of(net, b, N)
    p, square = ahead(s.p, of(net, b, NODE)), s.scratch
    for u in range(width):
        square[u] = zero
    for r in range(of(net, q, N)):
        row = into_wide(net, s, q, r, b)
        for u in range(width):
            square[u] += row[u] * row[u]
    nearest = cast(np.inf, s.p)
    for u in range(width):
        if square[u] > zero:
            nearest = min(nearest, p[u] * p[u] / square[u])
    return nearest


@inner
def _behind_narrow(net, s, q, b):
    """The same where b is narrow: its own kinks and, through its norm, what lies behind it."""
    zero, width = cast(0.0, s.p), of(net, q, N)
    total, nearest = zero, cast(np.inf, s.p)
    for u in range(of(net, b, N)):
        row = into_narrow(net, s, q, b, u)
        square = zero
        for r in range(width):
            square += row[r] * row[r]
        p, bend = s.p[of(net, b, NODE) + u], s.bend[of(net, b, NODE) + u]
        total += square * bend * bend
        if of(net, b, BENT) and square > zero:
            nearest = min(nearest, p * p / square)
    if total > zero:
        nearest = min(nearest, s.safe[b] / total)
    return nearest
