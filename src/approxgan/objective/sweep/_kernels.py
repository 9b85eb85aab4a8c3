"""From one seed's parameters and samples to what every coordinate's step changes in its loss.

Where no unit crosses its kink, a step that moves a unit's input by d moves the logit by r·d, with
one r for all coordinates of the unit, and the loss by a power series in d = move · x. Summed over
samples, each power is a product of matrices. Samples and units whose step may cross a kink, or
leave the radius of the series, are left to ``_lines``.
"""

from typing import Any, NamedTuple

import numpy as np

from approxgan.objective.sweep._cache import entry, inlined, inner
from approxgan.objective.sweep._lines import MARGIN, follow, larger, largest
from approxgan.objective.sweep._plan import POWERS, flat
from approxgan.objective.sweep._sample import (
    derivative,
    forward,
    into_narrow,
    is_narrow,
    jacobians,
    product,
    units,
)
from approxgan.objective.sweep._series import add, expand, loss, powers
from approxgan.objective.sweep._vector import ahead, biggest, cut, load, not_below, pointers, store

Array = Any
SERIES = POWERS + 1


class Room(NamedTuple):
    """One seed's parameters, what is known of some of its samples, and work space."""

    rows: Array
    transposed: Array
    moves: Array
    """fl(θ + step) - θ, zero in the padding."""
    changes: Array
    """Of the loss, by each coordinate's move."""
    reach: Array
    """[nodes]: the largest |move| of a unit."""
    heaviest: Array
    """[nodes]: the largest |weight| behind a unit."""
    p: Array
    """[samples, nodes], likewise the following: inputs of the activations; infinite in the padding,
    where no unit shall cross its kink."""
    h: Array
    """Outputs; behind each node's last a 1 for the bias, then zeros."""
    bend: Array
    """Slope of the activation at p; 0 in the padding."""
    jacobians: Array
    """Source by source, but target by target where the target node is narrow."""
    series: Array
    """[samples, POWERS + 1]: of the loss in changes of the logit. All up to here start as zeros."""
    limit: Array
    """[samples]: changes for which the series holds."""
    near: Array
    """[samples, L + 1]: the smallest |p| of a node."""
    gap: Array
    """[samples, L + 1]: changes of a narrow node's outputs that take no unit here to its kink."""
    norm: Array
    """[samples, L + 1]: of this node's outputs, per change of a narrow node's."""
    scratch: Array
    lines: Array
    """[lines, widest]: changes of one unit's output."""
    most: Array
    """[lines]: bounds on |change|."""
    bound: Array
    """[widest]: on the changes of a node's inputs."""
    total: Array
    """[widest]: the change of one unit's input, or of the logit."""
    origin: Array
    """[lines, 2]: node and unit."""
    late: Array
    """Samples and units that wait for their lines."""


ZEROS, INTS = 1 + Room._fields.index("series"), Room._fields.index("origin")


@entry
def change_losses(
    plan, floats, ints, sizes, theta, moved, frozen, inputs, begin, terms, factors, radii, out
):
    """out [P + 1]: what these samples add to f(θ + step·e_i) - f(θ) for every i, and to f(θ).

    θ and ``moved`` = θ + step [P], ``frozen`` [Q], ``inputs`` [count, columns], from sample
    ``begin`` on; ``terms`` [T, 3]: first and last sample and kind, ``factors`` [T, 2]: sign and
    weight; ``floats`` and ``ints`` are the room.
    """
    net, s = pointers(plan), Room(*(cut(floats, sizes[:INTS]) + cut(ints, sizes[INTS:])))
    read(net, s, theta, moved, frozen, inputs)
    forward(net, s)
    jacobians(net, s)
    count, total = len(inputs), 0.0
    for n in range(count):
        logit, series = s.p[units(net, n, net.last)], ahead(s.series, n * SERIES)
        s.limit[n] = expand(terms, factors, begin + n, logit, s.total, series, radii[POWERS])
        total += series[0] if np.isfinite(logit) else np.nan
        find_gaps(net, s, n)
    for m in range(1, net.owned + 1):
        waiting, change = settle(net, s, m, count)
        sum_powers(net, s, m, powers(radii, change), ahead(s.changes, net.row[m]))
        width = net.span[m - 1]
        for at in range(waiting):
            n, unit = s.late[at] // net.nodes, s.late[at] % net.nodes
            series, to = ahead(s.series, n * SERIES), ahead(s.changes, net.row[m] + unit * width)
            change = follow(net, s, n, m, unit, width)
            if change <= s.limit[n]:
                add(s.total, width, series, powers(radii, change), to)
                continue
            logit = s.p[units(net, n, net.last)]
            for i in range(net.width[m - 1] + 1):
                to[i] += loss(terms, factors, begin + n, logit + s.total[i]) - series[0]
    hand_over(net, s, moved, out)
    out[len(moved)] = total


@inner
def read(net, s, theta, moved, frozen, inputs):
    """Write inputs, parameters and their moves; what is written to starts as zeros."""
    count, columns = inputs.shape
    for n in range(count):
        for i in range(columns):
            s.h[n * net.nodes + i] = inputs[n, i]
        s.h[n * net.nodes + columns] = 1.0
    for m in range(1, net.last + 1):
        to, before, span = ahead(s.transposed, net.row[m]), net.width[m - 1], net.span[m]
        parameters = theta if m <= net.owned else frozen
        for k in range(net.width[m]):
            place, most = net.row[m] + k * net.span[m - 1], 0.0
            for i in range(before + 1):
                at = flat(net, m, k, i)
                s.rows[place + i] = to[i * span + k] = parameters[at]
                if m <= net.owned:
                    move = moved[at] - parameters[at]
                    s.moves[place + i] = move if np.isfinite(move) else 0.0
                    most = max(most, abs(s.moves[place + i]))
            s.reach[net.node[m] + k] = most * MARGIN
        for i in range(before):
            s.heaviest[net.node[m - 1] + i] = largest(ahead(to, i * span), span)


@inner
def find_gaps(net, s, n):
    """Fill near, gap and norm of a sample."""
    narrow, at = 0, n * (net.last + 1)
    for q in range(1, net.last):
        near, gap, norm = np.inf, np.inf, 0.0
        for u in range(net.width[q]):
            unit, total = units(net, n, q) + u, 0.0
            p = abs(s.p[unit])
            for r in range(net.width[narrow] if narrow else 0):
                total += abs(derivative(net, s, n, narrow, r, q, u))
            near = min(near, p)
            gap = min(gap, p / total) if total > 0.0 else gap
            norm = max(norm, total * abs(s.bend[unit]))
        s.near[at + q], s.gap[at + q], s.norm[at + q] = near, gap, norm
        narrow = q if is_narrow(net, q) else narrow


@inner
def settle(net, s, m, count):
    """Write the rates of node m's units into the scratch, 0 for those that must wait.

    Those are listed in ``late``: their step may cross a kink at this sample, or leave the radius
    of the series. Returns how many they are, and the most |change| of a logit by the others.
    """
    node, width, span, waiting, most = net.node[m], net.width[m], net.span[m], 0, 0.0
    for n in range(count):
        at, rates = units(net, n, m), ahead(s.scratch, n * span)
        slopes = into_narrow(net, s, n, m, net.last, 0)
        x = largest(ahead(s.h, units(net, n, m - 1)), net.span[m - 1])
        for k in range(0, width, 8):
            bend, move = load(s.bend, at + k), x * load(s.reach, node + k)
            rate = bend if m == net.last else bend * load(slopes, k)
            bits = not_below(move * abs(rate), s.limit[n])
            bits |= not_below(move, abs(load(s.p, at + k))) if net.slope[m] != 1.0 else 0
            bits |= _behind(net, s, n, m, k, move * abs(bend))
            store(rates, k, rate)
            for unit in range(k, min(k + 8, width) if bits else k):
                if bits >> (unit - k) & 1:
                    s.late[waiting] = n * net.nodes + unit
                    rates[unit] = 0.0
                    waiting += 1
            most = larger(move * abs(load(rates, k)), most)
    for k in range(count * span, net.samples * span):
        s.scratch[k] = 0.0  # 0 times what memory held may be NaN
    return waiting, biggest(most)


@inlined
def _behind(net, s, n, m, k, bound):
    """A bit for each of eight units of node m: whether units behind may cross their kinks.

    ``bound`` is on the changes of the eight's outputs, each moved alone.
    """
    bits, alone, at = 0, not is_narrow(net, m), n * (net.last + 1)
    for q in range(m + 1, net.last):
        bent = net.slope[q] != 1.0
        if not alone:
            bits |= not_below(bound, s.gap[at + q]) if bent else 0
            bound = bound * s.norm[at + q] if is_narrow(net, q) else bound
        elif is_narrow(net, q):
            most = 0.0
            for r in range(net.width[q]):
                unit = units(net, n, q) + r
                change = bound * abs(load(into_narrow(net, s, n, m, q, r), k))
                bits |= not_below(change, abs(s.p[unit])) if bent else 0
                most = larger(change * abs(s.bend[unit]), most)
            bound, alone = most, False
        elif bent and q > m + 1:
            return 255  # a bound through a wide node would say so for most
        elif bent:
            change = bound * load(s.heaviest, net.node[m] + k)
            bits |= not_below(change, s.near[at + q])
    return bits


@inner
def sum_powers(net, s, m, highest, to):
    """Add the series of all units that do not wait, in Horner's scheme, to what starts as zeros."""
    span, width = net.span[m], net.span[m - 1]
    xs = ahead(s.scratch, net.samples * span)
    cs = ahead(xs, net.samples * width)
    moves, count = ahead(s.moves, net.row[m]), (net.width[m] + 3) // 4 * 4
    for power in range(highest, 0, -1):
        for n in range(net.samples):
            x = ahead(s.h, units(net, n, m - 1))
            for k in range(n * span, (n + 1) * span, 8):
                c, rate = s.series[n * SERIES + power], load(s.scratch, k)
                for _ in range(power):
                    c = c * rate
                store(cs, k, c)
            for i in range(0, width, 8):
                y = load(x, i)
                for _ in range(1, power):
                    y = y * load(x, i)
                store(xs, n * width + i, y)
        product(cs, 1, span, count, xs, width, net.samples, to, width, width)
        for i in range(0, count * width, 8):
            store(to, i, load(to, i) * load(moves, i))


@inner
def hand_over(net, s, moved, out):
    """From units' rows to flat parameters."""
    for m in range(1, net.owned + 1):
        for k in range(net.width[m]):
            place = net.row[m] + k * net.span[m - 1]
            for i in range(net.width[m - 1] + 1):
                at = flat(net, m, k, i)
                out[at] = s.changes[place + i] if np.isfinite(moved[at]) else np.nan
