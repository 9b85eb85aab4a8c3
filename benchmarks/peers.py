"""Gradient estimators of other libraries, as functions (loss, theta, eps, seed) -> gradient.

``python -m benchmarks.peers`` tests those installed by ``approxgan.testing.check``, and prints
what it finds: docs/peers.md.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from approxgan.testing import check

Loss = Callable[..., Tensor]


def torchzero_spsa(loss: Loss, theta: Tensor, eps: float, seed: int) -> Tensor:
    """The change that a step of learning rate 1 makes: torchzero returns no gradient."""
    import torchzero as tz  # pyright: ignore[reportMissingImports]

    point = theta.detach().clone().requires_grad_(True)
    made = tz.Optimizer([point], tz.m.SPSA(h=eps, seed=seed), tz.m.LR(1.0))
    made.step(lambda backward=True: loss(point))
    return theta.detach() - point.detach()


def torchopt(method: Any, loss: Loss, theta: Tensor, eps: float, seed: int) -> Tensor:
    from torchopt.diff.zero_order import zero_order  # pyright: ignore[reportMissingImports]

    draws = torch.Generator().manual_seed(seed)
    point = theta.detach().clone().requires_grad_(True)

    def draw(shape: Any = ()) -> Tensor:
        return torch.randn(shape, generator=draws)

    function = zero_order(draw, method, argnums=0, sigma=eps)(loss)
    (grad,) = torch.autograd.grad(function(point), point)
    return grad


def torchopt_forward(loss: Loss, theta: Tensor, eps: float, seed: int) -> Tensor:
    return torchopt("forward", loss, theta, eps, seed)


def torchopt_antithetic(loss: Loss, theta: Tensor, eps: float, seed: int) -> Tensor:
    return torchopt("antithetic", loss, theta, eps, seed)


PEERS: dict[str, tuple[str, Callable[..., Tensor], Callable[[int], float]]] = {
    "torchzero SPSA": ("torchzero", torchzero_spsa, lambda d: d - 1),
    "TorchOpt zero_order, forward": ("torchopt", torchopt_forward, lambda d: d + 1),
    "TorchOpt zero_order, antithetic": ("torchopt", torchopt_antithetic, lambda d: d + 1),
}
"""Name -> package, function, squared relative error that its distribution should have."""


def version(package: str) -> str | None:
    """Of an installed package; None without it."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return None


def main() -> None:
    for name, (package, function, law) in PEERS.items():
        found = version(package)
        print(f"{name} {found or 'is not installed'}")
        if found:
            print(check(function, squared_error=law, show=None))


if __name__ == "__main__":
    main()
