"""Taylor series of the loss of one sample, as a function of the change of its logit.

σ = 1 / (1 + e^-z) satisfies σ' = σ - σ², which gives its coefficients one by one; softplus' = σ.
Within a distance ρ < π of the real line |σ| is at most 1 / sin ρ, and its k-th coefficient at most
1 / (ρ^k sin ρ) (Cauchy). With ρ = ``RHO`` what K powers leave out of either function at a change
d < ρ / 8 is below 2.5 (d / ρ)^(K+1).
"""

import math
from collections.abc import Sequence

import numpy as np

from approxgan.objective.problem import SampleTerm
from approxgan.objective.sweep._cache import inlined, inner
from approxgan.objective.sweep._plan import POWERS
from approxgan.objective.sweep._vector import fma, load, store

KINDS = {"identity": 0, "softplus": 1, "sigmoid": 2, "square": 3, "square_to_one": 4, "hinge": 5}
IDENTITY, SOFTPLUS, SIGMOID, SQUARE, SQUARE_TO_ONE, HINGE = KINDS.values()
RHO = 2.5


def radii(terms: Sequence[SampleTerm], dtype: np.dtype) -> np.ndarray:
    """[POWERS + 1]: changes of a logit up to which so many powers are exact to half an ulp of 1."""
    half = np.finfo(dtype).eps / 2
    found = np.full(POWERS + 1, np.inf)
    for term in terms:
        if term.function in ("softplus", "sigmoid"):
            own = RHO * (half / 2.5) ** (1 / np.arange(1, POWERS + 2))
        elif term.function in ("square", "square_to_one"):
            own = np.array([0.0, half**0.5] + [np.inf] * (POWERS - 1))
        else:
            continue
        found = np.minimum(found, own / abs(term.sign))
    return found.astype(dtype)


@inner
def value(kind, z):
    """One of ``terms.FUNCTIONS``."""
    if kind == SOFTPLUS:
        return max(z, 0.0) + math.log1p(math.exp(-abs(z)))
    if kind == SIGMOID:
        return 1.0 / (1.0 + math.exp(-z))
    if kind == SQUARE:
        return z * z
    if kind == SQUARE_TO_ONE:
        return (z - 1.0) * (z - 1.0)
    if kind == HINGE:
        return max(0.0, 1.0 + z)
    return z + 0.0


@inner
def loss(terms, factors, sample, logit):
    """What a sample adds to the loss."""
    total = 0.0
    for t in range(len(terms)):
        if terms[t, 0] <= sample < terms[t, 1]:
            total += factors[t, 1] * value(terms[t, 2], factors[t, 0] * logit)
    return total


@inner
def expand(terms, factors, sample, logit, own, series, most):
    """Add to a sample's series [POWERS + 1]; returns the radius it holds for, at most ``most``."""
    for t in range(len(terms)):
        if terms[t, 0] <= sample < terms[t, 1]:
            sign, weight = factors[t]
            kind, z = terms[t, 2], sign * logit
            _coefficients(kind, z, own)
            for k in range(POWERS + 1):
                series[k] += weight * own[k]
                weight *= sign
            if kind == HINGE:
                most = min(most, abs(1.0 + z) / abs(sign))
    return most


@inner
def _coefficients(kind, z, own):
    for k in range(1, POWERS + 1):
        own[k] = 0.0
    own[0] = value(kind, z)
    if kind in (SIGMOID, SOFTPLUS):
        first = 1 if kind == SOFTPLUS else 0
        own[first] = value(SIGMOID, z)
        for k in range(POWERS - first):
            following = own[first + k]
            for i in range(k + 1):
                following -= own[first + i] * own[first + k - i]
            own[first + k + 1] = following / (k + 1)
        if kind == SOFTPLUS:
            for k in range(1, POWERS + 1):
                own[k] /= k
    elif kind == HINGE:
        own[1] = 1.0 if 1.0 + z > 0.0 else 0.0
    elif kind == IDENTITY:
        own[1] = 1.0
    else:
        own[1], own[2] = 2.0 * (z - (1.0 if kind == SQUARE_TO_ONE else 0.0)), 1.0


@inlined
def powers(radii, change):
    """How many powers a change of the logit needs."""
    count = 1
    while count < POWERS and radii[count] < change:
        count += 1
    return count


@inlined
def add(changes, width, series, count, to):
    """to += Σ_k series[k] changes^k over 1 to ``count``."""
    for i in range(0, width, 8):
        change, y = load(changes, i), series[count]
        for k in range(count - 1, 0, -1):
            y = fma(y, change, series[k])
        store(to, i, fma(y, change, load(to, i)))
