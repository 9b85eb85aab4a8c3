"""The scalar functions of the logit, and how a stretch of logits is added to the losses.

softplus and the sigmoid near a sample's logit x come from their Taylor polynomial about it. Both
are analytic in the disc of radius π about any real x, and there, on the circle of radius 2.5,
at most 13 times their value at x. Cauchy's estimate then bounds the remainder after order K by
13 q^(K + 1) / (1 - q) of that value, q = |change| / 2.5, which ``LIMITS`` keeps below the unit
roundoff of the type.
"""

from __future__ import annotations

import math

import numpy as np

from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._vector import cast, fma, load, splat, store, where_above

IDENTITY, SOFTPLUS, SIGMOID, SQUARE, SQUARE_TO_ONE, HINGE = range(6)
CODES = {
    "identity": IDENTITY,
    "softplus": SOFTPLUS,
    "sigmoid": SIGMOID,
    "square": SQUARE,
    "square_to_one": SQUARE_TO_ONE,
    "hinge": HINGE,
}
ORDERS = (3, 7, 13)
COEFFICIENTS = 15
"""The rounded value, orders 1 to 13, and what rounding took from the value."""


def _limit(order: int, unit: float) -> float:
    q = (0.9 * unit / 13.0) ** (1.0 / (order + 1))
    return 2.5 * q


LIMITS = {
    np.dtype(t): np.array([_limit(k, float(np.finfo(t).eps) / 2) for k in ORDERS], t)
    for t in (np.float32, np.float64)
}


@inner
def _smooth(kind, x):
    """softplus or the sigmoid; float64."""
    if kind == SOFTPLUS:
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    tail = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else tail) / (1.0 + tail)


@inner
def expand(kind, x, series, coefficients):
    """The polynomial about x: y = sigmoid obeys y' = y - y², and is the slope of softplus."""
    value = _smooth(kind, np.float64(x))
    coefficients[0] = cast(value, coefficients)
    coefficients[14] = cast(value - np.float64(coefficients[0]), coefficients)
    series[0] = _smooth(SIGMOID, np.float64(x))
    for k in range(13):
        product = 0.0
        for i in range(k + 1):
            product += series[i] * series[k - i]
        series[k + 1] = (series[k] - product) / (k + 1)
    for k in range(1, 14):
        c = series[k - 1] / k if kind == SOFTPLUS else series[k]
        coefficients[k] = cast(c, coefficients)


@inner
def value(kind, x, coefficients):
    """The loss of one sample at its own logit, x = sign · logit."""
    one = cast(1.0, coefficients)
    if kind == IDENTITY:
        return x
    if kind == SQUARE:
        return x * x
    if kind == SQUARE_TO_ONE:
        return (x - one) * (x - one)
    if kind == HINGE:
        return max(one + x, cast(0.0, coefficients))
    return coefficients[0]


@inner
def add_all(kind, sign, logit, change, most, limits, coefficients, losses, width):
    """losses[i] += function(sign · (logit + change[i])), where |change| is at most ``most``."""
    if kind in (SOFTPLUS, SIGMOID):
        reach = abs(sign) * most
        if not reach <= limits[2]:
            for i in range(width):
                x = np.float64(sign * (logit + change[i]))
                losses[i] += cast(_smooth(kind, x), coefficients)
        elif reach <= limits[0]:
            _add_polynomial(3, sign, logit, change, coefficients, losses, width)
        elif reach <= limits[1]:
            _add_polynomial(7, sign, logit, change, coefficients, losses, width)
        else:
            _add_polynomial(13, sign, logit, change, coefficients, losses, width)
    else:
        _add_piecewise(kind, sign, logit, change, losses, width)


@inlined
def _add_polynomial(order, sign, logit, change, coefficients, losses, width):
    signs, logits, centre = splat(sign), splat(logit), splat(sign * logit)
    value, low = splat(coefficients[0]), splat(coefficients[14])
    for i in range(0, width, 8):
        x = signs * (logits + load(change, i)) - centre
        y = splat(coefficients[order])
        for k in range(order - 1, 0, -1):
            y = fma(y, x, splat(coefficients[k]))
        store(losses, i, load(losses, i) + (value + fma(y, x, low)))


@inner
def _add_piecewise(kind, sign, logit, change, losses, width):
    signs, logits = splat(sign), splat(logit)
    zero, one = splat(cast(0.0, losses)), splat(cast(1.0, losses))
    for i in range(0, width, 8):
        x = signs * (logits + load(change, i))
        if kind == SQUARE:
            x = x * x
        elif kind == SQUARE_TO_ONE:
            x = (x - one) * (x - one)
        elif kind == HINGE:
            x = where_above(one + x, zero, one + x, zero)
        store(losses, i, load(losses, i) + x)
