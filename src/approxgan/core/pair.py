"""The two players of a model: its generator, whichever way it is given, and its discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from approxgan.core.protocols import Generator, Law, Layers, Model

if TYPE_CHECKING:
    from torch import Tensor


def own(part: object, name: str) -> bool:
    """Whether a part's own class has a method: an inherited one may describe another network."""
    return name in vars(type(part))


def generator_of(model: Model) -> Generator:
    """One of the family ``generators`` where the model was given one, else its own network."""
    given: Any = getattr(model, "generator", None)
    return given if hasattr(given, "run") else Network(model)


def slopes(model: Model, player: str) -> tuple[float, float] | None:
    """What the slopes of all kinks between a player's parameters and its loss have in common;
    None where all is smooth."""
    maker: Any = generator_of(model)
    found = [model.slopes()]
    if player == "generator" and own(maker, "slopes"):
        found.append(maker.slopes())
    kinks = [pair for pair in found if pair is not None]
    return (max(low for low, _ in kinks), min(high for _, high in kinks)) if kinks else None


def outcomes(generator: Any, dim: int) -> Tensor | None:
    """[N, dim] float64: all that a generator can make, where it can be listed."""
    return generator.outcomes(dim) if hasattr(generator, "outcomes") else None


def law(generator: Any, dim: int, parameters: np.ndarray) -> Law:
    """What is known of a generator's samples at parameters [P]."""
    import torch

    listed = outcomes(generator, dim)
    known = None if getattr(generator, "ambiguous", False) else parameters
    if listed is None:
        return Law(known, None, None)
    with torch.no_grad():
        shares = generator.probabilities(dim, torch.from_numpy(parameters)[None])[0]
    return Law(known, listed.numpy(), shares.numpy())


def says_what_it_learns(generator: Any, dim: int) -> bool:
    """Whether metrics can look at parameters: they have a truth, or probabilities of outcomes."""
    return hasattr(generator, "truth") or outcomes(generator, dim) is not None


def offers(generator: Any, dim: int) -> frozenset[str]:
    """Which of ``OFFERS`` the objective of a generator has."""
    listed = outcomes(generator, dim) is not None
    found = ["relaxed"] if hasattr(generator, "relaxed") else []
    if hasattr(generator, "log_prob"):
        found += ["log_prob", "likelihood"]
    elif hasattr(generator, "log_inner"):
        found += ["log_prob"]
    return frozenset(["outcome", *found, *(["expected"] if listed else [])])


@dataclass(frozen=True)
class Network:
    """The generator of a model that is a pair of networks; its draws are standard normal."""

    model: Model
    differentiable = True
    """As far as it says; whether torch agrees is tried before anything starts."""

    @property
    def width(self) -> int:
        return self.model.latent

    def size(self, dim: int) -> int:
        return self.model.size("generator", dim)

    def layer_sizes(self, dim: int) -> list[int]:
        return self.model.layer_sizes("generator", dim)

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        return self.model.init("generator", dim, rng)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        return rng.standard_normal((*shape, self.width), dtype=dtype)

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        return self.model.apply("generator", dim, theta, draws, kink)

    def preactivations(self, dim: int, theta: Tensor, draws: Tensor) -> list[Tensor]:
        return self.model.preactivations("generator", dim, theta, draws)

    def layers(self, dim: int) -> Layers | None:
        return self.model.layers("generator", dim) if own(self.model, "layers") else None

    def slopes(self) -> tuple[float, float] | None:
        return self.model.slopes()
