"""An element of the Clarke subdifferential, chosen by the slope used at kinks."""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import within
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class Subgradient(Derivatives):
    """Backpropagation in which an activation at exactly 0 has slope alpha.

    The incoming gradient is multiplied by alpha there (Bertoin et al., NeurIPS 2021, study this
    choice). Away from exact zeros it is the exact gradient.
    Cost: that of ``exact``.
    """

    alpha: Annotated[float, within(0.0, 1.0)]
    """Between the one-sided slopes of the activation: 0.2 to 1 for leaky ReLU of slope 0.2."""

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        return gradient(f.with_subgradient(self.alpha), theta)

    def refuses(self, situation: Situation) -> str | None:
        if situation.slopes is None:
            return (
                f"alpha={self.alpha} is a slope at kinks, but the activation is smooth; accepted: "
                "an activation with a kink, or the mode exact"
            )
        low, high = sorted(situation.slopes)
        if not low <= self.alpha <= high:
            return (
                f"alpha={self.alpha} is not a slope of a subgradient at this activation's kink; "
                f"accepted: {low:g} to {high:g}"
            )
        return None
