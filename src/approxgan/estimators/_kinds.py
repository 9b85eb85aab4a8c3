"""The two kinds of estimators, and a reason for which several of them refuse."""

from typing import ClassVar

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import Checked


class Kind(Checked):
    """See ``core.protocols.GradientEstimator``."""

    per_coordinate = False
    order: ClassVar[int | None] = None
    random = False

    def squared_error(self, dimension: int) -> float | None:
        return None if self.random else 0.0


class Derivatives(Kind):
    """Estimators from derivatives by torch, without ε; the exact gradient unless they say more."""

    takes_epsilon = False
    sides = 0
    differentiates = True

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        return gradient(f, theta)


class Differences(Kind):
    """Estimators from loss values at steps of ε; a subclass states ``sides``."""

    takes_epsilon = True
    differentiates = False

    def refuses(self, situation: Situation) -> str | None:
        if not situation.penalised:
            return None
        return (
            "never differentiates, but the loss holds a gradient penalty, which is a derivative "
            "itself; accepted: a loss without gradient penalty, or a mode that differentiates"
        )


def too_many(name: str, count: int, situation: Situation) -> str | None:
    """Why a setting that counts coordinates or axes does not fit a player."""
    if count <= situation.dimension:
        return None
    return (
        f"{name}={count} is more than the {situation.dimension} parameters of a player; "
        f"accepted: 1 to {situation.dimension}"
    )
