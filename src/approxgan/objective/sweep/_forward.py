"""Forward passes with one parameter moved, in the arithmetic of the parameters' own type.

A moved parameter changes one unit. That unit is computed anew for all samples; where it comes
out bitwise the same, so does all behind it, and the base logit stands. The other samples wait in
a queue until a tile of them is full, which then goes through the layers behind, samples side by
side in vector lanes. At a narrow layer the samples that come out unchanged leave again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._layer import NARROW, layer
from approxgan.objective.sweep._vector import ahead, differ, load, pointer, store

Pointer = Any
TILE = 64
"""Samples that go through the layers together."""
ROOM = 2 * TILE + 16
"""Places of a queue: less than a tile waits when a tile arrives."""
N, W, B, BASE, QUEUE, KIND = range(6)
"""Columns of ``Chain.table``, one row per node: its width; weights and biases in their player's
flat parameters; places in ``base`` and in ``queue``; ``KINDS`` of its activation."""
COLUMNS = 6


class Chain(NamedTuple):
    """One seed's network. Node 0 is the input, node m the output of layer m, counted from 1."""

    table: Pointer
    slopes: Pointer
    """[L + 1]: of piecewise-linear activations below 0; 1 for none."""
    last: int
    owned: int
    theta: Pointer
    moved: Pointer
    """θ + step, [P]"""
    frozen: Pointer
    samples: int
    """Up to a multiple of 32."""
    row: int
    """Length of rows in ``base``: of an odd number of cache lines, so that they share no set."""


class Room(NamedTuple):
    base: Pointer
    """[N, row] of every node: outputs at θ."""
    queue: Pointer
    """[N, ROOM] of every node: outputs that differ from those at θ."""
    tiles: Pointer
    """[2, widest, ROOM]"""
    rows: Pointer
    """[widest + 1, widest]: a unit's weights, in each row another one moved."""
    biases: Pointer
    """[widest + 1]"""
    units: Pointer
    """[widest + 1, row]: the unit's outputs."""
    kept: Pointer
    """[row]: the unit's outputs at θ."""
    place: Pointer
    """[L + 1, ROOM]: where a waiting sample's logit belongs."""
    sample: Pointer
    """[L + 1, ROOM]"""
    fill: Pointer
    """[L + 1]: how many wait."""
    widest: int


@inlined
def of(net, m, column):
    """An entry of the table."""
    return net.table[m * COLUMNS + column]


@inlined
def _is_stop(net, m):
    """Whether samples wait at node m on their way, or end there."""
    return m == net.last or of(net, m, N) <= NARROW


@inlined
def _layer(net, m, rows, biases, count, x, x_row, y, y_row, samples):
    """``count`` units of layer m with these weights and biases, for samples in x."""
    kind, narrow, before = of(net, m, KIND), of(net, m, N) <= NARROW, of(net, m - 1, N)
    layer(rows, biases, before, count, narrow, kind, net.slopes[m], x, x_row, y, y_row, samples)


@inner
def _forth(net, m, x, x_row, y, y_row, samples):
    """All units of layer m."""
    own = net.theta if m <= net.owned else net.frozen
    w, b = ahead(own, of(net, m, W)), ahead(own, of(net, m, B))
    _layer(net, m, w, b, of(net, m, N), x, x_row, y, y_row, samples)


@inner
def _run(net, room, q, out):
    """Take up to a tile of node q's waiting samples to the next stop, and return that."""
    count = min(room.fill[q], TILE)
    begin = room.fill[q] - count
    room.fill[q] = begin
    x, y, m = ahead(room.queue, of(net, q, QUEUE) + begin), room.tiles, q
    while m == q or not _is_stop(net, m):
        m += 1
        y = ahead(room.tiles, m % 2 * room.widest * ROOM)
        _forth(net, m, x, ROOM, y, ROOM, (count + 15) // 16 * 16)
        x = y
    _arrive(net, room, m, y, count, q * ROOM + begin, out)
    return m


@inner
def _arrive(net, room, m, y, count, first, out):
    """At the stop m the samples of y [N, ROOM], which are written down from ``first`` on.

    There those wait whose outputs are not the ones at θ. All are written down, and the next
    overwrites one that need not wait: branches would be guesses.
    """
    if m == net.last:
        for t in range(count):
            out[room.place[first + t]] = y[t]
        return
    at, width = room.fill[m], of(net, m, N)
    base, queue = ahead(room.base, of(net, m, BASE)), ahead(room.queue, of(net, m, QUEUE))
    places, samples = ahead(room.place, m * ROOM), ahead(room.sample, m * ROOM)
    for t in range(count):
        sample, differs = room.sample[first + t], False
        places[at], samples[at] = room.place[first + t], sample
        for k in range(width):
            queue[k * ROOM + at] = y[k * ROOM + t]
            differs |= y[k * ROOM + t] != base[k * net.row + sample]
        at += differs
    room.fill[m] = at


@inner
def _advance(net, room, m, out):
    """Let full tiles go on from node m."""
    while m < net.last and room.fill[m] >= TILE:
        m = _run(net, room, m, out)


@inner
def _move_unit(net, room, m, unit, at, out):
    """Logits where one of the unit's parameters is moved, into rows ``at`` onwards of out."""
    length, long, samples = of(net, m - 1, N), net.row, net.samples
    start, bias = of(net, m, W) + unit * length, of(net, m, B) + unit
    for c in range(length + 1):
        row = ahead(room.rows, c * length)
        for i in range(length):
            row[i] = net.theta[start + i]
        if c < length:
            row[c] = net.moved[start + c]
        room.biases[c] = net.theta[bias] if c < length else net.moved[bias]
    x, base = ahead(room.base, of(net, m - 1, BASE)), ahead(room.base, of(net, m, BASE))
    _layer(net, m, room.rows, room.biases, length + 1, x, long, room.units, long, samples)
    own = ahead(base, unit * long)
    for first in range(0, samples, 8):
        store(room.kept, first, load(own, first))
    for c in range(length + 1):
        units, row = ahead(room.units, c * long), (at + c) * samples
        if m == net.last:
            for first in range(0, samples, 8):
                store(out, row + first, load(units, first))
        elif _is_stop(net, m + 1):
            for first in range(0, samples, 8):
                store(own, first, load(units, first))
            _pass_on(net, room, m, own, row, out)
        else:
            for first in range(0, samples, 8):
                moved = load(units, first)
                if differ(moved, load(own, first)):
                    _enter(net, room, m, unit, moved, first, row + first)
                    _advance(net, room, m, out)
    for first in range(0, samples, 8):
        store(own, first, load(room.kept, first))


@inner
def _pass_on(net, room, m, own, row, out):
    """To the stop right behind node m, whose outputs in ``base`` are those with a unit moved."""
    base = ahead(room.base, of(net, m, BASE))
    for first in range(0, net.samples, TILE):
        count, differs = min(TILE, net.samples - first), False
        for t in range(first, first + count, 8):
            differs |= differ(load(own, t), load(room.kept, t))
        if differs:
            _forth(net, m + 1, ahead(base, first), net.row, room.tiles, ROOM, count)
            for t in range(count):  # node 0 has places, and nothing waits there
                room.place[t], room.sample[t] = row + first + t, first + t
            _arrive(net, room, m + 1, room.tiles, count, 0, out)
            _advance(net, room, m + 1, out)


@inlined
def _enter(net, room, m, unit, moved, first, place):
    """Let eight samples wait at node m, where one unit's outputs are replaced."""
    at = room.fill[m]
    queue = ahead(room.queue, of(net, m, QUEUE) + at)
    base = ahead(room.base, of(net, m, BASE) + first)
    for k in range(of(net, m, N)):
        store(queue, k * ROOM, load(base, k * net.row))
    store(queue, unit * ROOM, moved)
    places, samples = ahead(room.place, m * ROOM + at), ahead(room.sample, m * ROOM + at)
    for t in range(8):
        places[t], samples[t] = place + t, first + t
    room.fill[m] = at + 8


@inner
def forward_units(
    table, slopes, extents, theta, moved, frozen, inputs, floats, ints, first, last, out
):
    """Logits at θ, and with each parameter of the units first to last moved: out [1 + K, samples].

    Units are counted layer by layer; a unit's coordinates are its weights and then its bias.
    theta, moved [P], frozen [Q], inputs [in, row]; ``floats`` and ``ints`` are work space.
    """
    owned, samples, row, widest, base, queue = extents
    nodes = len(table)
    net = Chain(
        pointer(table), pointer(slopes), nodes - 1, owned, pointer(theta), pointer(moved),
        pointer(frozen), samples, row,
    )  # fmt: skip
    start = pointer(floats)
    tiles = ahead(start, base + queue)
    weights = ahead(tiles, 2 * widest * ROOM)
    biases = ahead(weights, (widest + 1) * widest)
    room = Room(
        start, ahead(start, base), tiles, weights, biases, ahead(biases, widest + 1),
        ahead(biases, (widest + 1) * (1 + row)),
        pointer(ints), ahead(pointer(ints), nodes * ROOM), ahead(pointer(ints), 2 * nodes * ROOM),
        widest,
    )  # fmt: skip
    to = pointer(out)
    _at_theta(net, room, pointer(inputs))
    logits = ahead(room.base, of(net, net.last, BASE))
    for c in range(len(out)):
        for n in range(samples):
            to[c * samples + n] = logits[n]
    unit, at = 0, 1
    for m in range(1, owned + 1):
        for k in range(of(net, m, N)):
            if first <= unit < last:
                _move_unit(net, room, m, k, at, to)
                at += of(net, m - 1, N) + 1
            unit += 1
    for q in range(1, net.last):
        while room.fill[q] > 0:
            _advance(net, room, _run(net, room, q, to), to)


@inner
def _at_theta(net, room, inputs):
    """Fill base, and empty the queues."""
    for i in range(of(net, 0, N) * net.row):
        room.base[i] = inputs[i]
    room.fill[0] = 0
    for m in range(1, net.last + 1):
        x, y = ahead(room.base, of(net, m - 1, BASE)), ahead(room.base, of(net, m, BASE))
        _forth(net, m, x, net.row, y, net.row, net.samples)
        room.fill[m] = 0
