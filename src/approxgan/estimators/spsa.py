"""Simultaneous perturbation stochastic approximation (Spall 1992)."""

from torch import Tensor

from approxgan.core.protocols import Streams
from approxgan.estimators._directions import Directions


class Spsa(Directions):
    """ĝ = (1/q) Σ_k (f(θ + ε u_k) - f(θ - ε u_k)) / 2ε · u_k, u of independent signs.

    Spall (1992) divides by u; for signs 1/u = u. Expected squared relative error as ε → 0:
    (d-1)/q. Cost: 2q evaluations, whose mean the estimate's value is.
    """

    sides = 2

    def draw(self, total: int, dimension: int, rng: Streams) -> Tensor:
        return rng.signs(total, dimension)

    def squared_error(self, dimension: int) -> float | None:
        return (dimension - 1) / self.directions
