"""ε and θ as a difference needs them."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from approxgan.core.autograd import constant
from approxgan.core.protocols import Eps, StepSize


def required(eps: Eps, theta: Tensor) -> tuple[StepSize, Tensor]:
    """The step, a tensor in the type of θ, and θ without its graph.

    Raises ``ValueError`` unless the step is finite and > 0, also as θ's type rounds it, and θ is
    floating point and [S, P].
    """
    theta = constant(theta)
    if eps is None:
        raise ValueError("epsilon=None must be a finite number > 0")
    if not isinstance(eps, Tensor):
        if not _is_step(float(eps), theta.dtype):
            raise ValueError(f"epsilon={eps} must be a finite number > 0 in {theta.dtype}")
        return eps, theta
    rounded = eps.to(theta)
    wrong = rounded[~(rounded.isfinite() & (rounded > 0))]
    if wrong.numel():
        raise ValueError(f"epsilon={float(wrong[0])} must be a finite number > 0 in {theta.dtype}")
    return rounded, theta


@lru_cache
def _is_step(eps: float, dtype: torch.dtype) -> bool:
    return 0.0 < torch.tensor(eps, dtype=dtype, device="cpu").item() < math.inf


def shared(eps: Eps, theta: Tensor) -> tuple[StepSize, Tensor]:
    """``required`` of a mode that steps all parameters together: a number or [S, 1]."""
    step, theta = required(eps, theta)
    if isinstance(step, Tensor) and step.shape != (len(theta), 1):
        raise ValueError(
            f"epsilon of shape {tuple(step.shape)} is not one step for each of {len(theta)} "
            f"seeds; accepted: a number, or shape {(len(theta), 1)}"
        )
    return step, theta


def by_seed(step: StepSize) -> StepSize:
    """A shared step as a number or [S], to divide losses [..., S] by."""
    return step.squeeze(1) if isinstance(step, Tensor) else step
