"""The tensors of a user's structure that are estimated, and points beside them.

Whatever the structure, an estimator sees one vector of displacements [P] from where the tensors
are. A point is made of new tensors: the user's own are never written.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import starmap
from operator import setitem
from typing import Any

import torch
from torch import Tensor, nn
from torch._C import _functorch  # pyright: ignore[reportAttributeAccessIssue]
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from approxgan.core.errors import InputError

FINEST = torch.float32
"""Displacements and differences are at least this fine."""
KINDS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
SPACING = {kind: torch.finfo(kind).eps for kind in KINDS}
"""Of numbers near 1."""


class Parameters:
    """A tensor, a list, tuple or dict of tensors, nested or not, or an ``nn.Module``.

    Estimated are the tensors that need gradients. Where none does, all are but frozen
    ``nn.Parameter``s. A tensor that stands in several places counts once. Raises ``InputError``
    for a structure that holds no such tensor, something else, or tensors that are not real
    floating point, strided, and on one device; ``called`` is what the message calls them.
    """

    def __init__(self, given: Any, called: str = "params") -> None:
        self._called = called
        self.module = given if isinstance(given, nn.Module) else None
        held: list[tuple[dict[str, Any], str, Tensor]] = []
        buffers: list[tuple[dict[str, Any], str, Tensor]] = []
        named: list[tuple[str, Tensor]] = []
        for place, part in self.module.named_modules() if self.module is not None else ():
            for name, tensor in part._parameters.items():
                if tensor is not None:
                    held.append((part._parameters, name, tensor))
                    named.append((f"{place}.{name}" if place else name, tensor))
            for name, tensor in part._buffers.items():
                if tensor is not None:
                    buffers.append((part._buffers, name, tensor))
        places = self._chosen(named if self.module is not None else list(_leaves(given, called)))
        self._slots = [
            (owner, name, places[id(tensor)])
            for owner, name, tensor in held
            if id(tensor) in places
        ]
        self._buffers = buffers
        self._kept = held + buffers
        if self.module is not None:
            self._form = {name: place for place, name in enumerate(self.names)}
        else:
            self._form = _mapped(given, lambda leaf: places.get(id(leaf), leaf))
        kinds = {tensor.dtype for tensor in self.tensors}
        self.dtype = reduce(torch.promote_types, kinds, FINEST)
        self.device = self.tensors[0].device
        self.alike = kinds == {self.dtype}
        self.count = sum(self.sizes)
        if not self.count:
            raise InputError("params hold no numbers; accepted: at least one")

    def _chosen(self, named: list[tuple[str, Tensor]]) -> dict[int, int]:
        """Set ``tensors``, those that are estimated, once each, and ``names``: the place of each
        by its identity."""
        wanted = [both for both in named if both[1].requires_grad]
        if not wanted and self.module is None:
            wanted = [(n, t) for n, t in named if not isinstance(t, nn.Parameter)]
        if not wanted:
            raise InputError(
                "params hold no tensor that needs gradients; accepted: at least one with "
                "requires_grad=True, or plain tensors"
            )
        places: dict[int, int] = {}
        self.names, self.own, self.tensors, self.sizes = [], [], [], []
        device = wanted[0][1].device
        for name, tensor in wanted:
            if id(tensor) in places:
                continue
            strided = tensor.layout is torch.strided and not tensor.is_nested
            usual = strided and tensor.dtype in KINDS and tensor.device == device
            if not usual or is_lazy(tensor):
                raise InputError(self._wrong(name, tensor))
            places[id(tensor)] = len(places)
            self.names.append(name)
            self.own.append(tensor)
            self.tensors.append(tensor.detach())
            self.sizes.append(tensor.numel())
        if any(map(_functorch.is_batchedtensor, self.tensors)):
            raise InputError(
                f"{self._called} are many at once, of torch.func.vmap; accepted: a call for each, "
                "outside of vmap"
            )
        return places

    def _wrong(self, name: str, tensor: Tensor) -> str:
        if is_lazy(tensor):
            return f"{name} has no shape yet; accepted: a lazy module that was called once before"
        kind = "nested" if tensor.is_nested else tensor.layout
        if tensor.dtype not in KINDS or kind != torch.strided:
            accepted = ", ".join(str(kind) for kind in KINDS)
            return f"{name} is {tensor.dtype} {kind}; accepted: strided tensors of {accepted}"
        first = f"{self.names[0]} on {self.own[0].device}"
        return f"{name} is on {tensor.device}, {first}; accepted: one device"

    def __getstate__(self) -> dict[str, Any]:
        """What ``structured`` needs alone: no tensor of the user's, and not the module."""
        form = _mapped(self._form, lambda part: part if isinstance(part, int) else None)
        return {"_form": form, "sizes": self.sizes, "tensors": [t.to("meta") for t in self.tensors]}

    def pieces(self, vector: Tensor) -> list[Tensor]:
        """A vector [P] as views in the shapes of the tensors."""
        parts = vector.split_with_sizes(self.sizes)
        both = zip(parts, self.tensors, strict=True)
        return [part if t.dim() == 1 else part.view_as(t) for part, t in both]

    def displaced(self, pieces: Sequence[Tensor], step: float = 1.0) -> list[Tensor]:
        """New tensors: θ + step · u for every piece of u, in the types of the tensors."""
        both = zip(self.tensors, pieces, strict=True)
        return self._typed([torch.add(t, u, alpha=step) for t, u in both])

    def moved(self, pieces: Sequence[Tensor], step: float) -> Sequence[Tensor]:
        """``displaced`` in one call, which ``torch.func.vmap`` does not take."""
        made = torch._foreach_add(self.tensors, pieces, alpha=step)  # pyright: ignore
        return self._typed(made)

    def _typed(self, made: Any) -> list[Tensor]:
        if self.alike:
            return made
        return [m.to(t.dtype) for m, t in zip(made, self.tensors, strict=True)]

    def require_moved(self, step: float | Tensor) -> None:
        """Raise ``InputError`` for a step, a number or [1, P], that rounding loses everywhere."""
        if isinstance(step, Tensor):
            told, steps = "eps", self.pieces(step[0])
        else:
            first = self.tensors[0]
            size = abs(first.as_strided((), ()).item()) if self.sizes[0] else 0.0
            if step > SPACING[first.dtype] * size:
                return  # One number decides it, mostly.
            told, steps = f"eps={step:g}", [step] * len(self.sizes)
        for tensor, size in zip(self.tensors, steps, strict=True):
            if any(not torch.equal((tensor + s).to(tensor.dtype), tensor) for s in (size, -size)):
                return
        raise InputError(
            f"{told} is lost in {self.tensors[0].dtype}: {self._called} + eps rounds to "
            f"{self._called}; accepted: a larger step, or {self._called} of a finer type"
        )

    def vector(self) -> Tensor:
        """[P]: a copy of the tensors."""
        return torch.cat([t.reshape(-1).to(self.dtype) for t in self.tensors])

    def flattened(self, given: Any) -> Tensor:
        """[P] of another structure of the same form; ``InputError`` for one that is not."""
        other = [tensor for _, tensor in _leaves(given, "eps")]
        for t in other:
            if t.dtype == torch.bool or t.is_complex() or t.layout != torch.strided or t.is_meta:
                raise InputError(
                    f"eps holds {t.dtype} {t.layout} on {t.device}; accepted: real numbers, strided"
                )
        if [t.shape for t in other] != [t.shape for t in self.tensors]:
            raise InputError(
                f"eps has tensors of shapes {[tuple(t.shape) for t in other]}, but params of "
                f"{[tuple(t.shape) for t in self.tensors]}; accepted: the same, or one number"
            )
        return torch.cat([t.detach().reshape(-1).to(self.device, self.dtype) for t in other])

    def structured(self, vector: Tensor) -> Any:
        """A vector [P] in the structure and types of the parameters: None where frozen.

        A dict by name for a module.
        """
        parts = self.pieces(vector)
        made = [part.to(t.dtype) for part, t in zip(parts, self.tensors, strict=True)]
        return _mapped(self._form, lambda part: made[part] if isinstance(part, int) else None)

    def point(self, tensors: Sequence[Tensor]) -> Any:
        """The structure with these in place of the estimated tensors, the others copied."""

        def put(part: int | Tensor) -> Tensor:
            return tensors[part] if isinstance(part, int) else part.detach().clone()

        return _mapped(self._form, put)

    def inside(
        self, tensors: Sequence[Tensor], call: Callable[..., Any], *given: Any, **named: Any
    ) -> Any:
        """What a call returns while the module has these tensors, and copies of its buffers."""
        back = starmap(setitem, self._kept)
        cached = parametrize._cache
        try:
            parametrize._cache = {}  # of other points, where the user caches parametrizations
            for owner, name, place in self._slots:
                owner[name] = tensors[place]
            for owner, name, tensor in self._buffers:
                owner[name] = tensor.clone()
            return call(*given, **named)
        finally:
            any(back)  # One call, which no signal interrupts: Ctrl-C never leaves a moved point.
            parametrize._cache = cached


def _leaves(given: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a structure, and where it stands."""
    if isinstance(given, Tensor):
        yield name, given
    elif isinstance(given, dict):
        for key, value in given.items():
            yield from _leaves(value, f"{name}[{key!r}]")
    elif isinstance(given, list | tuple):
        for number, value in enumerate(given):
            yield from _leaves(value, f"{name}[{number}]")
    else:
        raise InputError(
            f"{name} is {type(given).__name__}; accepted: a tensor, a list, tuple or dict of "
            f"them{', or an nn.Module' if name == 'params' else ''}"
        )


def _mapped(given: Any, leaf: Callable[[Any], Any]) -> Any:
    """The structure with everything in it replaced."""
    if isinstance(given, dict):
        return {key: _mapped(value, leaf) for key, value in given.items()}
    if isinstance(given, list | tuple):
        made = [_mapped(value, leaf) for value in given]
        if hasattr(given, "_fields"):  # a named tuple
            return type(given)(*made)
        return tuple(made) if isinstance(given, tuple) else made
    return leaf(given)
