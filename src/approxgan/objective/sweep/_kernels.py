"""From one seed's parameters and samples to the logits at every coordinate's step."""

from __future__ import annotations

import numpy as np

from approxgan.objective.sweep._cache import inner
from approxgan.objective.sweep._layout import chain, lay_out, workspace
from approxgan.objective.sweep._lines import at_logit, spread, start
from approxgan.objective.sweep._plan import NODE, ROW, SPAN, N
from approxgan.objective.sweep._sample import backward, forward, jacobians, of
from approxgan.objective.sweep._vector import ahead, pointer


@inner
def move_logits(shape, theta, frozen, moves, inputs, room, whole, out):
    """θ [P], what is behind [Q], moves [P], inputs [samples, columns] -> out [samples, > C].

    C coordinates as ``Plan.table`` lays them out, then the logit at θ; NaN where that is not
    finite. ``room`` starts as zeros.
    """
    s, lines, flat = workspace(shape, room, whole)
    net = chain(shape, flat)
    lay_out(shape, theta, frozen, moves, net)
    for sample in range(len(inputs)):
        forward(net, pointer(inputs[sample]), s)
        logit = s.p[of(net, net.last, NODE)]
        out[sample, shape.extents[3]] = logit
        if not np.isfinite(logit):
            out[sample] = np.nan
            continue
        backward(net, s)
        jacobians(net, s)
        for m in range(1, net.owned + 1):
            width = of(net, m - 1, SPAN)
            for unit in range(of(net, m, N)):
                start(net, s, lines, m, unit, width)
                first, count = spread(net, s, lines, m, width)
                to = ahead(pointer(out[sample]), of(net, m, ROW) + unit * width)
                at_logit(net, s, lines, first, count, width, to)
