"""The protocols between the parts.

Shapes: S seeds stacked on the leading axis, P parameters of one player, B samples of a batch,
K points. ε is an absolute step in parameter units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Annotated,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    Union,
    get_args,
)

from approxgan.core.settings import Checked, number, one_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor

Player = Literal["generator", "discriminator"]
PLAYERS: tuple[Player, Player] = ("discriminator", "generator")
FORWARDS_PER_BACKWARD = 2
"""A reverse pass costs about two evaluations (Griewank and Walther 2008, section 4.6)."""


class Sweep(NamedTuple):
    """The loss at every coordinate step, and the loss they are to be compared with.

    By one kernel: otherwise one rounding error would shift all differences.
    """

    losses: Tensor
    """[S, P]: the loss at θ + step·e_i for every i."""
    value: Tensor
    """[S]: the loss at θ."""


class Objective(Protocol):
    """The loss of one player as a function of its flat parameters, all else frozen.

    Called, θ [S, P] -> loss [S]. ``many``: θ [K, S, P] -> loss [K, S], by one arithmetic for all K.
    ``sweep``: the loss at θ + step·e_i for every coordinate i; step is a number or [S, P].
    ``with_subgradient``: the same loss, with slope alpha where an activation is exactly 0.
    """

    def __call__(self, theta: Tensor) -> Tensor: ...
    def many(self, thetas: Tensor) -> Tensor: ...
    def sweep(self, theta: Tensor, step: float | Tensor) -> Sweep: ...
    def with_subgradient(self, alpha: float) -> Objective: ...


class Lines(Objective, Protocol):
    """An objective that makes points along directions itself, so that nobody holds copies."""

    block: int
    """Directions that are held at once."""

    def along(
        self, theta: Tensor, directions: Tensor, step: StepSize, *, two_sided: bool
    ) -> tuple[Tensor, Tensor]:
        """The losses [K, S] at θ + step·u for K directions u [K, S, P], and those at θ - step·u,
        or [1, S] the loss at θ."""
        ...

    @property
    def origin(self) -> Tensor:
        """[1, P]: the only θ at which there is a ``slope``."""
        ...

    @property
    def slope(self) -> Callable[..., tuple[float, Tensor]] | None:
        """u [1, P], step, ``two_sided`` -> the slope along u, and the value [1] of an estimate
        from it alone.

        It is rounded as a tensor, but computed without: operations of torch on single numbers take
        as long as a small network. None where losses are not at hand as numbers.
        """
        ...


class Outcome(NamedTuple):
    """Samples of a generator, and what each contributes to the loss."""

    samples: Tensor
    """[S, B, dim]"""
    losses: Tensor
    """[S, B]: their mean over B is the loss, but for what the player cannot change."""
    behind: Tensor
    """What ``log_prob`` is of: the samples, or u [S, B, K] of a generator with ``log_inner``."""


class Outcomes(Objective, Protocol):
    """A generator's objective, which shows what is behind the loss, as far as the generator does.

    All at the frozen draws, or at new ones each time where noise is fresh. ``situation.offers``
    says which of these there are. What is said to be differentiable is so with respect to θ.
    """

    @property
    def rows(self) -> int:
        """B"""
        ...

    @property
    def listed(self) -> int:
        """All outcomes that there can be; 0 if they cannot be listed."""
        ...

    def outcome(self, theta: Tensor) -> Outcome:
        """The samples at θ [S, P]; every generator has them."""
        ...

    def each(self, thetas: Tensor) -> Tensor:
        """θ [S, B, P], one for every sample -> what each sample contributes to the loss, [S, B];
        every generator has it."""
        ...

    def log_prob(self, theta: Tensor, behind: Tensor) -> Tensor:
        """log p(x | θ) of what is ``behind`` an outcome -> [S, B]; differentiable."""
        ...

    def likelihood(self, theta: Tensor) -> Tensor:
        """[S]: the mean of log p(x | θ) over the batch of data; differentiable."""
        ...

    def relaxed(self, theta: Tensor, temperature: float, *, straight: bool = False) -> Tensor:
        """The loss [S] of relaxed samples; differentiable. ``straight``: of the true samples, with
        the relaxed ones' derivative (Bengio et al. 2013)."""
        ...

    def expected(self, theta: Tensor) -> Tensor:
        """The loss [S] in expectation over all outcomes, by enumeration; differentiable."""
        ...


class Streams(Protocol):
    """Independent random numbers for each stacked seed, [S, *shape].

    ``normal``: standard normal. ``signs``: -1 or 1 with equal probability.
    """

    def normal(self, *shape: int) -> Tensor: ...
    def signs(self, *shape: int) -> Tensor: ...


@dataclass(frozen=True)
class Estimate:
    """A gradient estimate and what it cost, per seed."""

    grad: Tensor
    """[S, P]"""
    value: Tensor
    """[S]: the loss at θ; the mean of all evaluations where θ is not among them."""
    forwards: int
    """Evaluations of the objective, all that are made; a Jacobian-vector product counts as two."""
    backwards: int
    """Reverse passes; one costs about two forwards."""
    runs: int | None = None
    """Evaluations in which a generator makes a batch of samples; None: all forwards."""

    @property
    def made(self) -> int:
        """``runs`` as a number."""
        return self.forwards if self.runs is None else self.runs


StepSize = Union[float, "Tensor"]
"""ε: a number, or one chosen by an ``EpsilonRule``: [S, P] by coordinate, else [S, 1]."""
Eps = StepSize | None
"""None for modes that take none."""


class GradientEstimator(Protocol):
    """A stateless rule that turns an objective into a gradient estimate.

    A variant is a frozen dataclass whose fields are its settings, apart from ε. It raises
    ``ValueError`` for settings that it cannot work with. Two methods are optional:
    ``refuses(situation)`` returns why it cannot work there, or None; ``start(theta, rng)`` moves a
    player's start [S, P]. A control that can be matched is a ``Control``.
    """

    takes_epsilon: bool
    sides: int
    """1 for one-sided differences with step ε, 2 for two-sided ones, 0 for no differences."""
    per_coordinate: bool
    """Whether ε may differ between coordinates."""
    order: int | None
    """Order in ε of the truncation error on smooth losses; None if there is none."""
    random: bool
    differentiates: bool
    """Whether the objective must be differentiable by torch."""

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate: ...

    def squared_error(self, dimension: int) -> float | None:
        """Expected squared relative error in the smooth limit ε → 0, where theory gives it."""
        ...


class Control(GradientEstimator, Protocol):
    """An estimator made from the exact gradient that can be as wrong as another estimate."""

    matches: tuple[str, ...]
    """Settings that the other estimate decides."""

    def estimate_like(
        self, like: Estimate, f: Objective, theta: Tensor, *, rng: Streams
    ) -> Estimate:
        """At θ [S, P], as wrong as ``like`` is there, seed by seed; its cost is its own alone."""
        ...


class Refreshing(GradientEstimator, Protocol):
    """An estimator that goes on from its estimate before: ``estimate`` makes the first one."""

    def refresh(
        self, before: Tensor, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams
    ) -> Estimate:
        """At θ [S, P], where ``before`` [S, P] is the gradient of the last estimate."""
        ...


@dataclass(frozen=True)
class Situation:
    """What a mode would work on, and can refuse before any job starts."""

    dimension: int
    """P of the smaller of the players that use it."""
    slopes: tuple[float, float] | None
    """One-sided slopes of the activation at its kink; None for a smooth one."""
    penalised: bool
    """Whether the loss holds a gradient penalty, which is itself a derivative."""
    rule: str | None
    """The step rule that chooses ε, if any."""
    differentiable: bool = True
    """Whether torch can differentiate the networks between the parameters and the logit."""
    vectorises: bool = True
    """Whether ``torch.func.vmap`` takes them, or the objective stacks points by itself."""
    offers: frozenset[str] = frozenset()
    """What the player's objective has beyond ``Objective``: names of ``OFFERS``. A discriminator's
    has nothing."""
    reason: str = ""
    """Why torch cannot differentiate the generator, where it says so."""
    batch: int | None = None
    """Samples of a step: the smallest number of all steps. None where there are none."""


@dataclass(frozen=True)
class Chosen:
    """An ε chosen by a step rule, and the cost of the choice."""

    eps: Tensor
    """[S, P] where the mode steps coordinate by coordinate, otherwise [S, 1]; all > 0."""
    forwards: int
    """Evaluations of the objective."""


class EpsilonRule(Protocol):
    """A way to choose ε from the objective itself; a frozen dataclass like a mode."""

    every: int
    """Training steps between two choices."""

    def choose(
        self, f: Objective, theta: Tensor, *, sides: int, per_coordinate: bool, rng: Streams
    ) -> Chosen: ...


Half = Literal["real", "fake"]
Function = Literal["identity", "softplus", "sigmoid", "square", "square_to_one", "hinge"]
FACTOR = number(lambda value: True, "a finite number")


@dataclass(frozen=True)
class Term(Checked):
    """weight · mean(function(sign · logit)) over the real or the fake half of a batch."""

    on: Annotated[Half, one_of(*get_args(Half))]
    function: Annotated[Function, one_of(*get_args(Function))]
    sign: Annotated[float, FACTOR]
    weight: Annotated[float, FACTOR]


class Loss(Protocol):
    """Both players minimise their own sum of terms of the discriminator's logits.

    With an attribute ``clip``, the discriminator's parameters are clipped to ±clip after updates.
    """

    generator: tuple[Term, ...]
    discriminator: tuple[Term, ...]


OFFERS = ("outcome", "log_prob", "likelihood", "relaxed", "expected")
"""What a generator's objective may have: see ``Outcomes``. ``outcome`` stands for ``each`` too."""


class Generator(Protocol):
    """Samples from parameters and random draws; a frozen dataclass whose fields are its settings.

    M: stacked parameter vectors, of seeds, points or both. B: samples of each. ``dim``: columns of
    the data. The draws are given, so that a difference can hold them fixed. Two samples with the
    same parameters and the same draws are the same.

    Optional:
    ``refuses(dim)``: why it cannot make data of so many columns, or None.
    ``why_not_differentiable``: a text such as 'the generator rounds: its gradient is zero almost
    everywhere'; wanted where ``differentiable`` is False.
    ``truth(dim)``: [P] float64, the parameters behind simulated data, or None if they are not set.
    ``ambiguous``: whether other parameters mean the same, so that none are compared.
    ``log_prob(dim, theta, x)``: θ [M, P] and x [M, B, dim] -> [M, B], differentiable in θ.
    ``outcomes(dim)``: a tensor [N, dim], all samples that there can be, float64, or None if they
    are too many to be listed; with ``probabilities(dim, theta)``: [M, N], differentiable in θ.
    ``relaxed(dim, theta, draws, temperature)``: [M, B, dim], differentiable in θ; goes to ``run``
    of the same draws as the temperature goes to 0.
    ``inner(dim, theta, draws)``: u [M, B, K], differentiable in θ, and ``box(dim, u, draws)``:
    [M, B, dim], the rest of ``run``, which is the black box. Without them u is θ for every sample.
    ``log_inner(dim, theta, u)``: [M, B], where u is random: its log-density, differentiable in θ.

    Only a chain of dense layers has these, in its own class, as an inherited one may describe
    another network: ``layers(dim)`` as in ``DenseProblem``;
    ``preactivations(dim, theta, draws)``: [M, B, width] of every hidden layer;
    ``slopes()``: one-sided slopes of the activation at its kink, None for a smooth one.
    """

    @property
    def differentiable(self) -> bool:
        """Whether torch can differentiate ``run`` with respect to θ."""
        ...

    @property
    def width(self) -> int:
        """Random numbers that a sample is made of."""
        ...

    def size(self, dim: int) -> int:
        """P"""
        ...

    def layer_sizes(self, dim: int) -> list[int]:
        """Numbers of parameters of the parts that probes look at, in their order; adds up to P."""
        ...

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        """[P] float64: one seed's start."""
        ...

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = ...
    ) -> np.ndarray:
        """[*shape, width] of ``dtype``, np.float32 unless told otherwise.

        Sample by sample from the stream, so that the number drawn at once changes nothing.
        """
        ...

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        """θ [M, P] and draws [M, B, width] -> [M, B, dim], in θ's dtype.

        Never called through ``torch.func.vmap`` unless ``layers`` is there. ``kink``: the slope
        taken where an activation is exactly 0, for a generator that has kinks.
        """
        ...


Layers = tuple[tuple[int, ...], tuple["float | str", ...]]
"""Sizes and activations of a chain of dense layers: see ``DenseProblem``."""


class Model(Protocol):
    """A pair of networks as functions of stacked flat parameters, for data of ``dim`` columns.

    ``size``: P. ``layer_sizes``: that of every layer, in the order of the flat parameters.
    ``init``: [P] float64, one seed's start. ``apply``: θ [S, P], x [S, B, in] -> [S, B, out].
    ``preactivations``: [S, B, width] of every hidden layer, what goes into the activation.
    ``slopes``: one-sided slopes of the activation at its kink; None for a smooth one.
    ``layers``: sizes and activations as in ``DenseProblem``, or None if it is not of that form;
    only a class's own counts, as an inherited one may describe another network.
    """

    @property
    def latent(self) -> int:
        """Width of the generator's input."""
        ...

    def size(self, player: Player, dim: int) -> int: ...
    def layer_sizes(self, player: Player, dim: int) -> list[int]: ...
    def init(self, player: Player, dim: int, rng: np.random.Generator) -> np.ndarray: ...
    def apply(
        self, player: Player, dim: int, theta: Tensor, x: Tensor, kink: float | None = None
    ) -> Tensor: ...
    def preactivations(
        self, player: Player, dim: int, theta: Tensor, x: Tensor
    ) -> list[Tensor]: ...
    def layers(self, player: Player, dim: int) -> Layers | None: ...
    def slopes(self) -> tuple[float, float] | None: ...


class Dataset(Protocol):
    """A distribution to learn; a frozen dataclass whose fields are its settings.

    ``sample``: [n, dim] float64, fresh draws of the true density. ``training``: [n, dim] float64,
    the points that training sees. ``modes``: where the density is a mixture of them.

    Optional: ``image``, (rows, columns) of pictures; ``views()``, named maps to other coordinates
    that are scored too, equal rows to equal rows; ``reads``, names of settings that are paths;
    ``support``, the number of different points of a finite density; ``refuses(points)``, why
    there are not so many training points, or None; ``law``, a ``Law`` of data that a generator
    made.
    """

    dim: int

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray: ...
    def training(self, n: int, rng: np.random.Generator) -> np.ndarray: ...
    def modes(self) -> Modes | None: ...


class Law(NamedTuple):
    """What is known of the density of a generator's samples."""

    parameters: np.ndarray | None
    """[P] float64: the generator's."""
    outcomes: np.ndarray | None
    """[N, dim] float64: all different points that there can be, where they can be listed."""
    probabilities: np.ndarray | None
    """[N] float64: of the outcomes."""


@dataclass(frozen=True)
class Modes:
    """Equally likely isotropic Gaussian modes."""

    centres: np.ndarray
    """[M, dim]"""
    sigma: float
    """Standard deviation of each mode along each axis, in data units."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What samples are compared with."""

    reference: np.ndarray
    """[m, dim] float64: fresh draws of the true density."""
    training: np.ndarray
    """[k, dim] float64: the points that training saw."""
    modes: Modes | None
    """In these coordinates, where the density is a mixture of them."""
    parameters: np.ndarray | None = None
    outcomes: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    """These three as in the ``law`` of the data set, where it has one."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained generator as a metric with ``of_parameters`` sees it."""

    samples: np.ndarray
    """[n, dim] float64 and finite."""
    parameters: np.ndarray | None
    """[P] float64: None if the generator does not say what they mean."""
    outcomes: np.ndarray | None
    """[N, dim] and"""
    probabilities: np.ndarray | None
    """[N] float64, at these parameters; None if they cannot be listed."""


Score = Callable[["np.ndarray"], dict[str, float]]
"""Samples [n, dim], float64 and finite -> numbers by name; ``ValueError`` for what they lack."""


class Metric(Protocol):
    """Numbers that compare samples with the truth; a frozen dataclass, deterministic.

    It may have ``refuses(samples, dataset)``: why it cannot compare so many samples, or None.
    With a class attribute ``of_parameters = True`` its score is a function of ``Fitted`` instead
    of samples; what the truth has no counterpart of, it gives no number for.
    """

    directions: ClassVar[Mapping[str, Literal["lower", "higher", "neither"]]]
    """The names of its numbers, and which way is better."""

    def against(self, truth: Truth) -> Score:
        """The metric as a function of samples; work on the truth is done once, here.

        Without modes it may give fewer numbers than ``directions`` states, but always the same
        for one truth. Raises ``ValueError`` for a truth that it cannot compare with.
        """
        ...


class FigureVariant(Protocol):
    """A picture drawn from tables alone."""

    needs: tuple[str, ...]
    """Names of tables."""
    title: str
    caption: str
    """What is drawn and what to see in it."""
    claims: tuple[str, ...] = ()
    """Claims that the page refers to this figure: ``("C1",)``. May be left out."""

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure: ...
