"""How a loop over forward passes rounds in the layers that the sweep's shortcut never computes.

A sum of K products runs through K partial sums, and each is rounded. When what is added changes,
they round anew, and the difference of two roundings has a variance of ulp²/6. Where all K products
change, nearly all partial sums round anew; where one does, it is rounded to the spacing at its
place and from there only moves the sums along. A partial sum is as large as a random walk of the
products, or as their drift. Sums into a wide layer are taken one product after the other, in
blocks; those into a narrow one in strands. The bias comes last. The counts below are those of
torch's matrix products for layers of 2 to 512 inputs: ``python -m benchmarks.accumulation``.
"""

from __future__ import annotations

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._plan import NARROW, NARROWEST, NODE, ROW, SPAN, N
from approxgan.objective.sweep._sample import into_narrow, of
from approxgan.objective.sweep._vector import ahead, cast, is_single

ULP = 0.73 * 2.0**-23
"""Root mean square spacing of float32, relative to numbers spread evenly by their logarithm."""
BLOCK, STRANDS = 128, 16
ONE_WIDE, ONE_NARROW = 0.75, 1.2
"""Roundings before the bias where one product changes, at the size of the partial sums."""
DRIFT = 1.8
"""Roundings in strands where all products change, at the size of the drift."""
FAR = 6.0
"""A change of f spacings rounds anew with variance f(1 - f) ulp², full from 1/6 spacing on."""
TINY = 1e-30
"""Against division by zero."""


@inner
def all_wide(count):
    """Roundings before the bias where all of ``count`` products change, into a wide layer."""
    return min(count, BLOCK) / 2.0 + max(count - BLOCK, 0) / STRANDS


@inner
def all_narrow(count):
    """The same into a narrow layer."""
    return min(count / 2.0, 5.0) + count / STRANDS


@inner
def roundings(net, s):
    """Fill how the sums behind a node scatter the next gate when a unit moves.

    near: the sums into the next node, in each of which one product changes; far: those behind.
    A grain times the unit's change is the typical change of a product, in spacings of its sums.
    The gate is a narrow node or the logit; the sweep rounds the gate itself.
    """
    _rounded_gates(net, s)
    if not is_single(s.p):
        return
    gate, half = net.last, cast(0.5, s.p)
    behind = every = grain = cast(0.0, s.p)
    for m in range(net.last - 1, 0, -1):
        last, one, following, weight, partial = _sums(net, s, m + 1)
        far_grain = cast(FAR, s.p) * grain * weight
        grain = weight / (cast(ULP, s.p) * np.sqrt(partial))
        if m + 1 == net.last or of(net, m + 1, NARROW):
            gate, behind, every = m + 1, cast(0.0, s.p), following
        else:
            rates = _rates(net, s, m + 1, gate)
            behind, one, every = behind + every, rates * (last + one), rates * (last + following)
        s.near[m] = cast(ULP, s.p) * np.sqrt(half * one)
        s.far[m] = cast(ULP, s.p) * np.sqrt(half * behind)
        s.near_grain[m], s.far_grain[m] = grain, far_grain


@inner
def _rounded_gates(net, s):
    """Fill offset and grid. Sums that end near zero still move by the spacing they had before."""
    for m in range(net.last, 0, -1):
        if m < net.last and not of(net, m, NARROW):
            continue
        before, count = of(net, m - 1, NODE), of(net, m - 1, N)
        for k in range(of(net, m, N)):
            unit = of(net, m, NODE) + k
            s.offset[unit], s.grid[unit] = s.low[unit], cast(0.0, s.p)
            if is_single(s.p):
                row = ahead(net.rows, of(net, m, ROW) + k * of(net, m - 1, SPAN))
                square = cast(0.0, s.p)
                for i in range(count):
                    square += s.h[before + i] * s.h[before + i] * row[i] * row[i]
                largest = max(abs(s.p[unit]), abs(s.p[unit] - row[count]), np.sqrt(square / 2))
                if np.isfinite(largest) and largest > TINY:
                    spacing = 2.0 ** (np.floor(np.log2(np.float64(largest))) - 23)
                    full = np.float64(s.p[unit]) + np.float64(s.low[unit])
                    s.offset[unit] = cast(full - np.rint(full / spacing) * spacing, s.p)
                    s.grid[unit] = cast(1.5 * 2.0**23 * spacing, s.p)


@inner
def _sums(net, s, m):
    """Of the sums into node m: mean square; roundings before the bias if one product changes, or
    all, times the squares of the partial sums; a weight's size; mean square of a partial sum."""
    walk = drift = size = cast(0.0, s.p)
    length = cast(TINY, s.p)
    before, count, width = of(net, m - 1, NODE), of(net, m - 1, N), of(net, m, N)
    for i in range(count):
        walk += s.h[before + i] * s.h[before + i] * net.squares[before + i]
        length += s.h[before + i] * s.h[before + i]
    bias = ahead(net.rows, of(net, m, ROW) + count)
    for k in range(width):
        p = s.p[of(net, m, NODE) + k]
        products = p - bias[k * of(net, m - 1, SPAN)]
        size, drift = size + p * p, drift + products * products
    size, drift = size / width, drift / width
    partial, weight = (walk + drift + drift) * cast(1.0 / 3.0, s.p), np.sqrt(walk / length)
    partial += cast(TINY, s.p)
    if width > NARROWEST:
        one, following = cast(ONE_WIDE, s.p) * partial, cast(all_wide(count), s.p) * partial
        return size, one, following, weight, partial
    steady = cast(DRIFT, s.p) * max(drift - walk, cast(0.0, s.p))
    following = cast(all_narrow(count), s.p) * walk + steady
    return size, cast(ONE_NARROW, s.p) * partial, following, weight, partial


@inner
def _rates(net, s, m, gate):
    """Σ (∂ gate / ∂ input of node m)², the mean over the gate's units."""
    total, node, width = cast(0.0, s.p), of(net, m, NODE), of(net, m, N)
    if gate == net.last:
        for k in range(node, node + width):
            rate = s.g[k] * s.bend[k]
            total += rate * rate
        return total
    for r in range(of(net, gate, N)):
        row = into_narrow(net, s, m, gate, r)
        for k in range(width):
            rate = row[k] * s.bend[node + k]
            total += rate * rate
    return total / of(net, gate, N)
