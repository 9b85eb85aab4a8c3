"""Adam on stacked parameters."""

from dataclasses import dataclass

from torch import Tensor

from approxgan.training.setup import Settings


@dataclass(frozen=True)
class AdamState:
    """One player's parameters and Adam's moments, each [S, P]."""

    theta: Tensor
    first: Tensor
    second: Tensor


def adam(state: AdamState, grad: Tensor, step: int, s: Settings) -> AdamState:
    """One Adam update (Kingma and Ba 2015, as in torch.optim.Adam); ``step`` counts from 0."""
    first = state.first.lerp(grad, 1.0 - s.beta1)
    second = (state.second * s.beta2).addcmul_(grad, grad, value=1.0 - s.beta2)
    correction1 = 1.0 - s.beta1 ** (step + 1)
    correction2 = 1.0 - s.beta2 ** (step + 1)
    scale = second.sqrt().div_(correction2**0.5).add_(s.adam_epsilon)
    theta = state.theta.addcdiv(first, scale, value=-s.learning_rate / correction1)
    return AdamState(theta, first, second)
