"""Gradients at random points around θ, and one element of their convex hull."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import one_of, whole
from approxgan.estimators._kinds import Derivatives
from approxgan.estimators._steps import shared


@dataclass(frozen=True)
class GradientSampling(Derivatives):
    """An element of conv{∇f(θ), ∇f(θ + ε b_1), ..., ∇f(θ + ε b_m)}, b uniform in the unit ball.

    The hull approximates Goldstein's ε-subdifferential. Its element of minimum norm gives the
    direction of Burke, Lewis and Overton (2005), which descends even at kinks; the mean is that
    of the sample. Where f is smooth with gradients L-Lipschitz, either is off by at most L ε.
    Cost: m + 1 evaluations and as many reverse passes.
    """

    points: Annotated[int, whole()]
    """m, sampled besides θ itself."""
    element: Annotated[str, one_of("minimum_norm", "mean")]

    takes_epsilon = True
    order = 1
    random = True

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        radius, theta = shared(eps, theta)
        centre = gradient(f, theta)
        around = [gradient(f, theta + radius * b).grad for b in self._ball(theta, rng).unbind(1)]
        grads = torch.stack([centre.grad, *around], 1)  # [S, m + 1, P]
        if self.element == "mean":
            grad = grads.mean(1)
        else:
            grad = torch.einsum("sk,skp->sp", nearest(grads), grads)
        passes = self.points + 1
        return Estimate(grad, centre.value, forwards=passes, backwards=passes)

    def _ball(self, theta: Tensor, rng: Streams) -> Tensor:
        """[S, m, P] uniform in the unit ball: d of the coordinates of a point on the sphere in
        d + 2 dimensions."""
        gaussian = rng.normal(self.points, theta.shape[1] + 2)
        sphere = gaussian / gaussian.norm(dim=-1, keepdim=True)
        return sphere[..., :-2].to(theta)

    def refuses(self, situation: Situation) -> str | None:
        if situation.rule is None:
            return None
        return (
            f"epsilon={situation.rule}: the rule chooses the step of a difference, but here ε is "
            "the radius of a ball; accepted: a number > 0"
        )

    def squared_error(self, dimension: int) -> float | None:
        return 0.0


def nearest(points: Tensor) -> Tensor:
    """Weights [S, K] >= 0 that sum to 1 and minimise |Σ_k w_k x_k|, for points x [S, K, P].

    Where a point is not finite no hull has a nearest point: equal weights.
    """
    finite = points.isfinite().flatten(1).all(1)
    kept = points.where(finite[:, None, None], 0.0).double()
    # R of x = RᵀQᵀ has the same inner products as x, and K columns instead of P. The Gram matrix
    # has them too, but in it they are rounded to half as many digits.
    columns = torch.linalg.qr(kept.mT, mode="r").R.cpu().numpy()
    weights = torch.from_numpy(np.stack([_weights(matrix) for matrix in columns])).to(points)
    return weights.where(finite[:, None], 1.0 / points.shape[1])


def _weights(columns: np.ndarray) -> np.ndarray:
    """[K] for the columns of [R, K].

    min |A v|² + c² (Σv - 1)² over v >= 0 is a problem of non-negative least squares, solved
    exactly by Lawson and Hanson's active sets. With v = s·w, Σw = 1, and s chosen best it is
    c² |A w|² / (|A w|² + c²), which grows with |A w|: its w is the one sought, for any c > 0.
    """
    ones = np.ones((1, columns.shape[1]))
    scale = float(np.linalg.norm(columns, axis=0).max())
    if scale == 0.0:
        return ones[0] / columns.shape[1]
    found, _ = nnls(np.vstack([columns / scale, ones]), np.eye(len(columns) + 1)[-1])
    return found / found.sum()
