"""Wraps any loss, differentiable or not, as the objective that a gradient estimator works on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor

from approxgan.core.autograd import constant, require_point
from approxgan.core.protocols import Sweep
from approxgan.objective.sweep import loops

How = Literal["plain", "batched"]


class WrappedObjective:
    """A callable [S, P] -> [S] as a ``core.protocols.Objective``; see ``objective``."""

    def __init__(self, function: Callable[[Tensor], Tensor], how: How) -> None:
        self._function = function
        self._how: How = how

    def _value(self, theta: Tensor) -> Tensor:
        """The only call of the function: at a point of its own, and its values are copied.

        So it may change its argument, keep it, or return the same buffer each time. Whole
        numbers count as float64, which holds them exactly up to 2⁵³.
        """
        require_point(theta)
        point = theta.clone()
        if point.requires_grad:
            # Its gradient may repeat one number in memory, or be a tensor of the function's own.
            point.register_hook(lambda grad: grad.clone(memory_format=torch.contiguous_format))
        values = self._function(point)
        if not (isinstance(values, Tensor) and _one_for_each(values, theta)):
            given = type(values).__name__
            if isinstance(values, Tensor):
                given = f"{values.dtype} {tuple(values.shape)} {values.layout} {values.device}"
            raise ValueError(
                f"the function returned {given} for theta of shape {tuple(theta.shape)}; accepted: "
                f"a real dense tensor of shape {(len(theta),)} on {theta.device}, one loss for "
                "each seed"
            )
        return values.clone() if values.is_floating_point() else values.double()

    def __call__(self, theta: Tensor) -> Tensor:
        return self._value(theta if torch.is_grad_enabled() else constant(theta))

    def many(self, thetas: Tensor) -> Tensor:
        points = thetas.detach() if thetas.requires_grad else thetas
        if self._how == "batched":
            with self._vectorising(points[0]):
                return torch.func.vmap(self._value)(points)
        return torch.stack([self._value(point) for point in points])

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        if self._how == "batched":
            with self._vectorising(theta):
                return loops.batched(self._value, theta, step)
        return loops.plain(self._value, theta, step)

    @contextmanager
    def _vectorising(self, theta: Tensor) -> Iterator[None]:
        """Errors of ``torch.func.vmap`` in one line; those that the function has at θ, as such."""
        try:
            yield
        except Exception as error:
            self(theta)
            raise ValueError(
                "how='batched' needs a function that torch.func.vmap takes, which this is not: "
                f"{str(error).splitlines()[0]}; accepted: how='plain'"
            ) from error

    def with_subgradient(self, alpha: float) -> "WrappedObjective":
        raise ValueError(
            f"the slope {alpha} at kinks cannot be chosen: this objective is a plain callable "
            "and does not show where its kinks are; use a mode other than subgradient"
        )


def _one_for_each(values: Tensor, theta: Tensor) -> bool:
    plain = values.layout == torch.strided and not values.is_complex()
    return plain and values.device == theta.device and values.shape == theta.shape[:1]


def objective(function: Callable[[Tensor], Tensor], *, how: How = "plain") -> WrappedObjective:
    """The objective of any loss f(θ): [S, P] -> [S], where S losses are stacked.

    ``how='plain'`` calls ``function`` once per evaluation and never differentiates it, so it may
    be a simulator or any other black box that takes and returns tensors. ``how='batched'``
    evaluates many points in one call through ``torch.func.vmap`` and needs a function of torch
    operations. Each call has a copy of the point, and what it returns is copied. Raises
    ``ValueError`` for another ``how``; the objective does for a θ that is not floating point, for
    values that are not one loss a seed, and for a derivative that torch does not have.

    >>> f = objective(lambda theta: (theta**2).sum(-1))
    >>> f.sweep(torch.zeros(1, 2), 0.5).losses
    tensor([[0.2500, 0.2500]])
    """
    if how not in ("plain", "batched"):
        raise ValueError(f"how={how!r} is not known; accepted: 'plain', 'batched'")
    return WrappedObjective(function, how)
