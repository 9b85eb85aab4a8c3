"""Activations, with a chosen slope at the kinks of those that have one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from approxgan.core.settings import require_one_of, require_within, shown

KINKED = ("leaky_relu", "relu")
# torch's own threshold, 20, would cut off 2e-9.
SMOOTH = {"tanh": torch.tanh, "softplus": lambda x: functional.softplus(x, threshold=40.0)}
NAMES = (*KINKED, *SMOOTH)


class _KinkedLeakyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, slope: float, alpha: float) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(x)
        ctx.slope, ctx.alpha = slope, alpha
        return functional.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx, *grads: Tensor):  # type: ignore[override]
        (x,) = ctx.saved_tensors
        leaky = torch.where(x > 0, grads[0], grads[0] * ctx.slope)
        return torch.where(x == 0, grads[0] * ctx.alpha, leaky), None, None


def leaky_relu(x: Tensor, slope: float, kink: float | None) -> Tensor:
    """max(x, 0) + slope · min(x, 0); where x is exactly 0 its derivative is ``kink``.

    ``kink=None`` leaves torch's choice, the slope of the negative side. Any value between the
    two one-sided slopes gives an element of the Clarke subdifferential of this function.
    """
    if kink is None:
        return functional.leaky_relu(x, slope)
    result: Tensor = _KinkedLeakyReLU.apply(x, slope, kink)  # type: ignore[assignment]
    return result


def slope_of(activation: str, slope: float | None) -> float | None:
    """The slope below 0 of an activation with a kink; None for a smooth one.

    Raises ``ValueError`` for an unknown activation and for a slope that is missing, out of range
    or out of place.
    """
    require_one_of("activation", activation, NAMES)
    if activation == "leaky_relu":
        require_within("slope", slope, 0.0, 1.0)
        return slope
    if slope is not None:
        raise ValueError(f"slope is {shown(slope)}; accepted: none, as {activation} takes none")
    return 0.0 if activation == "relu" else None


def activate(x: Tensor, activation: str, slope: float | None, kink: float | None) -> Tensor:
    """The activation of pre-activations x; ``slope`` as ``slope_of`` gives it."""
    return SMOOTH[activation](x) if slope is None else leaky_relu(x, slope, kink)
