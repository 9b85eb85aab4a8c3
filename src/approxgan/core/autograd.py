"""Points in parameter space, and one reverse pass through an objective where torch can make it.

The one module of ``core`` that imports torch: estimators, objectives and the check of models
share what can be differentiated.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from approxgan.core.pair import Network, generator_of
from approxgan.core.protocols import Estimate, Model, Player

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
    the stack of their gradients. Raises ``NotDifferentiable``.
    """
    point = constant(theta).detach().requires_grad_(True)
    with Differentiating(f, theta), torch.enable_grad():
        value = f(point)
        grad = None
        if value.requires_grad:
            (grad,) = torch.autograd.grad(value.sum(), point, allow_unused=True)
        # One entry that is not 0 shows a path, and costs less than a search of the graph.
        if grad is None or not (grad[:1, -1:].any() or depends(value, point)):
            raise NotDifferentiable(CUT)
    return Estimate(grad, value.detach(), forwards=1, backwards=1)


class NotDifferentiable(ValueError):
    """torch has no derivative of an objective: it runs, but not while it is differentiated."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"torch cannot differentiate this loss: {reason}; accepted: a loss of differentiable "
            "torch operations, or a mode that never differentiates"
        )


CUT = "every path from theta to it is rounded or leaves torch (numpy, detach, item, no_grad)"


class Differentiating:
    """Turn errors into ``NotDifferentiable``, but for those that f has at θ in any case."""

    def __init__(self, f: Callable[[Tensor], Tensor], theta: Tensor) -> None:
        self._f, self._theta = f, theta

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, NotDifferentiable):
            with torch.no_grad():
                self._f(self._theta.detach())
            raise NotDifferentiable(str(error).partition("\n")[0]) from error


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


def abilities(model: Model, player: Player, dim: int) -> tuple[bool, bool]:
    """Whether torch differentiates the networks from a player's parameters to the logit, and
    whether ``torch.func.vmap`` takes them; tried with all parameters 0.

    A generator that says that it is not differentiable is not tried; one of the family
    ``generators`` takes stacked points, and never meets ``vmap``.
    """
    maker, judged = generator_of(model), model.size("discriminator", dim)
    if player == "generator" and not maker.differentiable:
        return False, True
    width = maker.width if player == "generator" else dim

    def logit(theta: Tensor) -> Tensor:
        rows = torch.ones(len(theta), 2, width)
        if player == "discriminator":
            return model.apply("discriminator", dim, theta, rows)
        fake = maker.run(dim, theta, rows)
        return model.apply("discriminator", dim, torch.zeros(len(theta), judged), fake)

    theta = torch.zeros(1, maker.size(dim) if player == "generator" else judged)
    able = []
    for tried in (
        lambda: gradient(lambda at: logit(at).sum((1, 2)), theta),
        lambda: torch.func.vmap(logit)(theta[None]),
    ):
        try:
            tried()
            able.append(True)
        except Exception:
            logit(theta)
            able.append(False)
    stacks = player == "generator" and not isinstance(maker, Network)
    return able[0], able[1] or stacks
