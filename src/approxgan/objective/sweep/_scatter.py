"""A deterministic scatter that stands for rounding in the layers that the sweep never computes."""

from __future__ import annotations

from approxgan.objective.sweep._cache import inlined
from approxgan.objective.sweep._plan import NODE, N
from approxgan.objective.sweep._sample import of
from approxgan.objective.sweep._vector import (
    cast,
    fma,
    is_single,
    load,
    root,
    scrambled,
    size,
    splat,
    store,
    where_above,
)

RAREST = 1e-9
"""The least probability of a rounding that is told from 0."""
GOLDEN = 1.618
"""Mixes the changes of several outputs into one number."""


@inlined
def loudness(net, s, lines, first, node):
    """A bound on what ``scatter`` adds at a unit of the gate."""
    if not is_single(s.p):
        return cast(0.0, s.p)
    m = lines.node[first]
    return s.near[m] + s.far[m] + abs(s.grid[node]) * cast(2.0**-23, s.p)


@inlined
def scatter(net, s, lines, first, node, width):
    """Scatter total as rounding in the layers since the last gate does; returns a bound on it.

    A function of the new outputs of the unit, or of the gate, as rounding is: ``_rounding``. Few
    sums round anew when they move little, so the scatter is 0 more often then. It matters to
    steps below 1e-5, where a loop over forward passes gives differences of noise.
    """
    m = lines.node[first]
    if not is_single(s.p):
        return cast(0.0, s.p)
    moving, count = (
        1 if first == 0 else of(net, m, N),
        splat(cast(of(net, min(m + 1, net.last), N), s.p)),
    )
    near, near_grain = splat(s.near[m] * s.near[m]), splat(s.near_grain[m])
    far, far_grain = splat(s.far[m] * s.far[m]), splat(s.far_grain[m])
    zero, one, least = splat(cast(0.0, s.p)), splat(cast(1.0, s.p)), splat(cast(RAREST, s.p))
    grids = splat(s.grid[node])
    golden, keys = (
        splat(cast(GOLDEN, s.p)),
        splat(s.p[node] * s.p[of(net, m, NODE) + lines.unit[first]]),
    )
    for i in range(0, width, 8):
        mixed = load(lines.changes, first * lines.longest + i)
        moved = size(mixed)
        for k in range(first + 1, first + moving):
            change = load(lines.changes, k * lines.longest + i)
            mixed, moved = fma(mixed, golden, change), moved + size(change)
        close, behind = moved * near_grain, moved * far_grain
        close = where_above(close, one, one, close)
        behind = where_above(behind, one, one, behind)
        likely = fma(behind, count, close)
        likely = where_above(likely, one, one, where_above(likely, least, likely, least))
        variance = fma(close, near, behind * far)
        drawn = scrambled(mixed, keys)
        rounding = drawn * root(variance / (likely * likely * likely))
        rounding = where_above(likely, size(drawn), rounding, zero)
        rounding = load(lines.total, i) + rounding
        store(lines.total, i, (rounding + grids) - grids)
    return loudness(net, s, lines, first, node)
