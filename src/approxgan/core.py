"""The nouns of the experiment and the protocols its parts meet by.

Shapes: S seeds stacked on the leading axis, P parameters of one player, B samples of a batch,
K points. ε is an absolute step in parameter units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor

Player = Literal["generator", "discriminator"]
PLAYERS: tuple[Player, Player] = ("discriminator", "generator")


class InputError(ValueError):
    """Something the user wrote is not accepted: names the value, the rule and what is accepted."""


class Sweep(NamedTuple):
    """The loss at every coordinate step, and the loss they are to be compared with.

    Both come from the same arithmetic: a base value rounded by another kernel would shift every
    coordinate's difference by the same rounding error.
    """

    losses: Tensor
    """[S, P]: the loss at θ + step·e_i for every i."""
    value: Tensor
    """[S]: the loss at θ."""


class Objective(Protocol):
    """The loss of one player as a function of its flat parameters, all else frozen."""

    def __call__(self, theta: Tensor) -> Tensor:
        """θ [S, P] -> loss [S]."""
        ...

    def many(self, thetas: Tensor) -> Tensor:
        """θ [K, S, P] -> loss [K, S], evaluated by one arithmetic for all K."""
        ...

    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep:
        """The loss at θ + step·e_i for every coordinate i; step is a number or [S, P]."""
        ...

    def with_kink(self, alpha: float) -> Objective:
        """The same loss, differentiated with slope alpha where an activation is exactly 0."""
        ...


class Streams(Protocol):
    """Independent random numbers for each stacked seed."""

    def normal(self, *shape: int) -> Tensor:
        """[S, *shape] standard normal."""
        ...

    def signs(self, *shape: int) -> Tensor:
        """[S, *shape] Rademacher: -1 or 1 with equal probability."""
        ...


@dataclass(frozen=True)
class Estimate:
    """A gradient estimate and what it cost, per seed."""

    grad: Tensor
    """[S, P]"""
    value: Tensor
    """[S]: the loss at θ (for two-sided modes the mean of the evaluations)."""
    forwards: int
    """Evaluations of the objective; a Jacobian-vector product counts as two."""
    backwards: int
    """Reverse passes; one costs about two forwards."""


class GradientMode(Protocol):
    """A stateless rule that turns an objective into a gradient estimate.

    A variant is a frozen dataclass: its fields are its settings (apart from ε), its class
    attributes state what it is. It raises ``ValueError`` for settings it cannot work with.
    """

    takes_epsilon: bool
    order: int | None
    """Order in ε of the truncation error on smooth losses; None where ε plays no part."""
    random: bool
    differentiates: bool
    """Whether the objective must be differentiable by torch."""

    def estimate(
        self, f: Objective, theta: Tensor, *, eps: float | None, rng: Streams
    ) -> Estimate: ...

    def squared_error(self, dimension: int) -> float | None:
        """Expected squared relative error in the smooth limit ε → 0, where theory gives it."""
        ...


@dataclass(frozen=True)
class Term:
    """weight · mean(function(sign · logit)) over the real or the fake half of a batch."""

    on: Literal["real", "fake"]
    function: str
    """A name in ``approxgan.terms.FUNCTIONS``."""
    sign: float
    weight: float


class Loss(Protocol):
    """Both players minimise their own sum of terms of the discriminator's logits."""

    generator: tuple[Term, ...]
    discriminator: tuple[Term, ...]


@dataclass(frozen=True)
class SampleTerm:
    """The same term for a stretch of samples of a ``DenseProblem``: rows start to stop."""

    start: int
    stop: int
    function: str
    sign: float
    weight: float
    """Already divided by the number of samples: the loss is Σ weight · function(sign · logit)."""


@dataclass(frozen=True)
class DenseProblem:
    """A player's loss written as one chain of dense piecewise-linear layers, for compiled sweeps.

    Layer l maps ``sizes[l]`` to ``sizes[l + 1]``: a = W h + b, then h = a where a > 0 and
    ``slopes[l]``·a elsewhere (slope 1: a linear layer). The last layer gives the logit. The
    swept player owns the first ``owned`` layers; its flat parameters are W [out, in] row by
    row, then b, layer by layer. The rest of the chain is frozen.
    """

    sizes: tuple[int, ...]
    slopes: tuple[float, ...]
    owned: int
    inputs: Tensor
    """[S, N, sizes[0]]"""
    frozen: Tensor
    """[S, Q]: flat parameters of the layers behind the owned ones, in the same order."""
    terms: tuple[SampleTerm, ...]
    constant: Tensor
    """[S]: what the terms that do not depend on the swept player add."""


class Model(Protocol):
    """A pair of networks as functions of stacked flat parameters."""

    @property
    def latent(self) -> int:
        """Width of the generator's input."""
        ...

    def size(self, player: Player, dim: int) -> int:
        """P, for data of ``dim`` columns."""
        ...

    def init(self, player: Player, dim: int, rng: np.random.Generator) -> np.ndarray:
        """[P] float64: one seed's start."""
        ...

    def apply(
        self, player: Player, dim: int, theta: Tensor, x: Tensor, kink: float | None = None
    ) -> Tensor:
        """θ [S, P], x [S, B, in] -> [S, B, out]."""
        ...

    def layers(self, player: Player, dim: int) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
        """Sizes and slopes as in ``DenseProblem``, or None if it is not of that form."""
        ...


class Dataset(Protocol):
    """A distribution to learn; a frozen dataclass whose fields are its settings."""

    dim: int

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: fresh draws of the true density."""
        ...

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: the points that training sees."""
        ...

    def modes(self) -> Modes | None:
        """The true modes where the density is a mixture of them."""
        ...


@dataclass(frozen=True)
class Modes:
    """Equally likely isotropic Gaussian modes."""

    centres: np.ndarray
    """[M, dim]"""
    sigma: float
    """Standard deviation of each mode along each axis, in data units."""


class Metric(Protocol):
    """A family of numbers that compare samples with the truth."""

    directions: Mapping[str, Literal["lower", "higher", "neither"]]
    """The names it returns, and which way is better."""

    def __call__(
        self,
        samples: np.ndarray,
        reference: np.ndarray,
        dataset: Dataset,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """samples [n, dim], reference [m, dim], both float64 and finite."""
        ...


class FigureVariant(Protocol):
    """A picture drawn from tables alone."""

    needs: tuple[str, ...]
    """Names of tables."""
    title: str
    caption: str
    """What is drawn and what to see in it."""

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure: ...


@dataclass(frozen=True)
class Cell:
    """One training job: everything but the seeds is one point of the grid."""

    study: str
    dataset: str
    model: str
    loss: str
    mode: str
    epsilon: float | None
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    training: Mapping[str, Any] = field(repr=False)


Function = Callable[["Tensor"], "Tensor"]
