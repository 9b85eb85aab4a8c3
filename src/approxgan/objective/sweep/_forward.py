"""Forward passes with one parameter moved, in the arithmetic of the parameters' own type.

A moved parameter changes one unit. That unit is computed anew; 32 samples that come out bitwise
the same keep their logits at θ. The layer behind goes on from its sums of the units before the
moved one. Then the samples wait in a queue until a tile of them is full, which goes through the
other layers, samples side by side in vector lanes. At one narrow node, the memo, the samples whose
outputs were seen before leave again: they have the logit of the first sample with those outputs.
"""

from typing import Any, NamedTuple

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._layer import NARROW, add_up, bend, extend, layer, strand, wide
from approxgan.objective.sweep._vector import ahead, bits, cast, differ, load, pointer, store

Pointer = Any
TILE = 64
"""Samples that go through the layers together."""
ROOM = 2 * TILE + 32
"""Places of a queue: less than a tile waits when a tile arrives."""
SEEN = 2**13
"""Outputs that the memo holds; a later one overwrites an earlier one."""
MIX = -7046029254386353131
"""2**64 divided by the golden ratio, which spreads the highest bits of a product evenly."""
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
    memo: int
    """A node of two units in float32, or 0 for none."""


class Room(NamedTuple):
    base: Pointer
    """[N, row] of every node: outputs at θ."""
    queue: Pointer
    """[N, ROOM] of every node: outputs that wait."""
    tiles: Pointer
    """[2, widest, ROOM]"""
    sums: Pointer
    """[widest, row]: the layer behind, from the units before the moved one; [NARROW, 8, row] of a
    narrow layer: its strands."""
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
    fill: Pointer
    """[L + 1]: how many wait; at 0, where no sample waits, the length of ``again``."""
    seen: Pointer
    """[SEEN, 2]: bits of the memo's outputs, and the place of the first sample with them."""
    again: Pointer
    """[1 + samples of all passes, 2]: a sample's place, and the place that has its logit."""
    widest: int


@inlined
def of(net, m, column):
    """An entry of the table."""
    return net.table[m * COLUMNS + column]


@inlined
def _weights(net, m):
    """Of layer m at θ, with its biases."""
    own = net.theta if m <= net.owned else net.frozen
    return ahead(own, of(net, m, W)), ahead(own, of(net, m, B))


@inner
def _layer(net, m, rows, biases, count, x, x_row, y, y_row, samples):
    """``count`` units of layer m with these weights and biases, for samples in x."""
    kind, narrow, before = of(net, m, KIND), of(net, m, N) <= NARROW, of(net, m - 1, N)
    layer(rows, biases, before, count, narrow, kind, net.slopes[m], x, x_row, y, y_row, samples)


@inner
def _run(net, room, q, out):
    """Take up to a tile of node q's waiting samples to the memo or to the end: return which."""
    count = min(room.fill[q], TILE)
    begin = room.fill[q] - count
    room.fill[q] = begin
    x, y, m = ahead(room.queue, of(net, q, QUEUE) + begin), room.tiles, q
    while m == q or (m != net.memo and m != net.last):
        m += 1
        y = ahead(room.tiles, m % 2 * room.widest * ROOM)
        w, b = _weights(net, m)
        _layer(net, m, w, b, of(net, m, N), x, ROOM, y, ROOM, (count + 15) // 16 * 16)
        x = y
    places = ahead(room.place, q * ROOM + begin)
    if m == net.last:
        for t in range(count):
            out[places[t]] = y[t]
    else:
        _remember(net, room, y, ROOM, count, places)
    return m


@inner
def _advance(net, room, m, out):
    """Let full tiles go on from node m."""
    while m < net.last and room.fill[m] >= TILE:
        m = _run(net, room, m, out)


@inner
def _remember(net, room, y, y_row, count, places):
    """At the memo those samples of y [2, count] wait whose outputs are new.

    All are written down, and the next overwrites one that need not wait: branches would be guesses.
    """
    m = net.memo
    at, repeats = room.fill[m], room.fill[0]
    queue, waiting = ahead(room.queue, of(net, m, QUEUE)), ahead(room.place, m * ROOM)
    for t in range(count):
        one, two, place = y[t], y[y_row + t], places[t]
        key = bits(one) << 32 | bits(two)
        slot = ahead(room.seen, ((key * MIX) >> 51 & (SEEN - 1)) * 2)
        known = slot[0] == key
        first = place + known * (slot[1] - place)
        slot[0], slot[1] = key, first
        queue[at], queue[ROOM + at], waiting[at] = one, two, place
        room.again[2 * repeats], room.again[2 * repeats + 1] = place, first
        at += not known
        repeats += known
    room.fill[m], room.fill[0] = at, repeats


@inner
def _pass_on(net, room, m, unit, first, place, out):
    """Thirty-two samples through layer m + 1, where a unit's outputs in ``base`` are moved ones."""
    q, length, count, row, slope = (
        m + 1,
        of(net, m, N),
        of(net, m + 1, N),
        net.row,
        net.slopes[m + 1],
    )
    x, (w, b), at = ahead(room.base, of(net, m, BASE) + first), _weights(net, q), room.fill[q]
    y, sums = ahead(room.queue, of(net, q, QUEUE) + at), ahead(room.sums, first)
    if q == net.last:
        y = ahead(out, place)
    elif q == net.memo:
        y = room.tiles
    if count <= NARROW:
        for k in range(count):
            strands, weights = ahead(sums, 8 * k * row), ahead(w, k * length)
            own = ahead(strands, unit % 8 * row)
            strand(own, weights, length, unit % 8, x, row, 32)
            add_up(strands, row, weights, b[k], length, slope, x, row, ahead(y, k * ROOM), 32)
    else:
        rest, x = length - unit, ahead(x, unit * row)
        wide(sums, row, ahead(w, unit), length, b, rest, count, slope, x, row, y, ROOM, 32)
    bend(of(net, q, KIND), y, ROOM, count, 32)
    if q == net.last:
        return
    places = room.place if q == net.memo else ahead(room.place, q * ROOM + at)
    for t in range(32):
        places[t] = place + t
    if q == net.memo:
        _remember(net, room, y, ROOM, 32, places)
    else:
        room.fill[q] = at + 32
    _advance(net, room, q, out)


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
    x = ahead(room.base, of(net, m - 1, BASE))
    own = ahead(room.base, of(net, m, BASE) + unit * long)
    _layer(net, m, room.rows, room.biases, length + 1, x, long, room.units, long, samples)
    for first in range(0, samples, 8):
        store(room.kept, first, load(own, first))
    for c in range(length + 1):
        units, row = ahead(room.units, c * long), (at + c) * samples
        for first in range(0, samples, 32):
            differs = False
            for t in range(first, first + 32, 8):
                moved = load(units, t)
                differs |= differ(moved, load(room.kept, t))
                store(own, t, moved)
                if m == net.last:
                    store(out, row + t, moved)
            if differs and m < net.last:
                _pass_on(net, room, m, unit, first, row + first, out)
    for first in range(0, samples, 8):
        store(own, first, load(room.kept, first))


@inner
def _sum_before(net, room, m, unit):
    """Bring ``sums`` to where layer m + 1 meets the unit: a wide layer adds the unit before it."""
    length, row, count = of(net, m, N), net.row, of(net, m + 1, N)
    w, x = _weights(net, m + 1)[0], ahead(room.base, of(net, m, BASE))
    if count <= NARROW:
        for k in range(8 * count):
            own = ahead(w, k // 8 * length)
            strand(ahead(room.sums, k * row), own, length, k % 8, x, row, net.samples)
    elif unit == 0:
        for i in range(count * row):
            room.sums[i] = cast(0.0, x)
    else:
        before = ahead(x, (unit - 1) * row)
        extend(room.sums, row, ahead(w, unit - 1), length, count, before, net.samples)


@inner
def forward_units(
    table, slopes, extents, theta, moved, frozen, inputs, floats, ints, first, last, out, again
):
    """Logits at θ, and with each parameter of the units first to last moved: out [1 + K, samples].

    Units are counted layer by layer; a unit's coordinates are its weights and then its bias.
    theta, moved [P], frozen [Q], inputs [in, row]; ``floats``, ``ints`` (zeros) and ``again`` are
    work space.
    """
    owned, samples, row, widest, memo, base, queue = extents
    nodes = len(table)
    net = Chain(
        pointer(table), pointer(slopes), nodes - 1, owned, pointer(theta), pointer(moved),
        pointer(frozen), samples, row, memo,
    )  # fmt: skip
    start, place = pointer(floats), pointer(ints)
    tiles = ahead(start, base + queue)
    sums = ahead(tiles, 2 * widest * ROOM)
    weights = ahead(sums, max(widest, 8 * NARROW) * row)
    biases = ahead(weights, (widest + 1) * widest)
    room = Room(
        start, ahead(start, base), tiles, sums, weights, biases,
        ahead(biases, widest + 1), ahead(biases, (widest + 1) * (1 + row)),
        place, ahead(place, nodes * ROOM), ahead(place, nodes * (ROOM + 1)), pointer(again), widest,
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
            if m < net.last:
                _sum_before(net, room, m, k)
            if first <= unit < last:
                _move_unit(net, room, m, k, at, to)
                at += of(net, m - 1, N) + 1
            unit += 1
    for q in range(1, net.last):
        while room.fill[q] > 0:
            _advance(net, room, _run(net, room, q, to), to)
    for k in range(room.fill[0]):
        to[room.again[2 * k]] = to[room.again[2 * k + 1]]


@inner
def _at_theta(net, room, inputs):
    """Fill base, empty the queues, and let the memo know the outputs at θ."""
    for i in range(of(net, 0, N) * net.row):
        room.base[i] = inputs[i]
    for m in range(1, net.last + 1):
        x, y = ahead(room.base, of(net, m - 1, BASE)), ahead(room.base, of(net, m, BASE))
        w, b = _weights(net, m)
        _layer(net, m, w, b, of(net, m, N), x, net.row, y, net.row, net.samples)
    if net.memo == 0:
        return
    room.seen[0] = 1  # free slots hold outputs that belong to another: 0, and here 1
    for first in range(0, net.samples, 32):
        for t in range(32):
            room.place[t] = first + t
        _remember(
            net, room, ahead(room.base, of(net, net.memo, BASE) + first), net.row, 32, room.place
        )
        room.fill[net.memo] = 0  # their logits are known
    room.fill[0] = 0
