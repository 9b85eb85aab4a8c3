"""Leaky ReLU with a chosen slope at its kink."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


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
