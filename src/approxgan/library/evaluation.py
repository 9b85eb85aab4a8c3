"""Evaluations of a user's loss: at points of their own, checked, counted, with common draws."""

import ctypes
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import Sweep
from approxgan.library.parameters import FINEST, Parameters
from approxgan.library.randomness import common_draws

Many = Literal["loop", "vmap"] | Callable[[list[Any]], Any]
FINE = (torch.float32, torch.float64)
"""Types in which losses are compared."""
HELD = 2**20
"""Numbers of points or directions that are held at once, unless one of them is larger."""


def number(result: Any, device: torch.device) -> Tensor:
    """A loss as a tensor without dimensions, at least float32, that shares no memory with it.

    It is on the device of the parameters. Raises ``InputError`` unless it is one real number.
    """
    if isinstance(result, Tensor):
        usual = result.layout == torch.strided and not result.is_meta
        if result.numel() == 1 and usual and not result.is_complex():
            value = result.reshape(()) if result.dim() else result
            if value.device != device:
                value = value.to(device)
            if not value.is_floating_point():
                return value.double()
            return value.clone() if value.element_size() >= 4 else value.to(FINEST)
        raise InputError(
            f"the loss returned {result.dtype} of shape {tuple(result.shape)}"
            f"{'' if usual else f', {result.layout} on {result.device}'}; accepted: one real "
            "number; many= evaluates many points"
        )
    array = np.asarray(result) if result is not None else np.empty(0)
    if array.size != 1 or array.dtype.kind not in "biuf":
        shape = f" of shape {array.shape}" if isinstance(result, np.ndarray) else ""
        raise InputError(
            f"the loss returned {type(result).__name__}{shape}; accepted: one real number"
        )
    return torch.tensor(float(array.reshape(())), dtype=torch.float64, device=device)


def tensor(given: Any, **kind: Any) -> Tensor:
    """``torch.as_tensor``; of an array's copy, as torch takes no steps backwards and warns of
    arrays that are not to be written."""
    array = hasattr(given, "__array__") and not isinstance(given, Tensor)
    return torch.as_tensor(np.array(given) if array else given, **kind)


def _single(value: float) -> float:
    """Rounded to float32: of a sum, difference or quotient of such numbers, as float32 does it."""
    return ctypes.c_float(value).value


class LossObjective:
    """``core.protocols.Lines`` of a user's loss, for displacements [1, P] of its parameters.

    ``evaluations`` counts the calls of the loss. The loss is called with the point, unless it
    takes no argument; then the parameters must be a module's. One that takes ``generator`` is
    handed one. Each point is made of tensors of its own, so the loss may change or keep them.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        parameters: Parameters,
        many: Many = "loop",
        *,
        common: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        if not callable(loss):
            raise InputError(f"loss is {type(loss).__name__}; accepted: a function")
        if not callable(many) and not (isinstance(many, str) and many in ("loop", "vmap")):
            raise InputError(f"many is {many!r}; accepted: 'loop', 'vmap' or a function")
        self.parameters = parameters
        self.origin = parameters.tensors[0].new_zeros(1, dtype=parameters.dtype)
        self.origin = self.origin.expand(1, parameters.count)
        self.block = max(1, min(32, HELD // parameters.count))
        self.evaluations = 0
        self._loss, self._many = loss, many
        self._takes_point, takes_generator = signature(loss, parameters.module is not None)
        handed = None
        if takes_generator:
            handed = torch.Generator(parameters.device)
            handed.manual_seed(int(torch.empty((), dtype=torch.int64).random_(generator=generator)))
        self._more = {"generator": handed} if takes_generator else {}
        self._draws = common_draws(common, parameters.device, handed)
        self._base: Tensor | None = None

    def __call__(self, theta: Tensor) -> Tensor:
        return self._finite(self._one(self._at(theta))[None])

    def _at(self, theta: Tensor, step: float = 1.0) -> list[Tensor]:
        """The point θ + step · u for one displacement [1, P]."""
        return self.parameters.displaced(self.parameters.pieces(theta[0]), step)

    def _one(self, tensors: Sequence[Tensor]) -> Tensor:
        return number(self._result(tensors), self.parameters.device)

    def _result(self, tensors: Sequence[Tensor]) -> Any:
        """What the only call of the loss returns."""
        self._rewind()
        self.evaluations += 1
        return self._called(tensors)

    def _rewind(self) -> None:
        if self._draws is not None and self.evaluations:
            self._draws.rewind()

    def _called(self, tensors: Sequence[Tensor]) -> Any:
        parameters = self.parameters
        if parameters.module is None:
            return self._loss(parameters.point(tensors), **self._more)
        given = (parameters.module,) if self._takes_point else ()
        return parameters.inside(tensors, self._loss, *given, **self._more)

    def _finite(self, values: Tensor) -> Tensor:
        """The newest values [K]; raises ``InputError`` unless all are finite."""
        first = self.evaluations - len(values) + 1
        for which, value in enumerate(values.tolist(), first):
            self._require_finite(value, which)
        return values

    def _require_finite(self, value: float, which: int) -> None:
        if not math.isfinite(value):
            raise InputError(
                f"the loss is {value} at evaluation {which} of this estimate; "
                "accepted: finite numbers"
            )

    def base(self) -> Tensor:
        """[1]: the loss at the parameters themselves, evaluated once."""
        if self._base is None:
            self._base = self(self.origin)
        return self._base

    def repeated(self, count: int) -> Tensor:
        """[count]: so many evaluations at the parameters themselves."""
        values = self.many(self.origin.expand(count, 1, -1))[:, 0].detach()
        if self._many == "loop":  # Otherwise it would be rounded by other arithmetic.
            self._base = values[:1]
        return values

    def many(self, thetas: Tensor) -> Tensor:
        if self._many == "loop":
            values = torch.stack([self._one(self._at(theta)) for theta in thetas])
        elif self._many == "vmap":
            values = self._vectorised(thetas[:, 0])
        else:
            values = self._pooled(thetas)
        return self._finite(values)[:, None]

    def _vectorised(self, rows: Tensor) -> Tensor:
        """[K] for displacements [K, P], in one call."""
        parameters = self.parameters

        def one(row: Tensor) -> Tensor:
            result = self._called(parameters.displaced(parameters.pieces(row)))
            if not isinstance(result, Tensor):
                raise TypeError(f"the loss returned {type(result).__name__}")
            return number(result, parameters.device)

        self._rewind()
        randomness = "same" if self._draws is not None else "different"
        self.evaluations += len(rows)
        try:
            return torch.func.vmap(one, randomness=randomness)(rows)
        except Exception as error:
            self._one(self._at(rows[:1]))  # What the loss has in any case is its own error.
            raise InputError(
                "many='vmap' needs a loss that torch.func.vmap takes, which this is not: "
                f"{str(error).partition(chr(10))[0]}; accepted: many='loop'"
            ) from error

    def _pooled(self, thetas: Tensor) -> Tensor:
        self._rewind()
        self.evaluations += len(thetas)
        points = [self.parameters.point(self._at(theta)) for theta in thetas]
        assert callable(self._many)
        given: Any = self._many(points)
        if isinstance(given, dict | str) or not np.iterable(given):
            raise InputError(
                f"many returned {type(given).__name__}; accepted: a number for each of "
                f"{len(points)} points"
            )
        found = list(given)
        if len(found) != len(points):
            raise InputError(
                f"many returned {len(found)} numbers for {len(points)} points; accepted: one each"
            )
        return torch.stack([number(value, self.parameters.device) for value in found])

    def along(
        self, theta: Tensor, directions: Tensor, step: float | Tensor, *, two_sided: bool
    ) -> tuple[Tensor, Tensor]:
        width = float(step)
        if theta is not self.origin or self._many != "loop":
            others = theta - width * directions if two_sided else theta[None]
            values = self.many(torch.cat([theta + width * directions, others])).detach()
            return values[: len(directions)], values[len(directions) :]
        values, signs = [], (width, -width)[: 1 + two_sided]
        for direction in directions.squeeze(1).unbind():
            pieces = self.parameters.pieces(direction)
            values += [self._one(self.parameters.moved(pieces, sign)) for sign in signs]
        made = self._finite(torch.stack(values).detach()).view(-1, len(signs), 1).unbind(1)
        return made[0], made[1] if two_sided else self.base().detach()[None]

    @property
    def slope(self) -> Callable[..., tuple[float, Tensor]] | None:
        return self._slope if self._many == "loop" and self.origin.is_cpu else None

    def _slope(self, direction: Tensor, step: float, *, two_sided: bool) -> tuple[float, Tensor]:
        parameters = self.parameters
        pieces = parameters.pieces(direction[0])
        first, kind = self._told(parameters.moved(pieces, step))
        if two_sided:
            second, other = self._told(parameters.moved(pieces, -step))
        else:
            second, other = self.base().item(), self.base().dtype
        if other is not kind:
            kind = torch.promote_types(kind, other)
        rounded = _single if kind is torch.float32 else float
        value = rounded(first + second) / 2.0 if two_sided else second
        width = rounded(2.0 * step if two_sided else step)
        change = rounded(first - second)
        slope = rounded(change / width) if width else change * math.inf
        return slope, torch.full((1,), value, dtype=kind, device=parameters.device)

    def _told(self, tensors: Sequence[Tensor]) -> tuple[float, torch.dtype]:
        """An evaluation as ``number`` has it: its value, and its type."""
        made = self._result(tensors)
        usual = isinstance(made, Tensor) and made.is_cpu and made.layout is torch.strided
        if not (usual and made.dtype in FINE and made.numel() == 1):
            made = number(made, self.parameters.device)
        value = made.item()
        self._require_finite(value, self.evaluations)
        return value, made.dtype

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        steps = torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)[0]
        if self._many != "loop":
            return self._swept_together(theta, steps)
        value = self.base() if theta is self.origin else self(theta)
        at, losses = self._at(theta), []
        for place, tensor in enumerate(at):
            for where in np.ndindex(tensor.shape):
                point = [other.clone() for other in at]
                moved = point[place]
                # Not in place: the type of the step may be finer.
                moved[where] = moved[where] + steps[len(losses)]
                losses.append(self._one(point).detach())
        return Sweep(self._finite(torch.stack(losses))[None], value.detach())

    def _swept_together(self, theta: Tensor, steps: Tensor) -> Sweep:
        """Chunks of points in one call each; the base is a row of the first."""
        found, size = [], max(1, min(256, HELD // len(steps)))
        for start in range(-1, len(steps), size):
            index = torch.arange(start, min(start + size, len(steps)), device=steps.device)
            rows = theta.repeat(len(index), 1)
            own = (index >= 0).nonzero().flatten()
            rows[own, index[own]] += steps[index[own]]
            found.append(self.many(rows[:, None]).detach())
        values = torch.cat(found)[:, 0]
        return Sweep(values[None, 1:], values[:1])

    def with_subgradient(self, alpha: float) -> "LossObjective":
        raise InputError(
            f"the slope {alpha} at kinks cannot be chosen: a plain function does not show where "
            "its kinks are; accepted: a mode other than subgradient"
        )


def signature(loss: Callable[..., Any], of_module: bool) -> tuple[bool, bool]:
    """Whether a loss takes the point, and whether it takes ``generator``.

    Raises ``InputError`` for one that needs other arguments, or none where the point can reach it
    only as its argument.
    """
    if type(loss) is FunctionType and not loss.__dict__:
        return _of_code(loss.__code__, len(loss.__defaults__ or ()), of_module)
    try:
        taken = inspect.signature(loss).parameters
    except (TypeError, ValueError):  # of compiled functions
        return True, False
    return _read(taken, of_module)


@lru_cache
def _of_code(code: CodeType, defaults: int, of_module: bool) -> tuple[bool, bool]:
    """``signature`` of a function without attributes: a loop asks for it at every step."""
    cells = tuple(CellType() for _ in code.co_freevars)
    like = FunctionType(code, {}, None, (None,) * defaults, cells)
    return _read(inspect.signature(like).parameters, of_module)


def _read(taken: Mapping[str, inspect.Parameter], of_module: bool) -> tuple[bool, bool]:
    places = [p for name, p in taken.items() if name != "generator"]
    several = any(p.kind is p.VAR_POSITIONAL for p in places)
    places = [p for p in places if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in places)
    if needed > 1:
        raise InputError(
            f"the loss needs {needed} arguments; accepted: loss(params), with or without "
            "generator=, or loss() of a module"
        )
    takes = needed == 1 or several or (bool(places) and not of_module)
    if not takes and not of_module:
        raise InputError(
            "the loss takes no argument, so no point reaches it; accepted: loss(params), or an "
            "nn.Module as params"
        )
    return takes, "generator" in taken
