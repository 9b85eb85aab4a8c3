"""The point of a convex hull that is nearest to the origin."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor


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
    scale = float(np.linalg.norm(columns, axis=0).max())
    if scale == 0.0:
        return np.full(columns.shape[1], 1.0 / columns.shape[1])
    count = columns.shape[1]
    rows = np.vstack([columns / scale, np.ones((1, count))])
    target = np.zeros(len(rows))
    target[-1] = 1.0
    found, _ = nnls(rows, target)
    return found / found.sum()
