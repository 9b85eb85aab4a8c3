"""The exact Wasserstein distances W1 and W2 of two samples."""

import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar

import numpy as np
from scipy.spatial.distance import cdist

from approxgan.core.protocols import Modes, Score, Truth
from approxgan.core.settings import Checked, whole
from approxgan.metrics._distances import nearest
from approxgan.metrics._points import checked

CAP = 1e4
"""Costs count in full up to so many times a sample's least positive one, in the median."""
LOST = 1e-12
"""Mass that rounding may leave anywhere."""
MOST = 5000
"""Points of each side: their costs take 200 MB, some times over."""
PIVOTS = 10_000_000
"""Limit on the network simplex; 500 points need some thousands."""


@dataclass(frozen=True)
class Wasserstein(Checked):
    """Wp = (min over couplings of E‖x - y‖^p)^(1/p) for p = 1 and 2, in data units.

    Solved exactly by POT's network simplex (Bonneel et al., 2011) between the first ``points``
    samples, equally weighted, and ``target`` points of the reference. Biased upwards in finite
    samples: compare it only at the same ``points``, and beside the null of true samples.
    """

    points: Annotated[int, whole(most=MOST)]
    """Of each side; all of them where there are fewer."""

    directions: ClassVar = {"wasserstein_1": "lower", "wasserstein_2": "lower"}

    def against(self, truth: Truth) -> Score:
        reference = checked(truth.reference, "reference points")
        target, weights = self.target(reference, truth.modes)

        def score(samples: np.ndarray) -> dict[str, float]:
            samples = checked(samples, "samples", reference.shape[1])[: self.points]
            distances = cdist(samples, target)
            return {
                "wasserstein_1": _least_cost(distances, weights),
                "wasserstein_2": float(np.sqrt(_least_cost(distances**2, weights))),
            }

        return score

    def target(self, reference: np.ndarray, modes: Modes | None) -> tuple[np.ndarray, np.ndarray]:
        """(points [m, dim], weights [m]): what the samples are moved to.

        The first ``points`` of the reference, equally weighted. Where modes are stated, the first
        ⌈points / M⌉ nearest to each centre, weighted so that each mode that occurs holds as much.
        Otherwise the reference's chance imbalance would be most of a good sample's distance.
        """
        if modes is None:
            chosen = reference[: self.points]
            return chosen, np.full(len(chosen), 1 / len(chosen))
        count = len(modes.centres)
        owner = nearest(reference, modes.centres, 1)[1][:, 0]
        quota = -(-self.points // count)
        rows = np.concatenate([np.flatnonzero(owner == k)[:quota] for k in range(count)])
        held = np.bincount(owner[rows], minlength=count)
        weights = 1 / (np.count_nonzero(held) * held[owner[rows]])
        return reference[rows], weights


@cache
def _solver() -> Any:
    """POT, without the libraries that it would load for seconds and not use."""
    os.environ.setdefault("POT_BACKEND_DISABLE_PYTORCH", "1")
    unused = [name for name in ("sklearn", "networkx") if name not in sys.modules]
    hidden: dict[str, Any] = sys.modules
    hidden.update(dict.fromkeys(unused))
    try:
        import ot
    finally:
        for name in unused:
            del sys.modules[name]
    return ot


def _least_cost(costs: np.ndarray, weights: np.ndarray) -> float:
    """The optimal transport cost from equally weighted rows to columns of these weights.

    The simplex rounds as the largest cost does: a far point would drown the others. Costs are
    therefore capped. A plan that is optimal for capped costs, and moves nothing at a cost above
    the cap, is optimal. Otherwise the cap is raised.
    """
    ot = _solver()
    start, most = np.full(len(costs), 1 / len(costs)), float(costs.max())
    cap = CAP * float(np.median(np.where(costs > 0, costs, np.inf).min(axis=1)))
    while True:
        # The simplex compares costs with a fixed tolerance: made relative by a scale of 1.
        scale = min(cap, most) or 1.0
        plan, log = ot.emd(start, weights, np.minimum(costs / scale, 1), PIVOTS, log=True)
        if log["warning"] is not None:
            raise RuntimeError(f"optimal transport was not solved: {log['warning']}")
        if cap >= most or plan[costs > cap].sum() < LOST:
            return float(log["cost"]) * scale
        cap *= CAP
