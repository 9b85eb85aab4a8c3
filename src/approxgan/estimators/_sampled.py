"""Estimators of the generator alone, which see more of its loss than a number."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor

from approxgan.core.autograd import constant, gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Situation, Streams
from approxgan.core.settings import Positive, one_of
from approxgan.estimators._kinds import Kind

Baseline = Annotated[str, one_of("none", "mean", "leave_one_out")]
WANTED = {
    "outcome": "the loss of each sample",
    "log_prob": "the log-probability of a sample",
    "likelihood": "the log-probability of data",
    "relaxed": "relaxed samples",
    "expected": "all outcomes and their probabilities",
}
"""What an objective offers, in words."""
ALONE = (
    "baseline=leave_one_out leaves nothing of a batch of 1; accepted: a batch of 2 or more, or "
    "another baseline"
)


class Sampled(Kind):
    """Estimators from what the generator's objective offers beside its loss.

    A subclass states what it ``needs``: a name of ``core.protocols.OFFERS``.
    """

    takes_epsilon = False
    sides = 0
    differentiates = False
    needs: ClassVar[str]

    def refuses(self, situation: Situation) -> str | None:
        if self.needs in situation.offers:
            alone = getattr(self, "baseline", None) == "leave_one_out" and situation.batch == 1
            return ALONE if alone else None
        if not situation.offers:
            return f"needs {WANTED[self.needs]}; accepted: for the generator of a GAN alone"
        return (
            f"needs {WANTED[self.needs]}, which this generator does not have; accepted: a "
            "generator that has, or another mode"
        )

    def seen(self, f: Objective) -> Any:
        """The objective as ``core.protocols.Outcomes``; ``ValueError`` if it is none."""
        if not hasattr(f, self.needs):
            raise ValueError(
                f"needs {WANTED[self.needs]}, which this loss does not show; accepted: the "
                "objective of a GAN's generator"
            )
        return f

    def squared_error(self, dimension: int) -> float | None:
        return None


@dataclass(frozen=True)
class Relaxation(Sampled):
    """A subclass states whether the loss is ``straight``: that of the true samples."""

    temperature: Positive

    needs = "relaxed"
    straight: ClassVar[bool]

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        seen, straight = self.seen(f), self.straight
        made = gradient(lambda at: seen.relaxed(at, self.temperature, straight=straight), theta)
        return replace(made, forwards=2 if straight else 1, runs=1)


def centred(losses: Tensor, baseline: str) -> Tensor:
    """Losses [S, B], each less the baseline of its own seed."""
    if baseline == "none":
        return losses
    count, mean = losses.shape[1], losses.mean(1, keepdim=True)
    if baseline == "mean":
        return losses - mean
    if count < 2:
        raise ValueError(ALONE)
    # f_b - Σ_{c≠b} f_c / (B - 1)
    return (losses - mean) * (count / (count - 1))


def weighted(seen: Any, theta: Tensor, behind: Tensor, weights: Tensor) -> Tensor:
    """[S, P]: the gradient of (1/B) Σ_b weight_b · log p(x_b | θ)."""
    point = constant(theta).detach().requires_grad_(True)
    with torch.enable_grad():
        value = (weights * seen.log_prob(point, behind)).mean(1).sum()
        (grad,) = torch.autograd.grad(value, point)
    return grad
