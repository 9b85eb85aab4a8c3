"""Control: the exact gradient with Gaussian noise of a given relative size."""

from dataclasses import dataclass, replace
from typing import Annotated

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.core.settings import within
from approxgan.estimators._kinds import Derivatives


@dataclass(frozen=True)
class NoisyExact(Derivatives):
    """ĝ = ∇f + r |∇f| / √d · z with z Gaussian, so that E|ĝ - ∇f|² = r² |∇f|².

    Unbiased. Its error is as large as that of an approximation with relative error r, but
    independent of the loss: effects of the approximation beyond this control are not due to noise.
    A control of this project. Cost: that of ``exact``.
    """

    relative_error: Annotated[float, within(0.0)]
    """r: root mean square of |ĝ - ∇f| / |∇f|."""

    random = True
    matches = ("relative_error",)

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        exact = gradient(f, theta)
        size = exact.grad.double().norm(dim=1, keepdim=True) * self.relative_error
        return _noisy(exact, size, rng)

    def estimate_like(
        self, like: Estimate, f: Objective, theta: Tensor, *, rng: Streams
    ) -> Estimate:
        """With noise as large as the error |ĝ − ∇f| of ``like``, seed by seed."""
        exact = gradient(f, theta)
        size = (like.grad.double() - exact.grad.double()).norm(dim=1, keepdim=True)
        return _noisy(exact, size, rng)

    def squared_error(self, dimension: int) -> float | None:
        return self.relative_error**2


def _noisy(exact: Estimate, size: Tensor, rng: Streams) -> Estimate:
    """``size`` [S, 1]: root mean square length of the noise."""
    dimension = exact.grad.shape[1]
    noise = rng.normal(dimension).to(exact.grad) * (size / dimension**0.5).to(exact.grad)
    return replace(exact, grad=exact.grad + noise)
