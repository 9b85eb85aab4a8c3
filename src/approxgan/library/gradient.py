"""Gradient estimates of a user's loss, returned or put into ``.grad``."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator, StepSize
from approxgan.library.building import built, name_of, number_of
from approxgan.library.evaluation import LossObjective, Many
from approxgan.library.parameters import Parameters
from approxgan.library.randomness import GeneratorStreams, generator_of
from approxgan.library.steps import notice_noise


@dataclass(frozen=True, eq=False)
class GradientEstimate:
    """A gradient estimate in the structure of the parameters, and what it cost."""

    value: Tensor
    """The loss, without dimensions: as of ``core.protocols.Estimate``."""
    forwards: int
    """Evaluations of the loss, all that were made; a Jacobian-vector product counts as two."""
    backwards: int
    """Reverse passes."""
    vector: Tensor
    """[P]: the gradient in the type that it was computed in, at least float32."""
    parameters: Parameters = field(repr=False)

    @cached_property
    def grads(self) -> Any:
        """As the parameters: None where a tensor is frozen; a dict by name for a module."""
        return self.parameters.structured(self.vector)

    def __getstate__(self) -> dict[str, Any]:
        """Without ``grads``: views, of which each would be stored with the whole vector."""
        return {key: value for key, value in vars(self).items() if key != "grads"}


def estimate(
    loss: Callable[..., Any],
    params: Any,
    mode: str | GradientEstimator,
    *,
    eps: Any = None,
    generator: torch.Generator | int | None = None,
    common: bool = True,
    many: Many = "loop",
    before: GradientEstimate | None = None,
    **settings: Any,
) -> GradientEstimate:
    """The gradient of a loss, estimated by a mode of this project or an estimator like them.

    ``loss(params)`` returns one real number: a tensor, a number of Python or NumPy. With an
    ``nn.Module`` as ``params``, ``loss()`` or ``loss(module)`` calls the module. A loss with an
    argument ``generator`` is handed a ``torch.Generator``.

    ``params``: see ``Parameters``. They are not written, nor are a module's buffers. ``mode`` is a
    name of ``approxgan list modes`` with its ``settings`` (``directions`` is 1 unless given), or
    an object like ``core.protocols.GradientEstimator``. ``eps`` is the step in parameter units: a
    number, or a structure like ``params`` for modes by coordinate; ``choose_step`` finds one.
    ``generator``, a ``torch.Generator`` or a seed, decides the directions; without one they are
    the system's. A seed gives the same directions at every call.

    ``common`` gives all evaluations the same draws of torch's, NumPy's and Python's default
    generators and of the one handed to the loss. Without it each draws anew, and noise of standard
    deviation σ adds about σ/ε to each slope. ``many`` evaluates K points: 'loop', 'vmap'
    (``torch.func.vmap``), or a function from a list of K points to K numbers, such as a pool's.
    ``before`` is the last estimate, for modes that go on from it (``stale_coordinates``).

    Raises ``InputError``, a ``ValueError``, for what it cannot do, before it changes anything.
    Warns ``NoiseWarning`` of a loss that differs at the same point.
    """
    with _no_inference():
        return _estimated(
            loss, Parameters(params), mode, settings, before,
            eps=eps, generator=generator, common=common, many=many,
        )  # fmt: skip


def backward(
    loss: Callable[..., Any],
    params: Any,
    mode: str | GradientEstimator,
    *,
    eps: Any = None,
    generator: torch.Generator | int | None = None,
    common: bool = True,
    many: Many = "loop",
    before: GradientEstimate | None = None,
    **settings: Any,
) -> GradientEstimate:
    """``estimate``, and its gradients added to the ``.grad`` of the parameters as autograd's are.

    Options and errors are those of ``estimate``. Any optimiser of ``torch.optim`` steps then.
    Where ``.grad`` was None it shares its memory with the result.
    """
    parameters = Parameters(params)
    for name, tensor in zip(parameters.names, parameters.own, strict=True):
        if not tensor.is_leaf:
            raise InputError(f"{name} is computed from other tensors; accepted: leaves")
    with _no_inference():
        made = _estimated(
            loss, parameters, mode, settings, before,
            eps=eps, generator=generator, common=common, many=many,
        )  # fmt: skip
        for tensor, part in zip(parameters.own, parameters.pieces(made.vector), strict=True):
            grad = part if parameters.alike else part.to(tensor.dtype)
            tensor.grad = grad if tensor.grad is None else _added(tensor.grad, grad)
    return made


def _added(held: Tensor, grad: Tensor) -> Tensor:
    """As autograd adds: in place where it can, without a graph."""
    with torch.no_grad():
        return held.add_(grad) if held.layout == torch.strided else grad + held


def _no_inference() -> AbstractContextManager[Any]:
    """Nothing that is made in it is an inference tensor, which refuses to be added to later."""
    return torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()


def _estimated(
    loss: Callable[..., Any],
    parameters: Parameters,
    mode: str | GradientEstimator,
    settings: dict[str, Any],
    before: GradientEstimate | None,
    *,
    eps: Any,
    generator: torch.Generator | int | None,
    common: bool,
    many: Many,
) -> GradientEstimate:
    """The estimate by displacements [1, P], with the evaluations that were made for it."""
    estimator = built(mode, settings)
    source = generator_of(generator, parameters.device)
    step = step_of(eps, estimator, parameters, mode)
    f = LossObjective(loss, parameters, many, common=common, generator=source)
    if common and step is not None and estimator.sides:
        notice_noise(f, many if callable(many) else loss, estimator.sides, step)
    rng = GeneratorStreams(source, 1, parameters.dtype)
    refresh = getattr(estimator, "refresh", None)
    if before is None:
        made = estimator.estimate(f, f.origin, eps=step, rng=rng)
    elif not isinstance(before, GradientEstimate):
        raise InputError(f"before is {type(before).__name__}; accepted: an estimate, or None")
    elif refresh is not None and len(before.vector) == parameters.count:
        made = refresh(before.vector.to(f.origin)[None], f, f.origin, eps=step, rng=rng)
    else:
        raise InputError(
            f"before has {len(before.vector)} numbers, params have {parameters.count}; accepted: "
            "an estimate of the same parameters, and a mode that refreshes it (stale_coordinates)"
        )
    forwards = made.forwards if estimator.differentiates else f.evaluations
    value = made.value.detach()[0]
    return GradientEstimate(value, forwards, made.backwards, made.grad[0], parameters)


def step_of(
    eps: Any, estimator: GradientEstimator, parameters: Parameters, mode: Any
) -> StepSize | None:
    """ε as the estimator takes it: a number or [1, P]."""
    name = name_of(mode)
    if not estimator.takes_epsilon:
        if eps is not None:
            raise InputError(f"eps={eps!r}: {name} takes none; accepted: None")
        return None
    if isinstance(eps, dict | list | tuple) or (isinstance(eps, Tensor) and eps.dim()):
        if not estimator.per_coordinate:
            raise InputError(
                f"eps is {type(eps).__name__}, but {name} moves all parameters together; "
                "accepted: a number > 0"
            )
        steps = parameters.flattened(eps)[None]
        if not (steps.isfinite() & (steps > 0)).all():
            raise InputError("eps holds numbers that are not > 0 and finite; accepted: such alone")
        parameters.require_moved(steps)
        return steps
    size = number_of(eps, mode)
    parameters.require_moved(size)
    return size
