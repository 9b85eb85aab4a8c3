"""The tensors of a user's structure that are estimated, and points beside them.

Whatever the structure, an estimator sees one vector of displacements [P] from where the tensors
are. A point is made of new tensors: the user's own are never written.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from approxgan.core.errors import InputError

FINEST = torch.float32
"""Displacements and differences are at least this fine."""
KINDS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class Parameters:
    """A tensor, a list, tuple or dict of tensors, nested or not, or an ``nn.Module``.

    Estimated are the tensors that need gradients. Where none does, all are but frozen
    ``nn.Parameter``s. A tensor that stands in several places counts once. Raises ``InputError``
    for a structure that holds no such tensor, something else, or tensors that are not real
    floating point, strided, and on one device.
    """

    def __init__(self, given: Any) -> None:
        self.given = given
        self.module = given if isinstance(given, nn.Module) else None
        parts = list(self.module.named_modules()) if self.module is not None else []
        held: list[tuple[str, dict[str, Any], str, Tensor]] = [
            (f"{place}.{name}" if place else name, part._parameters, name, tensor)
            for place, part in parts
            for name, tensor in part._parameters.items()
            if tensor is not None
        ]
        named = [(place, tensor) for place, _, _, tensor in held]
        self._chosen(named if self.module is not None else list(_leaves(given, "params")))
        self._slots = [
            (owner, name, self.place[id(tensor)], tensor)
            for _, owner, name, tensor in held
            if id(tensor) in self.place
        ]
        self._buffers = [
            (part._buffers, name, tensor)
            for _, part in parts
            for name, tensor in part._buffers.items()
            if tensor is not None
        ]
        kinds = {tensor.dtype for tensor in self.tensors}
        self.dtype = reduce(torch.promote_types, kinds, FINEST)
        self.device = self.tensors[0].device
        self.alike = kinds == {self.dtype}
        self.sizes = [tensor.numel() for tensor in self.tensors]
        self.count = sum(self.sizes)
        if not self.count:
            raise InputError("params hold no numbers; accepted: at least one")

    def _chosen(self, named: list[tuple[str, Tensor]]) -> None:
        """Set ``tensors``, those that are estimated, once each, and ``names``."""
        wanted = [(n, t) for n, t in named if t.requires_grad]
        if not wanted and self.module is None:
            wanted = [(n, t) for n, t in named if not isinstance(t, nn.Parameter)]
        if not wanted:
            raise InputError(
                "params hold no tensor that needs gradients; accepted: at least one with "
                "requires_grad=True, or plain tensors"
            )
        self.names, self.own = [], []
        self.place: dict[int, int] = {}
        device = wanted[0][1].device
        for name, tensor in wanted:
            if id(tensor) in self.place:
                continue
            if tensor.dtype not in KINDS or tensor.layout != torch.strided:
                raise InputError(
                    f"{name} is {tensor.dtype} {tensor.layout}; accepted: strided tensors of "
                    f"{', '.join(str(kind) for kind in KINDS)}"
                )
            if tensor.device != device:
                raise InputError(
                    f"{name} is on {tensor.device}, {self.names[0]} on {device}; "
                    "accepted: one device"
                )
            self.place[id(tensor)] = len(self.own)
            self.names.append(name)
            self.own.append(tensor)
        self.tensors = [tensor.detach() for tensor in self.own]

    def pieces(self, vector: Tensor) -> list[Tensor]:
        """A vector [P] as views in the shapes of the tensors."""
        parts = vector.split_with_sizes(self.sizes)
        both = zip(parts, self.tensors, strict=True)
        return [part if t.dim() == 1 else part.view_as(t) for part, t in both]

    def displaced(self, pieces: Sequence[Tensor], step: float = 1.0) -> list[Tensor]:
        """New tensors: θ + step · u for every piece of u, in the types of the tensors."""
        both = zip(self.tensors, pieces, strict=True)
        made = [torch.add(t, u, alpha=step) for t, u in both]
        if self.alike:
            return made
        return [m.to(t.dtype) for m, t in zip(made, self.tensors, strict=True)]

    def require_moved(self, step: float | Tensor, name: str = "params") -> None:
        """Raise ``InputError`` for a step, a number or [1, P], that rounding loses everywhere."""
        if isinstance(step, Tensor):
            told, steps = "eps", self.pieces(step[0])
        else:
            told, steps = f"eps={step:g}", [step] * len(self.sizes)
            few = self.tensors[0].reshape(-1)[:1]
            if step > torch.finfo(few.dtype).eps * abs(sum(few.tolist())):
                return  # One number decides it, mostly.
        for tensor, size in zip(self.tensors, steps, strict=True):
            if any(not torch.equal((tensor + s).to(tensor.dtype), tensor) for s in (size, -size)):
                return
        raise InputError(
            f"{told} is lost in {self.tensors[0].dtype}: {name} + eps rounds to {name}; accepted: "
            f"a larger step, or {name} of a finer type"
        )

    def vector(self) -> Tensor:
        """[P]: a copy of the tensors."""
        return torch.cat([t.reshape(-1).to(self.dtype) for t in self.tensors])

    def flattened(self, given: Any) -> Tensor:
        """[P] of another structure of the same form; ``InputError`` for one that is not."""
        other = [tensor for _, tensor in _leaves(given, "eps")]
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
        if self.module is not None:
            return dict(zip(self.names, made, strict=True))
        return _mapped(self.given, lambda leaf: self._at(leaf, made))

    def _at(self, leaf: Tensor, made: Sequence[Tensor]) -> Tensor | None:
        number = self.place.get(id(leaf))
        return None if number is None else made[number]

    def point(self, tensors: Sequence[Tensor]) -> Any:
        """The structure with these in place of the estimated tensors, the others copied."""
        if self.module is not None:
            return dict(zip(self.names, tensors, strict=True))

        def put(leaf: Tensor) -> Tensor:
            number = self.place.get(id(leaf))
            return leaf.detach().clone() if number is None else tensors[number]

        return _mapped(self.given, put)

    def inside(self, tensors: Sequence[Tensor], call: Callable[[], Any]) -> Any:
        """What a call returns while the module has these tensors, and copies of its buffers."""
        try:
            for held, name, number, _ in self._slots:
                held[name] = tensors[number]
            for held, name, tensor in self._buffers:
                held[name] = tensor.clone()
            return call()
        finally:
            for held, name, _, tensor in self._slots:
                held[name] = tensor
            for held, name, tensor in self._buffers:
                held[name] = tensor


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


def _mapped(given: Any, leaf: Callable[[Tensor], Any]) -> Any:
    """The structure with every tensor replaced."""
    if isinstance(given, dict):
        return {key: _mapped(value, leaf) for key, value in given.items()}
    if isinstance(given, list | tuple):
        made = [_mapped(value, leaf) for value in given]
        if hasattr(given, "_fields"):  # a named tuple
            return type(given)(*made)
        return tuple(made) if isinstance(given, tuple) else made
    return leaf(given)
