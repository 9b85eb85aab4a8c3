"""Forward passes with one parameter moved, in the arithmetic of the parameters' own type.

A moved parameter changes one unit. That unit is computed anew; a block of samples that comes out
bitwise the same keeps its logits at θ. Another goes on through the layers behind, samples side by
side in vector lanes; the first of these starts from its sums of the units before the moved one.
At one node of two units, the memo, samples leave again whose outputs were seen before: they have
the logit of the first sample with those outputs. The new ones wait there until a tile is full.
"""

from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import entry, inlined, inner
from approxgan.objective.sweep._layer import (
    NARROW,
    ROW,
    TILE,
    add_up,
    bend,
    load,
    narrow,
    strand,
    strands,
    wide,
)
from approxgan.objective.sweep._plan import flat, lay_out
from approxgan.objective.sweep._sample import product
from approxgan.objective.sweep._vector import LANES, ahead, differ, fetch, opaque, pointers, store

Pointer = Any
MIX = -7046029254386353131
"""2**64 divided by the golden ratio, which spreads the highest bits of a product evenly."""
SLOTS = 2**15
"""Outputs that the memo holds."""


class Room(NamedTuple):
    """What is known so far, and work space."""

    weights: Pointer
    """At θ, input by input: ``transposed`` of the plan."""
    outputs: Pointer
    """[nodes, ROW] at θ; likewise the following ones, of a block of samples."""
    rows: Pointer
    """[widest, widest + 8]: a unit's weights and bias, in each column but the first one moved."""
    units: Pointer
    """[widest + 8, ROW]: the unit's outputs, in the first row at θ."""
    sums: Pointer
    """[widest, ROW]: the layer behind, from the units before the moved one; [NARROW, 8, ROW] of a
    narrow layer: its strands."""
    tiles: Pointer
    """[2, widest, ROW]"""
    queue: Pointer
    """[2, ROW]: the memo's outputs that wait: fewer than a tile when a block arrives."""
    waiting: Pointer
    """[1 + ROW]: how many wait; where their logits belong."""
    seen: Pointer
    """[SLOTS, 2]: bits of the memo's outputs, and the place of the first logit from them; a later
    sample's outputs overwrite an earlier one's."""
    source: Pointer
    """Of every logit: its own place at first, later that of the first from the same outputs."""
    logits: Pointer
    coordinate: Pointer
    """Of every row of logits but the first: the place of what is moved in the flat parameters."""


@inner
def _layer(net, m, w, span, count, x, y, samples):
    """``count`` units of layer m with these weights."""
    length, slope = net.width[m - 1], net.slope[m]
    if net.width[m] <= NARROW:
        narrow(w, span, length, count, slope, x, y, samples)
    else:
        wide(None, w, span, length, count, slope, x, y, samples)
    bend(net.kind[m], y, count, samples)


@inlined
def _weights(net, room, m):
    return ahead(room.weights, net.row[m])


@inlined
def _outputs(net, room, m):
    return ahead(room.outputs, net.node[m] * ROW)


@inlined
def _tile(net, room, m):
    return ahead(room.tiles, m % 2 * net.widest * ROW)


@inner
def _go_on(net, room, m, end, x, samples):
    """Take samples from node m to node ``end``."""
    for q in range(m + 1, end + 1):
        y = _tile(net, room, q)
        _layer(net, q, _weights(net, room, q), net.span[q], net.width[q], x, y, samples)
        x = y
    return x


@inlined
def _bits(number):
    return np.int64(np.float32(number).view(np.uint32))


@inlined
def _slot(y, t):
    """Bits of a sample's outputs, and where ``seen`` may have them."""
    key = _bits(y[t]) << 32 | _bits(y[ROW + t])
    return key, ((key * MIX) >> 40 & (SLOTS - 1)) * 2


@inner
def _remember(net, room, y, place):
    """Those samples of a block y [2, block] wait whose outputs are new.

    Their logits belong at ``place`` onwards.

    All are written down, and the next overwrites one that need not wait: branches would be guesses.
    """
    for t in range(net.samples):
        fetch(room.seen, _slot(y, t)[1])
    at = room.waiting[0]
    for t in range(net.samples):
        key, at_slot = _slot(y, t)
        slot = ahead(room.seen, at_slot)
        known = opaque(slot[0] == key)
        first = place + t + known * (slot[1] - place - t)
        slot[0], slot[1] = key, first
        room.source[place + t] = first
        room.queue[at], room.queue[ROW + at] = y[t], y[ROW + t]
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
def _pass_on(net, room, m, unit, place):
    """A block of samples through layer m + 1, where a unit's outputs in ``outputs`` are moved."""
    q, length, block = m + 1, net.width[m], net.samples
    count, span, slope = net.width[q], net.span[q], net.slope[q]
    w, x, y = _weights(net, room, q), _outputs(net, room, m), _tile(net, room, q)
    if count <= NARROW:
        for k in range(count):
            own, all_strands = ahead(w, k), ahead(room.sums, 8 * k * ROW)
            strand(ahead(all_strands, unit % 8 * ROW), own, span, length, unit % 8, x, block)
            for t in range(0, block, LANES):
                s = ahead(all_strands, t)
                store(y, k * ROW + t, add_up(s, ROW, own, span, length, slope, ahead(x, t)))
    else:
        x, rest, w = ahead(x, unit * ROW), length - unit, ahead(w, unit * span)
        wide(room.sums, w, span, rest, count, slope, x, y, block)
    bend(net.kind[q], y, count, block)
    if q <= net.memo:
        _remember(net, room, _go_on(net, room, q, net.memo, y, block), place)
        if room.waiting[0] >= TILE:
            _empty(net, room)
    else:
        y = _go_on(net, room, q, net.last, y, block)
        for t in range(0, block, LANES):
            store(room.logits, place + t, load(y, t))


@inner
def _move_unit(net, room, moved, m, unit, begin, samples, row):
    """A block's logits where one of the unit's parameters is moved, in rows after ``row``."""
    length, columns = net.width[m - 1], net.span[m - 1] + 8
    w, own = ahead(_weights(net, room, m), unit), ahead(_outputs(net, room, m), unit * ROW)
    for i in range(length + 1):
        for c in range(columns):
            room.rows[i * columns + c] = w[i * net.span[m]]
        at = flat(net, m, unit, i)
        room.rows[i * columns + i + 1], room.coordinate[row + i] = moved[at], at
    x = _outputs(net, room, m - 1)
    _layer(net, m, room.rows, columns, length + 2, x, room.units, net.samples)
    for i in range(length + 1):
        differs, place = 0, (1 + row + i) * samples + begin
        for t in range(0, net.samples, LANES):
            new = load(room.units, (i + 1) * ROW + t)
            differs |= differ(new, load(room.units, t))
            store(own, t, new)
            if m == net.last:
                store(room.logits, place + t, new)
        if differs and m < net.last:
            _pass_on(net, room, m, unit, place)
    for t in range(0, net.samples, LANES):
        store(own, t, load(room.units, t))


@inner
def _sum_before(net, room, m, unit):
    """Bring ``sums`` to where layer m + 1 meets the unit: a wide layer adds the unit before it."""
    length, span, count = net.width[m], net.span[m + 1], net.width[m + 1]
    w, x = _weights(net, room, m + 1), _outputs(net, room, m)
    if count <= NARROW:
        for k in range(count):
            for t in range(0, net.samples, LANES):
                to = ahead(room.sums, 8 * k * ROW + t)
                strands(to, ROW, ahead(w, k), span, length, ahead(x, t))
    elif unit == 0:
        for i in range(net.widest * ROW):
            room.sums[i] = 0.0
    else:
        w, x, rows = ahead(w, (unit - 1) * span), ahead(x, (unit - 1) * ROW), (count + 3) // 4 * 4
        product(w, 1, span, rows, x, ROW, 1, room.sums, ROW, net.samples)


@entry
def forward_units(plan, space, inputs, theta, moved, frozen, first, last):
    """Logits at θ, and with each parameter of the units first to last moved: [1 + K, samples].

    Units are counted layer by layer; a unit's coordinates are its weights and then its bias.
    inputs [columns, samples], θ and moved [P], frozen [Q]. Of ``space``, ``source`` is there; all
    else is 0.
    """
    net, room = pointers(plan), pointers(space)
    rows, samples = space.logits.shape
    for m in range(1, net.last + 1):
        lay_out(net, theta, frozen, m, room.weights)
    room.seen[0] = 1  # free slots hold outputs that belong to another: 0, and here 1
    for begin in range(0, samples, net.samples):
        for i in range(len(inputs)):
            for t in range(net.samples):
                room.outputs[i * ROW + t] = inputs[i, begin + t]
        _pass_at_theta(net, room, begin, samples, rows)
        unit = row = 0
        for m in range(1, net.owned + 1):
            for k in range(net.width[m]):
                if m < net.last:
                    _sum_before(net, room, m, k)
                if first <= unit < last:
                    _move_unit(net, room, moved, m, k, begin, samples, row)
                    row += net.width[m - 1] + 1
                unit += 1
    while room.waiting[0] > 0:
        _empty(net, room)
    if net.memo > 0:
        for i in range(rows * samples):
            room.logits[i] = room.logits[room.source[i]]


@inner
def _pass_at_theta(net, room, begin, samples, rows):
    """Fill a block's outputs, and its logits in all rows."""
    for m in range(1, net.last + 1):
        x, w, y = _outputs(net, room, m - 1), _weights(net, room, m), _outputs(net, room, m)
        _layer(net, m, w, net.span[m], net.width[m], x, y, net.samples)
    for row in range(rows):
        for t in range(0, net.samples, LANES):
            store(room.logits, row * samples + begin + t, load(y, t))
    if net.memo > 0:
        waiting = room.waiting[0]
        _remember(net, room, _outputs(net, room, net.memo), begin)
        room.waiting[0] = waiting  # their logits are known
