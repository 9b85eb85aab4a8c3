"""From one seed's parameters and samples to what every coordinate's step changes in its loss.

Where no unit crosses its kink, a step that moves a unit's input by d moves the logit by r·d, with
one r for all coordinates of the unit, and the loss by a power series in d = move · x. Summed over
samples, each power is a product of matrices. Samples and units whose step may cross a kink, or
leave the radius of the series, are left to ``_lines``.
"""

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._lines import MARGIN, Lines, at_logit, largest, spread, start
from approxgan.objective.sweep._plan import BENT, NARROW, NODE, POWERS, ROW, SPAN, WT, B, N, W
from approxgan.objective.sweep._sample import (
    Net,
    Samples,
    backward,
    forward,
    into_narrow,
    into_wide,
    jacobians,
    of,
    product,
    sample,
)
from approxgan.objective.sweep._series import add, expand, loss, powers
from approxgan.objective.sweep._vector import (
    ahead,
    biggest,
    cast,
    load,
    lowest,
    not_below,
    pointer,
    size,
    splat,
    store,
    where_above,
)

SERIES = POWERS + 1


@inner
def change_losses(
    plan, theta, moved, frozen, inputs, samples, terms, factors, radii, floats, ints, out
):
    """out [P + 1]: what these samples add to f(θ + step·e_i) - f(θ) for every i, and to f(θ).

    θ and ``moved`` = θ + step [P], ``frozen`` [Q], ``inputs`` [count, columns], ``samples`` the
    count up to a multiple of 4; ``terms`` [T, 3]: first and last sample and kind, ``factors``
    [T, 2]: sign and weight; then work space.
    """
    net, s, lines, changes, late = workspace(plan, samples, floats, ints)
    lay_out(plan, theta, moved, frozen, inputs, net, s)
    forward(net, s)
    backward(net, s)
    jacobians(net, s)
    count, total = len(inputs), 0.0
    for n in range(count):
        logit, series = s.p[n * net.nodes + of(net, net.last, NODE)], ahead(s.series, n * SERIES)
        s.limit[n] = expand(terms, factors, n, logit, lines.total, series, radii[POWERS])
        total += series[0] if np.isfinite(logit) else np.nan
        find_gaps(net, sample(net, s, n))
    for m in range(1, net.owned + 1):
        waiting, change = settle(net, s, m, count, late)
        sum_powers(net, s, m, powers(radii, change), ahead(changes, of(net, m, ROW)))
        width = of(net, m - 1, SPAN)
        for at in range(waiting):
            n, unit = late[at] // plan.nodes, late[at] % plan.nodes
            own, series = sample(net, s, n), ahead(s.series, n * SERIES)
            to = ahead(changes, of(net, m, ROW) + unit * width)
            start(net, own, lines, m, unit, width)
            first, last = spread(net, own, lines, m, width)
            change = at_logit(net, own, lines, first, last, width)
            if change <= s.limit[n]:
                add(lines.total, width, series, powers(radii, change), to)
                continue
            logit = own.p[of(net, net.last, NODE)]
            for i in range(of(net, m - 1, N) + 1):
                to[i] += loss(terms, factors, n, logit + lines.total[i]) - series[0]
    hand_over(plan, moved, changes, out)
    out[len(theta)] = total


@inner
def workspace(plan, samples, floats, ints):
    """Cut up the work space, which starts with what starts as zeros: see ``Plan.room``."""
    nodes, widest, per_node = plan.nodes, plan.widest, samples * len(plan.table)
    p = pointer(floats)
    h = ahead(p, samples * nodes)
    bend = ahead(h, samples * nodes)
    g = ahead(bend, samples * nodes)
    jac = ahead(g, samples * nodes)
    reach = ahead(jac, samples * plan.jacobian)
    heaviest = ahead(reach, nodes)
    rows = ahead(heaviest, nodes)
    transposed = ahead(rows, plan.rows)
    moves = ahead(transposed, plan.transposed)
    changes = ahead(moves, plan.coordinates)
    series = ahead(changes, plan.coordinates)
    scratch = ahead(series, samples * SERIES)
    limit = ahead(scratch, samples * plan.scratch)
    near = ahead(limit, samples)
    most = ahead(near, 3 * per_node)
    bound = ahead(most, plan.lines)
    total = ahead(bound, widest)
    node = pointer(ints)
    unit, found = ahead(node, plan.lines), ahead(node, 2 * plan.lines)
    net = Net(
        pointer(plan.table), pointer(plan.jacobians), len(plan.table) - 1, plan.owned, nodes,
        samples, pointer(plan.slopes), rows, transposed, moves, reach, heaviest,
    )  # fmt: skip
    s = Samples(
        p, h, bend, g, jac, scratch, series, limit, near, ahead(near, per_node),
        ahead(near, 2 * per_node), 0,
    )  # fmt: skip
    lines = Lines(ahead(total, widest), widest, most, node, unit, bound, found, total)
    return net, s, lines, changes, ahead(found, widest)


@inner
def lay_out(plan, theta, moved, frozen, inputs, net, s):
    """Write inputs, parameters and their moves; what is written to starts as zeros."""
    table, owned = plan.table, plan.owned
    for n in range(len(inputs)):
        for i in range(table[0, N]):
            s.h[n * net.nodes + i] = inputs[n, i]
        s.h[n * net.nodes + table[0, N]] = 1.0
    for m in range(1, len(table)):
        own, before = theta if m <= owned else frozen, table[m - 1, N]
        to = ahead(net.transposed, table[m, WT])
        for k in range(table[m, N]):
            place = table[m, ROW] + k * table[m - 1, SPAN]
            at, row, most = table[m, W] + k * before, ahead(net.rows, place), 0.0
            for i in range(before + 1):
                flat = at + i if i < before else table[m, B] + k
                row[i] = to[i * table[m, SPAN] + k] = own[flat]
                if m <= owned:
                    move = moved[flat] - own[flat]
                    net.moves[place + i] = move if np.isfinite(move) else 0.0
                    most = max(most, abs(net.moves[place + i]))
            net.reach[table[m, NODE] + k] = most
        for i in range(before):
            net.heaviest[table[m - 1, NODE] + i] = largest(
                ahead(to, i * table[m, SPAN]), table[m, SPAN]
            )


@inner
def find_gaps(net, s):
    """Fill near, gap and norm of the sample at which s starts."""
    narrow, at, zero = 0, s.n * (net.last + 1), cast(0.0, s.p)
    for q in range(1, net.last):
        near = gap = cast(np.inf, s.p)
        norm = zero
        for u in range(of(net, q, N)):
            p, total = abs(s.p[of(net, q, NODE) + u]), zero
            for r in range(of(net, narrow, N) if narrow else 0):
                if of(net, q, NARROW):
                    total += abs(into_narrow(net, s, narrow, q, u)[r])
                else:
                    total += abs(into_wide(net, s, narrow, r, q)[u])
            near = min(near, p)
            gap = min(gap, p / total) if total > zero else gap
            norm = max(norm, total * abs(s.bend[of(net, q, NODE) + u]))
        s.near[at + q], s.gap[at + q], s.norm[at + q] = near, gap, norm
        narrow = q if of(net, q, NARROW) else narrow


@inner
def settle(net, s, m, count, late):
    """Write the rates of node m's units into the scratch, 0 for those that must wait.

    Those are listed in ``late``: their step may cross a kink at this sample, or leave the radius
    of the series. Returns how many they are, and the most |change| of a logit by the others.
    """
    node, width, span = of(net, m, NODE), of(net, m, N), of(net, m, SPAN)
    waiting, most = 0, splat(cast(0.0, s.p))
    for n in range(count):
        own, rates = sample(net, s, n), ahead(s.scratch, n * span)
        x = largest(ahead(own.h, of(net, m - 1, NODE)), of(net, m - 1, SPAN))
        xs, limit = splat(x * cast(MARGIN, s.p)), splat(s.limit[n])
        for k in range(0, width, 8):
            bend, move = load(own.bend, node + k), xs * load(net.reach, node + k)
            rate = bend * load(own.g, node + k)
            bits = not_below(move * size(rate), limit)
            bits |= not_below(move, size(load(own.p, node + k))) if of(net, m, BENT) else 0
            bits |= _behind(net, own, m, k, move * size(bend))
            bits &= (1 << min(width - k, 8)) - 1
            store(rates, k, rate)
            while bits:
                unit = k + lowest(bits)
                late[waiting] = n * net.nodes + unit
                rates[unit] = 0.0
                waiting += 1
                bits &= bits - 1
            change = move * size(load(rates, k))
            most = where_above(change, most, change, most)
    for k in range(count * span, net.samples * span, 8):
        store(s.scratch, k, splat(cast(0.0, s.p)))  # 0 times what memory held may be NaN
    return waiting, biggest(most)


@inlined
def _behind(net, s, m, k, bound):
    """A bit for each of eight units of node m: whether units behind may cross their kinks.

    ``bound`` is on the changes of the eight's outputs, each moved alone.
    """
    bits, alone, at = 0, not of(net, m, NARROW), s.n * (net.last + 1)
    for q in range(m + 1, net.last):
        bent = of(net, q, BENT)
        if not alone:
            bits |= not_below(bound, splat(s.gap[at + q])) if bent else 0
            bound = bound * splat(s.norm[at + q]) if of(net, q, NARROW) else bound
        elif of(net, q, NARROW):
            most = splat(cast(0.0, s.p))
            for r in range(of(net, q, N)):
                unit = of(net, q, NODE) + r
                change = bound * size(load(into_narrow(net, s, m, q, r), k))
                bits |= not_below(change, splat(abs(s.p[unit]))) if bent else 0
                change = change * splat(abs(s.bend[unit]))
                most = where_above(change, most, change, most)
            bound, alone = most, False
        elif bent and q > m + 1:
            return 255  # a bound through a wide node would say so for most
        elif bent:
            change = bound * load(net.heaviest, of(net, m, NODE) + k)
            bits |= not_below(change, splat(s.near[at + q]))
    return bits


@inner
def sum_powers(net, s, m, highest, to):
    """Add the series of all units that do not wait, in Horner's scheme, to what starts as zeros."""
    span, width, node = of(net, m, SPAN), of(net, m - 1, SPAN), of(net, m - 1, NODE)
    xs = ahead(s.scratch, net.samples * span)
    cs = ahead(xs, net.samples * width)
    moves, units = ahead(net.moves, of(net, m, ROW)), (of(net, m, N) + 3) // 4 * 4
    for power in range(highest, 0, -1):
        for n in range(net.samples):
            for k in range(n * span, (n + 1) * span, 8):
                c, rate = splat(s.series[n * SERIES + power]), load(s.scratch, k)
                for _ in range(power):
                    c = c * rate
                store(cs, k, c)
            for i in range(0, width, 8):
                x = load(s.h, n * net.nodes + node + i)
                y = x
                for _ in range(1, power):
                    y = y * x
                store(xs, n * width + i, y)
        product(cs, 1, span, units, xs, width, net.samples, to, width, width)
        for i in range(0, units * width, 8):
            store(to, i, load(to, i) * load(moves, i))


@inner
def hand_over(plan, moved, changes, out):
    """From units' rows to flat parameters."""
    table = plan.table
    for m in range(1, plan.owned + 1):
        before = table[m - 1, N]
        for k in range(table[m, N]):
            place, at = table[m, ROW] + k * table[m - 1, SPAN], table[m, W] + k * before
            for i in range(before + 1):
                flat = at + i if i < before else table[m, B] + k
                out[flat] = changes[place + i] if np.isfinite(moved[flat]) else np.nan
