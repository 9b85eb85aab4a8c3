"""The score function's gradient of an expected loss, for draws that cannot be differentiated."""

from typing import Any

import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.library.evaluation import tensor

BASELINE = "leave_one_out"


def surrogate(
    losses: Any, log_prob: Tensor, baseline: str | float | Tensor | None = None
) -> Tensor:
    """A number whose value is the mean loss and whose gradient estimates that of the expected one.

    ``losses`` [K] or [K, B] are those of K draws, and ``log_prob``, of the same shape, are the
    draws' log-probabilities, with the graph of the parameters. The gradient is
    (1/K) Σ_k (f_k - b_k) ∇log p_k (Williams 1992), and the mean of it over B. Losses with a graph
    of their own add the mean of ∇f_k. It is unbiased where b_k does not depend on draw k.

    ``baseline``: None, numbers or a tensor that the losses' shape takes, or 'leave_one_out': the
    mean loss of the other K - 1 draws (Kool, van Hoof and Welling 2019). Its gradient is that of
    the first order alone. Raises ``InputError`` for shapes that differ, for losses that are not
    finite and real, for log-probabilities without a graph, and for one draw left out of one.
    """
    if not isinstance(log_prob, Tensor) or not log_prob.requires_grad:
        raise InputError(
            f"log_prob is {_kind(log_prob)} without a graph; accepted: a tensor computed from "
            "parameters that need gradients"
        )
    values = _tensor("losses", losses, device=log_prob.device)
    if values.shape != log_prob.shape or values.dim() not in (1, 2) or not values.numel():
        raise InputError(
            f"losses are {_kind(values)} and log_prob is {_kind(log_prob)}; accepted: one shape, "
            "[K] or [K, B]"
        )
    for name, given in (("losses", values), ("log_prob", log_prob)):
        if given.is_complex() or not given.isfinite().all():
            raise InputError(f"{name} of {given.dtype} are not all finite and real; accepted: such")
    if not values.is_floating_point():
        values = values.to(log_prob.dtype)
    centred = values.detach() - _baseline(values.detach(), baseline)
    # The value of the second term is 0.
    return (values + centred * (log_prob - log_prob.detach())).mean()


def _baseline(values: Tensor, baseline: str | float | Tensor | None) -> Tensor | float:
    if baseline is None:
        return 0.0
    if isinstance(baseline, str):
        if baseline != BASELINE:
            raise InputError(
                f"baseline is {baseline!r}; accepted: {BASELINE!r}, a number, a tensor or None"
            )
        if len(values) < 2:
            raise InputError(f"{BASELINE} of {len(values)} draw; accepted: 2 draws or more")
        return (values.sum(0) - values) / (len(values) - 1)
    given = _tensor("baseline", baseline, dtype=values.dtype, device=values.device).detach()
    if not given.isfinite().all():
        raise InputError("baseline is not finite; accepted: finite numbers")
    try:
        return given.expand_as(values)
    except RuntimeError as error:
        raise InputError(
            f"baseline is {_kind(given)}, losses are {_kind(values)}; accepted: a shape that "
            "expands to theirs"
        ) from error


def _tensor(name: str, given: Any, **kind: Any) -> Tensor:
    try:
        made = tensor(given, **kind)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name}: {_kind(given)} is no array; accepted: numbers") from error
    if made.layout != torch.strided:
        raise InputError(f"{name} is {made.layout}; accepted: strided tensors, arrays, numbers")
    return made


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} {tuple(value.shape)}"
    return type(value).__name__
