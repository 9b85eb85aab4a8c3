"""The gradient of the expected loss, by enumeration."""

import math
from dataclasses import replace

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._sampled import Sampled


class Expected(Sampled):
    """Σ_x f(x) ∇p(x | θ) over all outcomes x of the generator: without draws, bias or variance.

    The baseline where samples have no derivative. Cost: no samples are drawn; of N outcomes,
    N / B evaluations, rounded up, and as many reverse passes.
    """

    needs = "expected"

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        seen = self.seen(f)
        made, passes = gradient(seen.expected, theta), math.ceil(seen.listed / seen.rows)
        return replace(made, forwards=passes, backwards=passes, runs=0)
