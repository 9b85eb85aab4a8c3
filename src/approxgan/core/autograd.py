"""Points in parameter space, and one reverse pass through an objective where torch can make it.

The one module of ``core`` that imports torch: estimators, objectives and the check of models
share what can be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.protocols import Estimate

FLAT = {f"{name}Backward0" for name in ("Round", "Floor", "Ceil", "Trunc", "Sign", "Sgn")}
FLAT.add("RoundBackward1")
"""Nodes of torch's graph whose derivative is 0 everywhere, though what they compute changes."""


def require_point(theta: Tensor) -> Tensor:
    """θ; raises ``ValueError`` unless it is floating point and [S, P]."""
    if theta.dim() != 2 or not theta.is_floating_point():
        raise ValueError(
            f"theta is {theta.dtype} of shape {tuple(theta.shape)}; accepted: a floating-point "
            "tensor [S, P], a row of parameters for each seed"
        )
    return theta


def constant(theta: Tensor) -> Tensor:
    """``require_point`` without its graph; a dual number keeps its tangent."""
    return require_point(theta).detach() if theta.requires_grad else require_point(theta)


def gradient(f: Callable[[Tensor], Tensor], theta: Tensor) -> Estimate:
    """Value and gradient of f at θ [S, P], by one forward and one reverse pass.

    The seeds' losses do not depend on each other's parameters, so the gradient of their sum is
    the stack of their gradients. Raises ``ValueError`` as ``derivable`` does.
    """
    value, point = derivable(f, theta)
    try:
        (grad,) = torch.autograd.grad(value.sum(), point)
    except RuntimeError as error:
        raise ValueError(
            f"torch cannot differentiate this loss: {str(error).splitlines()[0]}; accepted: a "
            "loss of differentiable torch operations, or a mode that never differentiates"
        ) from error
    # A copy: it may repeat one number in memory, or be a tensor of the objective's own.
    grad = grad.clone(memory_format=torch.contiguous_format)
    return Estimate(grad, value.detach(), forwards=1, backwards=1)


def derivable(f: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[Tensor, Tensor]:
    """f(θ) with its graph, and the leaf [S, P] that it starts from.

    Raises ``ValueError`` where torch has no derivative of f.
    """
    point = constant(theta).detach().requires_grad_(True)
    with torch.enable_grad():
        value = f(point)
    if not depends(value, point):
        raise ValueError(
            "torch cannot differentiate this loss: every path from theta to it is rounded or "
            "leaves torch (numpy, detach, item); accepted: a loss of differentiable torch "
            "operations, or a mode that never differentiates"
        )
    return value, point


def depends(value: Tensor, point: Tensor) -> bool:
    """Whether torch's graph has a path from the leaf ``point`` to ``value`` without rounding.

    A path through an operation of ``FLAT`` gives zeros, which say nothing of the loss.
    """
    waiting, seen = [value.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen or node.name() in FLAT:
            continue
        if getattr(node, "variable", None) is point:
            return True
        seen.add(node)
        waiting.extend(before for before, _ in node.next_functions)
    return False
