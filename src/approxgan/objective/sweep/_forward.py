"""Forward passes with one parameter moved, in the arithmetic of the parameters' own type.

A moved parameter changes one unit. That unit is computed anew; a block of samples that comes out
bitwise the same keeps its logits at θ. Another goes on through the layers behind, samples side by
side in vector lanes; the first of these starts from its sums of the units before the moved one.
At one node of two units, the memo, samples leave again whose outputs were seen before: they have
the logit of the first sample with those outputs. The new ones wait there until a tile is full.
"""

from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._layer import NARROW, add_up, bend, extend, narrow, strand, wide
from approxgan.objective.sweep._vector import (
    LANES,
    ahead,
    differ,
    load_lanes,
    opaque,
    pointers,
    prefetch,
    store,
)

Pointer = Any
TILE = 64
"""Samples that are skipped, or go through the layers, together: a block is at most one tile."""
ROOM = 2 * TILE + LANES
"""Length of rows of waiting samples: fewer than a tile wait when a block arrives."""
MIX = -7046029254386353131
"""2**64 divided by the golden ratio, which spreads the highest bits of a product evenly."""


class Chain(NamedTuple):
    """One seed's network. Node 0 is the input, node m the output of layer m, counted from 1."""

    width: Pointer
    """[L + 1]: units of a node; likewise the following ones, of the layer before the node."""
    flat: Pointer
    """Where its parameters start in their player's."""
    weight: Pointer
    """Where its weights and then its biases lie in ``weights``."""
    base: Pointer
    """Where the node's outputs lie in ``outputs``."""
    kind: Pointer
    """Of its activation: ``KINDS``."""
    slope: Pointer
    """Of a piecewise-linear activation below 0; 1 for none."""
    last: int
    """L"""
    memo: int
    """A node of two units in float32, or 0 for none."""
    samples: int
    """A multiple of ``block``."""
    block: int
    """A multiple of 32, so that torch computes all logits alike."""
    row: int
    """Length of rows of samples: of an odd number of cache lines, so that they share no set."""
    widest: int


class Room(NamedTuple):
    """What is known so far, and work space."""

    weights: Pointer
    """At θ, input by input."""
    outputs: Pointer
    """[N, row] of every node, at θ."""
    rows: Pointer
    """[widest, widest + 8]: a unit's weights, in each column another one moved."""
    biases: Pointer
    """[widest + 8]"""
    units: Pointer
    """[widest + 8, row]: the unit's outputs."""
    kept: Pointer
    """[row]: the unit's outputs at θ."""
    sums: Pointer
    """[widest, row]: the layer behind, from the units before the moved one; [NARROW, 8, row] of a
    narrow layer: its strands."""
    tiles: Pointer
    """[2, widest, ROOM]"""
    queue: Pointer
    """[2, ROOM]: the memo's outputs that wait."""
    waiting: Pointer
    """[1 + ROOM]: how many wait; where their logits belong."""
    seen: Pointer
    """[slots, 2]: bits of the memo's outputs, and the place of the first logit from them."""
    keys: Pointer
    """[2, TILE]: bits of a block's outputs, and where ``seen`` may have them."""
    slots: int
    """A power of two; a later sample's outputs overwrite an earlier one's."""
    source: Pointer
    """Of every logit: its own place, or that of the first from the same outputs."""
    logits: Pointer


@inlined
def _weights(net, room, m):
    """Of layer m, and its biases."""
    w = ahead(room.weights, net.weight[m])
    return w, ahead(w, net.width[m - 1] * net.width[m])


@inner
def _layer(net, m, w, b, count, x, x_row, y, y_row, samples):
    """``count`` units of layer m with these weights and biases."""
    length, slope = net.width[m - 1], net.slope[m]
    if net.width[m] <= NARROW:
        narrow(w, b, length, count, slope, x, x_row, y, y_row, samples)
    else:
        wide(None, 0, w, b, length, count, slope, x, x_row, y, y_row, samples)
    bend(net.kind[m], y, y_row, count, samples)


@inlined
def _tile(net, room, m):
    return ahead(room.tiles, m % 2 * net.widest * ROOM)


@inner
def _go_on(net, room, m, end, x, samples):
    """Take samples from node m to node ``end``."""
    for q in range(m + 1, end + 1):
        w, b = _weights(net, room, q)
        y = _tile(net, room, q)
        _layer(net, q, w, b, net.width[q], x, ROOM, y, ROOM, samples)
        x = y
    return x


@inlined
def _bits(number):
    return np.int64(np.float32(number).view(np.uint32))


@inner
def _remember(net, room, y, y_row, place):
    """Those samples of a block y [2, block] wait whose outputs are new.

    Their logits belong at ``place`` onwards.

    All are written down, and the next overwrites one that need not wait: branches would be guesses.
    """
    for t in range(net.block):
        key = _bits(y[t]) << 32 | _bits(y[y_row + t])
        room.keys[t], room.keys[TILE + t] = key, ((key * MIX) >> 40 & (room.slots - 1)) * 2
        prefetch(room.seen, room.keys[TILE + t])
    at = room.waiting[0]
    for t in range(net.block):
        key, slot = room.keys[t], ahead(room.seen, room.keys[TILE + t])
        known = opaque(slot[0] == key)
        first = place + t + known * (slot[1] - place - t)
        slot[0], slot[1] = key, first
        room.source[place + t] = first
        room.queue[at], room.queue[ROOM + at] = y[t], y[y_row + t]
        room.waiting[1 + at] = place + t
        at += 1 - known
    room.waiting[0] = at


@inner
def _empty(net, room):
    """A tile of samples from the memo gets its logits."""
    count = min(room.waiting[0], TILE)
    begin = room.waiting[0] - count
    room.waiting[0] = begin
    whole = (count + LANES - 1) // LANES * LANES
    y = _go_on(net, room, net.memo, net.last, ahead(room.queue, begin), whole)
    for t in range(count):
        room.logits[room.waiting[1 + begin + t]] = y[t]


@inner
def _pass_on(net, room, m, unit, first, place):
    """A block of samples through layer m + 1, where a unit's outputs in ``outputs`` are moved."""
    q, row, block, length, count = m + 1, net.row, net.block, net.width[m], net.width[m + 1]
    w, b = _weights(net, room, q)
    x, y = ahead(room.outputs, net.base[m] + first), _tile(net, room, q)
    slope, sums = net.slope[q], ahead(room.sums, first)
    if count <= NARROW:
        for k in range(count):
            strands, own, to = ahead(sums, 8 * k * row), ahead(w, k), ahead(y, k * ROOM)
            strand(ahead(strands, unit % 8 * row), own, length, count, unit % 8, x, row, block)
            add_up(strands, row, own, b[k], length, count, slope, x, row, to, block)
    else:
        x, rest, w = ahead(x, unit * row), length - unit, ahead(w, unit * count)
        wide(sums, row, w, b, rest, count, slope, x, row, y, ROOM, block)
    bend(net.kind[q], y, ROOM, count, block)
    if q <= net.memo:
        _remember(net, room, _go_on(net, room, q, net.memo, y, block), ROOM, place)
        if room.waiting[0] >= TILE:
            _empty(net, room)
    else:
        y = _go_on(net, room, q, net.last, y, block)
        for t in range(0, block, LANES):
            store(room.logits, place + t, load_lanes(y, t))


@inner
def _move_unit(net, room, moved, m, unit, at):
    """Logits where one of the unit's parameters is moved, in rows ``at`` onwards."""
    length, count, row = net.width[m - 1], net.width[m], net.row
    w, b = _weights(net, room, m)
    columns = max(length + 1, 8)
    for i in range(length):
        for c in range(columns):
            room.rows[i * columns + c] = w[i * count + unit]
        room.rows[i * columns + i] = moved[net.flat[m] + unit * length + i]
    for c in range(columns):
        room.biases[c] = b[unit]
    room.biases[length] = moved[net.flat[m] + count * length + unit]
    x = ahead(room.outputs, net.base[m - 1])
    own = ahead(room.outputs, net.base[m] + unit * row)
    _layer(net, m, room.rows, room.biases, columns, x, row, room.units, row, net.samples)
    for t in range(0, net.samples, LANES):
        store(room.kept, t, load_lanes(own, t))
    for c in range(length + 1):
        units, place = ahead(room.units, c * row), (at + c) * net.samples
        for first in range(0, net.samples, net.block):
            differs = 0
            for t in range(first, first + net.block, LANES):
                new = load_lanes(units, t)
                differs |= differ(new, load_lanes(room.kept, t))
                store(own, t, new)
                if m == net.last:
                    store(room.logits, place + t, new)
            if differs and m < net.last:
                _pass_on(net, room, m, unit, first, place + first)
    for t in range(0, net.samples, LANES):
        store(own, t, load_lanes(room.kept, t))


@inner
def _sum_before(net, room, m, unit):
    """Bring ``sums`` to where layer m + 1 meets the unit: a wide layer adds the unit before it."""
    length, row, count = net.width[m], net.row, net.width[m + 1]
    w, x = _weights(net, room, m + 1)[0], ahead(room.outputs, net.base[m])
    if count <= NARROW:
        for k in range(8 * count):
            to = ahead(room.sums, k * row)
            strand(to, ahead(w, k // 8), length, count, k % 8, x, row, net.samples)
    elif unit == 0:
        for i in range(count * row):
            room.sums[i] = 0.0
    else:
        before = ahead(x, (unit - 1) * row)
        extend(room.sums, row, ahead(w, (unit - 1) * count), count, before, net.samples)


@inner
def forward_units(plan, space, owned, theta, moved, frozen, first, last):
    """Logits at θ, and with each parameter of the units first to last moved: [1 + K, samples].

    Units are counted layer by layer; a unit's coordinates are its weights and then its bias.
    theta, moved [P], frozen [Q]. The input's outputs are there; all else in ``space`` is 0.
    """
    net, room = pointers(plan), pointers(space)
    rows = len(space.logits)
    for m in range(1, net.last + 1):
        _pass_at_theta(net, room, theta if m <= owned else frozen, m)
    logits = ahead(room.outputs, net.base[net.last])
    for c in range(rows):
        for n in range(net.samples):
            room.logits[c * net.samples + n] = logits[n]
            if net.memo > 0:
                room.source[c * net.samples + n] = c * net.samples + n
    if net.memo > 0:
        room.seen[0] = 1  # free slots hold outputs that belong to another: 0, and here 1
        for n in range(0, net.samples, net.block):
            at_theta = ahead(room.outputs, net.base[net.memo] + n)
            _remember(net, room, at_theta, net.row, n)
            room.waiting[0] = 0  # their logits are known
    unit, at = 0, 1
    for m in range(1, owned + 1):
        for k in range(net.width[m]):
            if m < net.last:
                _sum_before(net, room, m, k)
            if first <= unit < last:
                _move_unit(net, room, moved, m, k, at)
                at += net.width[m - 1] + 1
            unit += 1
    while room.waiting[0] > 0:
        _empty(net, room)
    if net.memo > 0:
        for i in range(rows * net.samples):
            room.logits[i] = room.logits[room.source[i]]


@inner
def _pass_at_theta(net, room, parameters, m):
    """Lay out layer m's parameters, and fill its outputs."""
    before, count = net.width[m - 1], net.width[m]
    w, b = _weights(net, room, m)
    flat = parameters[net.flat[m] :]
    for k in range(count):
        for i in range(before):
            w[i * count + k] = flat[k * before + i]
        b[k] = flat[count * before + k]
    x, y = ahead(room.outputs, net.base[m - 1]), ahead(room.outputs, net.base[m])
    _layer(net, m, w, b, count, x, net.row, y, net.row, net.samples)
