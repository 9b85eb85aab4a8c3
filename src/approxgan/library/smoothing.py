"""A black box inside a differentiable model: it alone is differenced, sample by sample."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator
from approxgan.library.building import built, name_of, number_of
from approxgan.library.evaluation import tensor
from approxgan.library.parameters import FINEST, KINDS, Parameters
from approxgan.library.randomness import GeneratorStreams, common_draws, generator_of
from approxgan.library.steps import NoiseWarning, first_look
from approxgan.objective.black_box import objective


def smooth(
    function: Callable[..., Any],
    mode: str | GradientEstimator,
    *,
    eps: float,
    generator: torch.Generator | int | None = None,
    common: bool = True,
    **settings: Any,
) -> Callable[..., Tensor]:
    """A black box x [B, ...] -> y [B, ...] as a function that autograd goes through.

    Row b of y must depend on row b of x alone. The rest of a graph backpropagates as ever. Where
    it asks for vᵀ∂y/∂x, each row's is estimated as the gradient of ⟨v_b, y(x_b)⟩ by ``mode``, all
    rows in the same calls: ``central_difference`` calls the function 2 (n + 1) times for n numbers
    a row, ``spsa`` twice a direction. The first backward pass calls it up to three times more, to
    warn (``NoiseWarning``) of values that differ at the same point. Further arguments are handed
    on; none may need gradients.

    The function may return tensors or NumPy arrays; it is given copies of x. The result has a type
    of floating point, that of x where the function's own is none, and its device. ``mode``, ``eps``
    (a number), ``generator``, ``common`` and ``settings`` are those of ``approxgan.estimate``; all
    calls of the backward pass draw as that of the forward pass did. Derivatives of the result are
    of the first order alone. Raises ``InputError`` for what it cannot do: here for a mode that
    differentiates, at the call for an x that is not floating point, and values that are not finite
    or not one for each row.
    """
    if not callable(function):
        raise InputError(f"function is {type(function).__name__}; accepted: a function")
    estimator = built(mode, settings)
    if estimator.differentiates or not estimator.takes_epsilon:
        raise InputError(f"{name_of(mode)} does not difference; accepted: a mode of differences")
    step = number_of(eps, mode)

    def smoothed(x: Tensor, *more: Any, **named: Any) -> Tensor:
        if not (isinstance(x, Tensor) and x.dtype in KINDS and x.dim() and x.numel()):
            kind = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise InputError(f"x is {kind}; accepted: a floating-point tensor with rows")
        for which, given in (*enumerate(more, 1), *named.items()):
            if isinstance(given, Tensor) and given.requires_grad and torch.is_grad_enabled():
                raise InputError(
                    f"argument {which} after x needs gradients, but a black box has those of x "
                    "alone; accepted: one without (detach), or as a part of x"
                )
        source = generator_of(generator, x.device)
        Parameters(x.detach(), "x").require_moved(step)

        def called(x: Tensor) -> Any:
            return function(x, *more, **named)

        box = _Box(called, function, estimator, step, source, x.detach(), common)
        return _Smoothed.apply(x, box)  # pyright: ignore[reportReturnType]

    return smoothed


class _Box:
    """One call of a black box, and what its derivative needs."""

    def __init__(
        self,
        function: Callable[[Tensor], Any],
        given: Callable[..., Any],
        estimator: GradientEstimator,
        step: float,
        source: torch.Generator,
        x: Tensor,
        common: bool,
    ) -> None:
        self._function, self._given = function, given
        self._estimator, self._step, self._source = estimator, step, source
        self._x = x.clone()
        self._draws = common_draws(common, x.device)

    def call(self, x: Tensor) -> Tensor:
        """y [B, ...] in a type of floating point; no memory is shared with the function."""
        given = self._function(x.clone())
        if given is None:
            raise InputError("the function returned None; accepted: a tensor or an array")
        try:
            y = tensor(given, device=x.device).detach()
        except (TypeError, ValueError, RuntimeError) as error:
            kind = getattr(given, "dtype", "")
            raise InputError(
                f"the function returned {type(given).__name__} {kind}".rstrip()
                + "; accepted: a tensor or an array of numbers"
            ) from error
        real = y.dtype in KINDS if y.is_floating_point() else not y.is_complex()
        if y.layout != torch.strided or not real or y.dim() < 1 or len(y) != len(x):
            raise InputError(
                f"the function returned {y.dtype} {tuple(y.shape)} {y.layout} for x "
                f"{tuple(x.shape)}; accepted: real numbers, strided, {len(x)} rows"
            )
        own = isinstance(given, Tensor) and y.is_floating_point()
        y = y.clone() if own else y.to(x.dtype, copy=True)
        wrong = ~y.isfinite().reshape(len(y), -1).all(1)
        if wrong.any():
            raise InputError(
                f"the function is not finite in row {int(wrong.nonzero()[0])}; accepted: finite "
                "numbers"
            )
        return y

    def value(self) -> Tensor:
        return self.call(self._x)

    def pulled(self, v: Tensor) -> Tensor:
        """vᵀ∂y/∂x, of the shape and type of x."""
        x = self._x
        fine = torch.promote_types(x.dtype, FINEST)

        def product(theta: Tensor) -> Tensor:
            """[B]: ⟨v, y⟩ of every row."""
            if self._draws is not None:
                self._draws.rewind()
            y = self.call(theta.to(x.dtype).view(x.shape))
            kind = torch.promote_types(fine, y.dtype)
            return (v.to(kind) * y.to(kind)).reshape(len(x), -1).sum(1)

        now = common_draws(self._draws is not None, x.device)
        theta = x.reshape(len(x), -1).to(fine)
        if self._draws is not None and first_look(self._given):
            _notice_noise(product, theta, self._step)
        rng = GeneratorStreams(self._source, len(x), fine)
        made = self._estimator.estimate(objective(product), theta, eps=self._step, rng=rng)
        if now is not None:
            now.rewind()  # A backward pass draws nothing of its own.
        return made.grad.view(x.shape).to(x.dtype)


def _notice_noise(product: Callable[[Tensor], Tensor], theta: Tensor, step: float) -> None:
    """Warn of a function that differs at one point, with the same draws, as much as over a step."""
    first, again = product(theta), product(theta)
    noise = (first - again).square().mean().sqrt()
    if noise <= 16.0 * torch.finfo(first.dtype).eps * first.abs().max():
        return
    if (product(theta + step) - first).square().mean().sqrt() < 4.0 * noise:
        warnings.warn(
            f"the function differs at the same point with the same draws: differences at "
            f"eps={step:.2g} are mostly noise; a larger step, or draws by the default generators, "
            "helps",
            NoiseWarning,
            stacklevel=2,
        )


class _Smoothed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, box: _Box) -> Tensor:
        ctx.box = box
        return box.value()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:  # pyright: ignore
        (v,) = grads
        return (ctx.box.pulled(v) if ctx.needs_input_grad[0] else None), None
